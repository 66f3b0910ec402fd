/**
 * The changes of one transaction, in order, already in the form in which the log stores them.
 *
 * | type   | field                                                                      |
 * | ------ | -------------------------------------------------------------------------- |
 * | u8     | operation: 1 put, 2 remove, 3 put by reference                             |
 * | varint | tree id                                                                    |
 * | varint | key length, then the key                                                   |
 * | varint | put: value length, then the value                                          |
 * | 16 B   | put by reference: an overflow reference (see `overflow.ts`)                |
 *
 * Operations are absolute (no increments), so a record replayed is the record applied.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import { ByteWriter } from "../../base/byte_writer.ts";
import { CorruptionError, StateError } from "../../errors.ts";
import { TRANSACTION_BYTES_MAX } from "../limits.ts";
import { OVERFLOW_REF_BYTES } from "../page/page.ts";
import { WriteOrder } from "./write_order.ts";

/** Operation: insert or replace by a value. */
export const PUT = 1;
/** Operation: remove a key. */
export const REMOVE = 2;
/** Operation: insert or replace by a reference to pages already written. */
export const PUT_REFERENCE = 3;

/** Fields of an operation in the index. */
const STRIDE = 6;
const KIND = 0;
const TREE = 1;
const KEY_AT = 2;
const KEY_LENGTH = 3;
const VALUE_AT = 4;
const VALUE_LENGTH = 5;

/** Up to this many operations a look-up compares them all; more get a hash table. */
const LINEAR_MAX = 8;

/** Most bytes of an operation beside its key and value: its kind and three numbers. */
const OPERATION_BYTES = 1 + 3 * 8;

/** A record in the log. */
interface Encoded {
  readonly bytes: Uint8Array;
  readonly begin: number;
  readonly end: number;
}

/** What a set has room for without growing. */
interface Room {
  readonly operations: number;
  readonly bytes: number;
}

const ROOM: Room = { operations: 16, bytes: 512 };

/** Operations of a transaction, with look-up by key. */
export class WriteSet {
  /** The log record. */
  readonly out: ByteWriter;
  /** Number of operations. */
  count: number;
  /** Views may read this set: it must not be reused. */
  shared = false;
  /** Number of the commit, once it has its place in the order. */
  sequence = 0;
  /** Pages reserved for applying it. */
  pages = 0;
  /** The changes that its put into the tree of transactions in doubt holds. */
  prepared: WriteSet | undefined;

  #index: Int32Array;
  #table: Int32Array | undefined;
  #order: WriteOrder | undefined;
  /** The trees of the first `#seen` operations. */
  #trees: Set<number> | undefined;
  #seen = 0;
  /** The set of which this one is the beginning. */
  readonly #source: WriteSet | undefined;

  /** An empty set, or the present content of another, which must not be reset. */
  constructor(source?: WriteSet, room: Room = ROOM) {
    this.#source = source;
    this.out = source?.out ?? new ByteWriter(room.bytes);
    this.#index = source === undefined ? new Int32Array(room.operations * STRIDE) : source.#index;
    this.count = source?.count ?? 0;
  }

  /** Forgets everything, for reuse. */
  reset(): void {
    this.out.reset();
    this.count = 0;
    this.prepared = undefined;
    this.#table = undefined;
    this.#order = undefined;
    this.#trees = undefined;
    this.#seen = 0;
  }

