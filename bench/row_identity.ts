/**
 * Which rows of several runs are the same. A row may end with the name of the one among ours that
 * stands in it, because it was the fastest: on another runtime that may be another one.
 *
 * @module
 */

import type { Report, ReportRow } from "./report.ts";

/** A row's name in two parts. */
export interface RowIdentity {
  /** Equal for equal rows. */
  readonly name: string;
  /** Which of ours stands in it, as in ` (record-log)`; often empty. */
  readonly mark: string;
}

/** Takes the mark off a row's name. */
export function rowIdentity({ contestants }: Report, { name }: ReportRow): RowIdentity {
  const marked = contestants.map((contestant) => ` (${contestant})`)
    .find((mark) => name.endsWith(mark)) ?? "";
  return { name: name.slice(0, name.length - marked.length), mark: marked };
}
