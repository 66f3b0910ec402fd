/**
 * What the store needs to know of content types.
 *
 * @module
 */

/** The content type of a stream created without one. */
export const DEFAULT_CONTENT_TYPE = "application/octet-stream";

/** `type/subtype` in lower case, without parameters: what content types are compared by. */
export function essence(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** Whether two content types are the same for a stream: parameters do not count. */
export function sameContentType(a: string, b: string): boolean {
  return a === b || essence(a) === essence(b);
}

/** Whether each message is a JSON value. */
export function isJson(contentType: string): boolean {
  return essence(contentType) === "application/json";
}
