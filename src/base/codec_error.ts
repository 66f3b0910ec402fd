/**
 * The three ways a codec refuses.
 *
 * @module
 */

import { CorruptionError } from "../errors.ts";

/** The argument is not of the kind that the codec takes. */
export function wrongKind(codec: string, wanted: string, value: unknown): TypeError {
  const kind = value === null ? "null" : typeof value;
  return new TypeError(`codec ${codec} takes ${wanted}, not this ${kind}`);
}

/** The argument is of the right kind and beyond what the codec can hold. */
export function outOfRange(codec: string, value: number | bigint): RangeError {
  return new RangeError(`codec ${codec} cannot hold ${value}`);
}

/** The bytes are none that the codec writes. */
export function malformed(codec: string, why: string, cause?: unknown): CorruptionError {
  return new CorruptionError("CORRUPT_VALUE", `codec ${codec}: ${why}`, { cause });
}

/** Checks the length of a value that has one fixed width in bytes. */
export function checkWidth(codec: string, width: number, found: number): void {
  if (found !== width) throw malformed(codec, `${found} bytes instead of ${width}`);
}
