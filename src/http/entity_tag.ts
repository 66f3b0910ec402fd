/**
 * Entity tags of catch-up answers, and the condition that compares them (RFC 9110, 8.8.3 and
 * 13.1.2).
 *
 * @module
 */

/** What one answer shows of a stream. */
export interface TaggedRange {
  /** Differs for every stream that ever had the name, so that no tag outlives a stream. */
  readonly incarnation: string;
  /** Offset of the first byte shown. */
  readonly start: string;
  /** Offset behind the last byte shown. */
  readonly end: string;
  /** The answer ends at the tail. */
  readonly upToDate: boolean;
  /** The answer says that the stream is closed. */
  readonly closed: boolean;
}

/**
 * The tag of a range: everything that changes the body or the headers that clients act upon is in
 * it, so closing a stream changes the tag of its last page.
 */
export function entityTag(range: TaggedRange): string {
  const state = range.closed ? ":c" : range.upToDate ? "" : ":p";
  return `"${range.incarnation}:${range.start}:${range.end}${state}"`;
}

/** Whether an `If-None-Match` header names `tag`: a list, weak or strong, or `*`. */
export function noneMatchHits(header: string, tag: string): boolean {
  if (header.trim() === "*") return true;
  for (const match of header.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)) {
    if (match[1] === tag) return true;
  }
  return false;
}
