/**
 * Trees whose keys are serial numbers, given in order and never twice.
 *
 * Key: the number as u64, big-endian. The entry with key 2^64 - 1, written when the entry with the
 * highest number may be removed, says in the same form that all lower numbers have been given.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import { codec } from "../base/codec.ts";
import type { Change, ChangeFeed, ChangeOf } from "../kernel/watch/change.ts";
import type { TreeReader, TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree/tree_cursor.ts";

const keyBytes = new ByteWriter(16);

/** The key of that entry; above all others. */
export const HEAD_KEY: Uint8Array = new Uint8Array(8).fill(0xff);

const headKey = new ByteWriter(8);
headKey.raw(HEAD_KEY);

/**
 * The key of a number, in `out` or in a buffer that the next call overwrites.
 * @throws {RangeError} unless it is a whole number from 0 to 2^53 - 1
 */
export function serialKey(serial: number, out: ByteWriter = keyBytes): ByteWriter {
  if (!Number.isSafeInteger(serial) || serial < 0) {
    throw new RangeError("The number of a record is a whole number from 0 on");
  }
  const high = Math.floor(serial / 0x1_0000_0000);
  const { bytes } = out;
  for (let i = 0; i < 4; i++) {
    bytes[i] = high >>> (24 - 8 * i);
    bytes[4 + i] = serial >>> (24 - 8 * i);
  }
  out.length = 8;
  return out;
}

/** The number of the key at `begin`. */
export function serialAt(bytes: Uint8Array, begin: number): number {
  let serial = 0;
  for (let i = 0; i < 8; i++) serial = serial * 256 + bytes[begin + i]!;
  return serial;
}

/**
 * How a structure tells changes of its numbered entries; the other one is left out.
 * @param naming makes of a number what the structure calls the entry
 */
export function serialFeed<K, A extends { readonly change: Change<K> }>(
  naming: (serial: number, tree: number) => K,
): ChangeFeed<A> {
  return {
    bounds: (range): KeyBounds => {
      const [unknown] = Object.keys(range as object);
      if (unknown !== undefined) throw new TypeError(`Unknown option "${unknown}" of a watch`);
      return { upper: HEAD_KEY, upperOpen: true };
    },
    decode: (change, tree): ChangeOf<A> =>
      ({ ...change, key: naming(serialAt(change.key, 0), tree) }) as ChangeOf<A>,
  };
}

/** The number after the highest that was ever given, as far as the tree knows. */
export function headOf(tree: TreeReader): number {
  if (!tree.lastKey(keyBytes)) return 0;
  if (keyBytes.bytes[0] !== 0xff) return serialAt(keyBytes.bytes, 0) + 1;
  const cursor = tree.cursor({ upper: HEAD_KEY, upperOpen: true, reverse: true });
  const head = cursor.next() ? serialAt(cursor.keyBytes, cursor.keyBegin) + 1 : 0;
  cursor.close();
  return Math.max(keptHead(tree), head);
}

/** The number below which all have been given, as it was written down last; 0 if it never was. */
export function keptHead(tree: TreeReader): number {
  const value = tree.get(headKey, codec.bytes);
  return value === undefined ? 0 : serialAt(value, 0);
}

/**
 * Writes down that all numbers below `head` have been given. At any isolation nobody else may: a
 * lower head would give numbers again.
 */
export function keepHead(tree: TreeWriter, head: number): void {
  const value = serialKey(head).toBytes();
  tree.put(headKey, value, value.length, "unchanged");
}

/** Number of entries that have a number. */
export function countSerials(tree: TreeReader): number {
  return tree.count() - (tree.has(headKey) ? 1 : 0);
}