  /** Takes over the first operations of another set. This one must be empty. */
  copy(from: WriteSet, { operations, bytes }: { operations: number; bytes: number }): void {
    this.out.raw(from.out.bytes, 0, bytes);
    this.count = operations;
    if (this.#index.length < operations * STRIDE) this.#index = new Int32Array(from.#index.length);
    this.#index.set(from.#index.subarray(0, operations * STRIDE));
  }

  /** Appends a put. Copies key and value. */
  put(
    tree: number,
    key: Uint8Array,
    length: number,
    value: Uint8Array,
    valueBegin: number,
    valueLength: number,
  ): void {
    const at = this.#begin(PUT, tree, key, length, valueLength);
    this.out.varint(valueLength);
    this.#index[at + VALUE_AT] = this.out.length;
    this.#index[at + VALUE_LENGTH] = valueLength;
    this.out.raw(value, valueBegin, valueBegin + valueLength);
    this.#finish(at);
  }

  /** Appends a put of a value whose pages are written already. */
  putReference(tree: number, key: Uint8Array, length: number, reference: Uint8Array): void {
    const at = this.#begin(PUT_REFERENCE, tree, key, length, OVERFLOW_REF_BYTES);
    this.#index[at + VALUE_AT] = this.out.length;
    this.#index[at + VALUE_LENGTH] = OVERFLOW_REF_BYTES;
    this.out.raw(reference, 0, OVERFLOW_REF_BYTES);
    this.#finish(at);
  }

  /** Appends a removal. */
  remove(tree: number, key: Uint8Array, length: number): void {
    const at = this.#begin(REMOVE, tree, key, length, 0);
    this.#index[at + VALUE_AT] = this.out.length;
    this.#index[at + VALUE_LENGTH] = 0;
    this.#finish(at);
  }

  /** The last operation on a key, or -1. */
  find(tree: number, key: Uint8Array, begin: number, length: number): number {
    if (this.count > LINEAR_MAX) {
      const source = this.#source;
      if (source === undefined) return this.#lookUp(tree, key, begin, length);
      const op = source.find(tree, key, begin, length);
      return op < this.count ? op : source.order().among(this.count, op);
    }
    for (let op = this.count - 1; op >= 0; op--) {
      if (this.#equals(op, tree, key, begin, length)) return op;
    }
    return -1;
  }

  /** Whether any operation is on a tree. */
  touches(tree: number): boolean {
    if (this.#source !== undefined) return this.#source.touches(tree);
    if (this.count > LINEAR_MAX) return this.#treesOf().has(tree);
    for (let op = 0; op < this.count; op++) if (this.tree(op) === tree) return true;
    return false;
  }

  /** What an operation does: `PUT`, `REMOVE` or `PUT_REFERENCE`. */
  kind(op: number): number {
    return this.#index[op * STRIDE + KIND]!;
  }

  /** Its tree. */
  tree(op: number): number {
    return this.#index[op * STRIDE + TREE]!;
  }

  /** Offset of its key in `out.bytes`. */
  keyAt(op: number): number {
    return this.#index[op * STRIDE + KEY_AT]!;
  }

  /** Length of its key. */
  keyLength(op: number): number {
    return this.#index[op * STRIDE + KEY_LENGTH]!;
  }

  /** Offset of its value or reference in `out.bytes`. */
  valueAt(op: number): number {
    return this.#index[op * STRIDE + VALUE_AT]!;
  }

  /** Length of its value. */
  valueLength(op: number): number {
    return this.#index[op * STRIDE + VALUE_LENGTH]!;
  }

  /** Its keys in order, what was added last included. */
  order(): WriteOrder {
    if (this.#source !== undefined) return this.#source.order();
    this.#order ??= new WriteOrder(this);
    this.#order.catchUp();
    return this.#order;
  }

  /** The set as it is now, whatever is added to this one later: for readers only. */
  frozen(): WriteSet {
    this.shared = true;
    return new WriteSet(this);
  }

  /**
   * Reads records back from the log, one after the other. Copies them.
   * @throws {CorruptionError} `CORRUPT_LOG` when one is no record
   */
  static decode(records: readonly Encoded[]): WriteSet {
    let length = 0;
    for (const { begin, end } of records) length += end - begin;
    const set = new WriteSet(undefined, { operations: records.length, bytes: length });
    for (const { bytes, begin, end } of records) {
      const at = set.out.length;
      set.out.raw(bytes, begin, end);
      set.#readOperations(new ByteReader(set.out.bytes, at, set.out.length));
    }
    return set;
  }

  #begin(
    kind: number,
    tree: number,
    key: Uint8Array,
    length: number,
    valueLength: number,
  ): number {
    if (this.out.length + length + valueLength > TRANSACTION_BYTES_MAX) {
      throw new StateError(
        "TOO_LARGE",
        `Cannot add to the transaction: it would exceed ${TRANSACTION_BYTES_MAX} bytes`,
      );
    }
    const at = this.#enterIndex(kind, tree);
    // All room at once: if there is none, no part of the operation was written.
    this.out.reserve(OPERATION_BYTES + length + valueLength);
    this.out.u8(kind);
    this.out.varint(tree);
    this.out.varint(length);
    this.#index[at + KEY_AT] = this.out.length;
    this.#index[at + KEY_LENGTH] = length;
    this.out.raw(key, 0, length);
    return at;
  }

  #readOperations(input: ByteReader): void {
    while (input.remaining > 0) {
      const kind = input.u8();
      if (kind !== PUT && kind !== PUT_REFERENCE && kind !== REMOVE) {
        throw new CorruptionError("CORRUPT_LOG", `Log record has unknown operation ${kind}`);
      }
      const at = this.#enterIndex(kind, input.varint());
      const keyLength = input.varint();
      this.#index[at + KEY_AT] = input.skip(keyLength);
      this.#index[at + KEY_LENGTH] = keyLength;
      const valueLength = kind === PUT
        ? input.varint()
        : kind === PUT_REFERENCE
        ? OVERFLOW_REF_BYTES
        : 0;
      this.#index[at + VALUE_AT] = input.skip(valueLength);
      this.#index[at + VALUE_LENGTH] = valueLength;
      this.count++;
    }
  }

  /** Begins an operation in the index. @returns where it is there */
  #enterIndex(kind: number, tree: number): number {
    const at = this.count * STRIDE;
    if (at + STRIDE > this.#index.length) {
      const index = new Int32Array(this.#index.length * 2);
      index.set(this.#index);
      this.#index = index;
    }
    this.#index[at + KIND] = kind;
    this.#index[at + TREE] = tree;
    return at;
  }

  #finish(at: number): void {
    const op = at / STRIDE;
    this.count = op + 1;
    if (this.#table !== undefined) this.#enter(op);
  }

  #treesOf(): Set<number> {
    const trees = this.#trees ??= new Set();
    for (; this.#seen < this.count; this.#seen++) trees.add(this.tree(this.#seen));
    return trees;
  }

  #equals(op: number, tree: number, key: Uint8Array, begin: number, length: number): boolean {
    const at = op * STRIDE;
    const index = this.#index;
    if (index[at + TREE] !== tree || index[at + KEY_LENGTH] !== length) return false;
    const bytes = this.out.bytes;
    const keyAt = index[at + KEY_AT]!;
    for (let i = 0; i < length; i++) if (bytes[keyAt + i] !== key[begin + i]) return false;
    return true;
  }

  #lookUp(tree: number, key: Uint8Array, begin: number, length: number): number {
    const table = this.#table ?? this.#build(Math.max(64, this.count * 2));
    const mask = table.length - 1;
    for (let at = hash(tree, key, begin, length) & mask;; at = (at + 1) & mask) {
      const op = table[at]! - 1;
      if (op < 0) return -1;
      if (this.#equals(op, tree, key, begin, length)) return op;
    }
  }

  #build(capacity: number): Int32Array {
    let size = 64;
    while (size < capacity * 2) size *= 2;
    this.#table = new Int32Array(size);
    for (let op = 0; op < this.count; op++) this.#enter(op);
    return this.#table;
  }

  /** Open addressing, op + 1 by key: a later operation on a key takes the place of the earlier. */
  #enter(op: number): void {
    const table = this.#table!;
    if (op * 2 >= table.length) {
      this.#build(op + 1);
      return;
    }
    const tree = this.tree(op);
    const keyAt = this.keyAt(op);
    const length = this.keyLength(op);
    const bytes = this.out.bytes;
    const mask = table.length - 1;
    let at = hash(tree, bytes, keyAt, length) & mask;
    while (table[at] !== 0 && !this.#equals(table[at]! - 1, tree, bytes, keyAt, length)) {
      at = (at + 1) & mask;
    }
    table[at] = op + 1;
  }
}

/** FNV-1a with a final mix. */
function hash(tree: number, key: Uint8Array, begin: number, length: number): number {
  let h = 0x811c9dc5 ^ tree;
  for (let i = 0; i < length; i++) h = Math.imul(h ^ key[begin + i]!, 0x01000193);
  h ^= h >>> 15;
  return (h ^ h >>> 7) >>> 0;
}
