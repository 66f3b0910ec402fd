/**
 * Reads a file in which records of one length follow one another, without anything between them.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { SeeRecord } from "./contestant.ts";

const READ_BYTES = 1024 * 1024;

/** Sees copies of the records from number `from` up to byte `end`, or the end of the file. */
export function readFlat(
  path: string,
  recordBytes: number,
  from: number,
  see: SeeRecord,
  end?: number,
): void {
  const file = openSync(path, "r");
  try {
    const last = end ?? fstatSync(file).size;
    const window = new Uint8Array(Math.ceil(READ_BYTES / recordBytes) * recordBytes);
    for (let at = from * recordBytes; at < last; at += window.length) {
      const length = readSync(file, window, 0, Math.min(window.length, last - at), at);
      for (let i = 0; i < length; i += recordBytes) see(window.slice(i, i + recordBytes));
    }
  } finally {
    closeSync(file);
  }
}
