/**
 * Names of any length up to `NAME_BYTES_MAX` as keys of one tree, in the order of their UTF-8.
 *
 *     name                        key                          value
 *     up to 900 bytes             the name                     the record
 *     longer: first 900 bytes     those bytes, 0xFF            varint number, varint count of names
 *     longer: the rest            0xFF, that number, the rest  the record
 *
 * 0xFF is no byte of UTF-8: the keys of the second kind lie right where the names they stand for
 * belong, those of the third behind all others.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { compareBytes } from "../base/compare.ts";
import { DIRECT_NAME_BYTES_MAX } from "./limits.ts";
import { suffixedKey } from "./table_keys.ts";
import { type TableReader, type Tables, type TableWriter, takeNumber } from "./tables.ts";
import { checkFormat } from "./text.ts";

const MARK = 0xff;

/** The first part of long names. */
interface LongPart {
  readonly key: Uint8Array;
  readonly number: number;
  readonly count: number;
}

/** The record of a name. */
export function findName(names: TableReader, name: Uint8Array): Uint8Array | undefined {
  if (name.length <= DIRECT_NAME_BYTES_MAX) return names.get(name);
  const part = findPart(names, name);
  return part === undefined ? undefined : names.get(restKey(part, name));
}

/** Sets the record of a name, new or not. */
export function bindName(tables: Tables<TableWriter>, name: Uint8Array, record: Uint8Array): void {
  const { names } = tables;
  if (name.length <= DIRECT_NAME_BYTES_MAX) return names.put(name, record);
  const part = findPart(names, name) ??
    { key: partKey(name), number: takeNumber(tables), count: 0 };
  const key = restKey(part, name);
  if (names.get(key) === undefined) putPart(names, { ...part, count: part.count + 1 });
  names.put(key, record);
}

/** Frees a name that has a record. */
export function unbindName(names: TableWriter, name: Uint8Array): void {
  if (name.length <= DIRECT_NAME_BYTES_MAX) return names.remove(name);
  const part = findPart(names, name);
  if (part === undefined) return;
  names.remove(restKey(part, name));
  if (part.count === 1) names.remove(part.key);
  else putPart(names, { ...part, count: part.count - 1 });
}

/** The names after `after` (`undefined`: all) that begin with `prefix`, in order, with records. */
export function* listNames(
  names: TableReader,
  prefix: Uint8Array,
  after: Uint8Array | undefined,
): Generator<readonly [name: Uint8Array, record: Uint8Array]> {
  const begin = after !== undefined && order(after, prefix) > 0 ? after : prefix;
  const head = begin.length <= DIRECT_NAME_BYTES_MAX ? begin : partKey(begin);
  for (const [key, value] of names.range({ gte: head, lt: Uint8Array.of(MARK) })) {
    for (const entry of expand(names, key, value, begin)) {
      if (!startsWith(entry[0], prefix)) return;
      if (after === undefined || order(entry[0], after) > 0) yield entry;
    }
  }
}

/** A direct name as it is, or the long names that begin as `key` does, from `begin` on. */
function* expand(
  names: TableReader,
  key: Uint8Array,
  value: Uint8Array,
  begin: Uint8Array,
): Generator<readonly [Uint8Array, Uint8Array]> {
  if (key[key.length - 1] !== MARK) {
    yield [key, value];
    return;
  }
  const part = readPart(key, value);
  const skip = begin.length > DIRECT_NAME_BYTES_MAX && startsWith(begin, key.subarray(0, -1))
    ? begin.subarray(DIRECT_NAME_BYTES_MAX)
    : new Uint8Array(0);
  const range = { gte: markedKey(part.number, skip), lt: markedKey(part.number + 1) };
  for (const [rest, record] of names.range(range)) {
    const name = new Uint8Array(DIRECT_NAME_BYTES_MAX + rest.length - 9);
    name.set(key.subarray(0, DIRECT_NAME_BYTES_MAX));
    name.set(rest.subarray(9), DIRECT_NAME_BYTES_MAX);
    yield [name, record];
  }
}

function findPart(names: TableReader, name: Uint8Array): LongPart | undefined {
  const key = partKey(name);
  const value = names.get(key);
  return value === undefined ? undefined : readPart(key, value);
}

function readPart(key: Uint8Array, value: Uint8Array): LongPart {
  const reader = new ByteReader(value);
  const part = { key, number: reader.varint(), count: reader.varint() };
  checkFormat(reader.remaining === 0 && part.count > 0, "long name");
  return part;
}

function putPart(names: TableWriter, part: LongPart): void {
  const writer = new ByteWriter(16);
  writer.varint(part.number);
  writer.varint(part.count);
  names.put(part.key, writer.toBytes());
}

function partKey(name: Uint8Array): Uint8Array {
  const key = name.slice(0, DIRECT_NAME_BYTES_MAX + 1);
  key[DIRECT_NAME_BYTES_MAX] = MARK;
  return key;
}

function restKey(part: LongPart, name: Uint8Array): Uint8Array {
  return markedKey(part.number, name.subarray(DIRECT_NAME_BYTES_MAX));
}

function markedKey(number: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  const pair = suffixedKey(number, rest);
  const key = new Uint8Array(1 + pair.length);
  key[0] = MARK;
  key.set(pair, 1);
  return key;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length &&
    compareBytes(bytes, 0, prefix.length, prefix, 0, prefix.length) === 0;
}

function order(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
