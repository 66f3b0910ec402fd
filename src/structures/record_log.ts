/**
 * An append-only log of records inside a database.
 *
 * Tree key: the offset as u64, big-endian. Offsets count records from 0, without gaps, and are
 * never given twice: when trimming removes the newest record, the entry with key 2^64 - 1 keeps the
 * head.
 *
 * @module
 */

import { ByteWriter } from "../base/byte_writer.ts";
import { codec } from "../base/codec.ts";
import type { Definition, TreeReader, TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree_cursor.ts";
import { CursorIterator } from "./cursor_iterator.ts";
import { rangeLimit } from "./index_range.ts";

/** One record. */
export interface LogEntry {
  /** Its offset: the number of records before it, trimmed ones included. */
  readonly offset: number;
  /** Its bytes, owned by the caller. */
  readonly bytes: Uint8Array;
}

/** Reads a log. */
export interface RecordLogReader {
  /** The offset that the next record will get. */
  head(): number;
  /** The record at an offset; `undefined` before the trim point and from the head on. */
  get(offset: number): Uint8Array | undefined;
  /** Records from an offset on, in order, as they are at the call. */
  read(options?: { readonly from?: number; readonly limit?: number }): IterableIterator<LogEntry>;
}

/** Reads and extends a log in a transaction. */
export interface RecordLogWriter extends RecordLogReader {
  /** Appends a record. @returns its offset. */
  append(bytes: Uint8Array): number;
  /** Removes all records before an offset. @returns how many there were. */
  trim(before: number): number;
}

/** The access types of a record log. */
export interface RecordLogAccess {
  /** `db.open(...)`. */
  readonly reader: RecordLogReader;
  /** `tx.open(...)`. */
  readonly writer: RecordLogWriter;
}

/**
 * Defines an append-only log.
 *
 * ```ts
 * import { Database, recordLog } from "@holdfast/holdfast";
 *
 * const audit = recordLog("audit");
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(audit).append(new TextEncoder().encode("hello")));
 * for (const { offset, bytes } of db.open(audit).read()) {
 *   console.log(offset, new TextDecoder().decode(bytes)); // 0 hello
 * }
 * await db.close();
 * ```
 */
export function recordLog(name: string): Definition<RecordLogAccess> {
  return {
    name,
    kind: "record-log",
    format: "bytes",
    reader: (tree) => new LogReader(tree),
    writer: (tree) => new LogWriter(tree),
  };
}

const keyBytes = new ByteWriter(16);
const HEAD_KEY: Uint8Array = new Uint8Array(8).fill(0xff);

function keyOf(offset: number): ByteWriter {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError("The offset of a record is a whole number from 0 on");
  }
  const high = Math.floor(offset / 0x1_0000_0000);
  const { bytes } = keyBytes;
  for (let i = 0; i < 4; i++) {
    bytes[i] = high >>> (24 - 8 * i);
    bytes[4 + i] = offset >>> (24 - 8 * i);
  }
  keyBytes.length = 8;
  return keyBytes;
}

function offsetOf(bytes: Uint8Array, begin: number): number {
  let offset = 0;
  for (let i = 0; i < 8; i++) offset = offset * 256 + bytes[begin + i]!;
  return offset;
}

class LogReader implements RecordLogReader {
  readonly #tree: TreeReader;

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  head(): number {
    if (!this.#tree.lastKey(keyBytes)) return 0;
    if (keyBytes.bytes[0] !== 0xff) return offsetOf(keyBytes.bytes, 0) + 1;
    // The newest record was trimmed once: the entry behind all records says how far they came.
    const cursor = this.#tree.cursor({ reverse: true });
    cursor.next();
    cursor.loadValue();
    const kept = offsetOf(cursor.valueBytes, cursor.valueBegin);
    const head = cursor.next() ? offsetOf(cursor.keyBytes, cursor.keyBegin) + 1 : 0;
    cursor.close();
    return Math.max(kept, head);
  }

  get(offset: number): Uint8Array | undefined {
    return this.#tree.get(keyOf(offset), codec.bytes);
  }

  read(
    options: { readonly from?: number; readonly limit?: number } = {},
  ): IterableIterator<LogEntry> {
    const bounds: KeyBounds = {
      lower: keyOf(options.from ?? 0).toBytes(),
      upper: HEAD_KEY,
      upperOpen: true,
    };
    return new CursorIterator(
      this.#tree.cursor(bounds),
      rangeLimit(options.limit),
      (cursor): LogEntry => {
        cursor.loadValue();
        const offset = offsetOf(cursor.keyBytes, cursor.keyBegin);
        return { offset, bytes: cursor.valueBytes.subarray(cursor.valueBegin, cursor.valueEnd) };
      },
    );
  }
}

class LogWriter extends LogReader implements RecordLogWriter {
  readonly #tree: TreeWriter;
  #head = -1;

  constructor(tree: TreeWriter) {
    super(tree);
    this.#tree = tree;
  }

  override head(): number {
    if (this.#head < 0) this.#head = super.head();
    return this.#head;
  }

  append(bytes: Uint8Array): number {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("A record is a Uint8Array");
    const offset = this.head();
    this.#tree.put(keyOf(offset), bytes, bytes.length);
    this.#head = offset + 1;
    return offset;
  }

  trim(before: number): number {
    const head = this.head();
    const upper = keyOf(Math.min(before, head)).toBytes();
    const cursor = this.#tree.cursor({ upper, upperOpen: true });
    const key = new ByteWriter(8);
    let removed = 0;
    while (cursor.next()) {
      key.reset();
      key.raw(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
      this.#tree.remove(key);
      removed++;
    }
    if (removed > 0 && before >= head) {
      key.reset();
      key.raw(HEAD_KEY);
      this.#tree.put(key, keyOf(head).toBytes(), 8);
    }
    return removed;
  }
}
