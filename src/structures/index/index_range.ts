/**
 * Ranges of an index as bounds of tree keys.
 *
 * Every bound is a position between tree keys, written as the first byte string behind it. Before
 * and behind a key lie, where the tree key is the key alone, its bytes and its bytes with a zero
 * added; where more follows the key (mode "cluster"), its self-delimiting form and the successor of
 * that, the first byte string behind all that begin with it.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { compareBytes } from "../../base/compare.ts";
import type { KeyCodec } from "../../base/key_codec.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { CursorWindow } from "../cursor_iterator.ts";
import type { RangeOptions } from "./index_types.ts";

/** Behind every key. */
type Position = Uint8Array | "end";

const BEGIN: Uint8Array = new Uint8Array(0);

/** Bounds between which no key lies: none is below the empty one. */
const NOTHING: KeyBounds = { lower: BEGIN, upper: BEGIN, upperOpen: true };

/**
 * The tree keys between which a range lies. `follows` tells whether more follows the key there.
 * @throws {TypeError} when both forms of a bound are given, or a prefix that the codec has not
 */
export function rangeBounds<K>(
  options: RangeOptions<K>,
  codec: KeyCodec<K>,
  follows: boolean,
): KeyBounds {
  const { gt, gte, lt, lte, prefix } = options;
  if (gt !== undefined && gte !== undefined) throw new TypeError("Give gt or gte, not both");
  if (lt !== undefined && lte !== undefined) throw new TypeError("Give lt or lte, not both");
  let lower: Position = BEGIN;
  let upper: Position = "end";
  if (gt !== undefined) lower = behind(gt, codec, follows);
  else if (gte !== undefined) lower = encoded(gte, codec, follows);
  if (lt !== undefined) upper = encoded(lt, codec, follows);
  else if (lte !== undefined) upper = behind(lte, codec, follows);
  if (prefix !== undefined) {
    const from = encodedPrefix(prefix, codec, follows);
    const to = successor(from);
    if (isBefore(lower, from)) lower = from;
    if (isBefore(to, upper)) upper = to;
  }
  if (lower === "end") return NOTHING;
  const reverse = options.reverse === true;
  return upper === "end" ? { lower, reverse } : { lower, upper, upperOpen: true, reverse };
}

/** Which entries between the bounds a range has. @throws {RangeError} unless numbers from 0 on */
export function rangeWindow<K>({ offset, limit }: RangeOptions<K>): CursorWindow {
  return { offset: wholeNumber("offset", offset) ?? 0, limit: rangeLimit(limit) };
}

/** The limit of a range. @throws {RangeError} unless it is a whole number from 0 on */
export function rangeLimit(limit: number | undefined): number {
  return wholeNumber("limit", limit) ?? Infinity;
}

function wholeNumber(what: string, value: number | undefined): number | undefined {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
    throw new RangeError(`The ${what} of a range is a whole number from 0 on`);
  }
  return value;
}

function encoded<K>(key: K, codec: KeyCodec<K>, follows: boolean): Uint8Array {
  const out = new ByteWriter(64);
  if (follows) codec.encodeElement(key, out);
  else codec.encode(key, out);
  return out.toBytes();
}

function behind<K>(key: K, codec: KeyCodec<K>, follows: boolean): Position {
  const bytes = encoded(key, codec, follows);
  if (follows) return successor(bytes);
  const next = new Uint8Array(bytes.length + 1);
  next.set(bytes);
  return next;
}

function encodedPrefix<K>(prefix: unknown, codec: KeyCodec<K>, follows: boolean): Uint8Array {
  if (codec.encodePrefix === undefined) {
    throw new TypeError(`Keys of codec ${codec.name} have no prefixes`);
  }
  const out = new ByteWriter(64);
  codec.encodePrefix(prefix, out, follows);
  return out.toBytes();
}

/** The first byte string behind all that begin with `bytes`. */
function successor(bytes: Uint8Array): Position {
  let last = bytes.length - 1;
  while (last >= 0 && bytes[last] === 0xff) last--;
  if (last < 0) return "end";
  const next = bytes.slice(0, last + 1);
  next[last] = next[last]! + 1;
  return next;
}

function isBefore(a: Position, b: Position): boolean {
  if (a === "end") return false;
  return b === "end" || compareBytes(a, 0, a.length, b, 0, b.length) < 0;
}
