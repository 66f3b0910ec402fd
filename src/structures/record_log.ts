/**
 * An append-only log of records inside a database.
 *
 * Tree: see `serial_tree.ts`. Offsets are its numbers: they count records from 0, without gaps.
 *
 * @module
 */

import { codec } from "../base/codec.ts";
import type { Change } from "../kernel/watch/change.ts";
import type { Definition, TreeReader, TreeWriter } from "../kernel/definition.ts";
import type { KeyBounds } from "../kernel/tree/tree_cursor.ts";
import { CursorIterator, WHOLE } from "./cursor_iterator.ts";
import { rangeLimit } from "./index/index_range.ts";
import { removeEntries } from "./remove_entries.ts";
import { HEAD_KEY, headOf, keepHead, serialAt, serialFeed, serialKey } from "./serial_tree.ts";

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
  /**
   * Appends a record. @returns its offset. Offsets have no gaps: while a prepared transaction that
   * has appended is in doubt, nobody else can. @throws {ConflictError} `IN_DOUBT`
   */
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
  /** `db.watch(...)`. */
  readonly change: Change<number>;
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
    feed: serialFeed<number, RecordLogAccess>((offset) => offset),
  };
}

class LogReader implements RecordLogReader {
  readonly #tree: TreeReader;

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  head(): number {
    return headOf(this.#tree);
  }

  get(offset: number): Uint8Array | undefined {
    return this.#tree.get(serialKey(offset), codec.bytes);
  }

  read(
    options: { readonly from?: number; readonly limit?: number } = {},
  ): IterableIterator<LogEntry> {
    const bounds: KeyBounds = {
      lower: serialKey(options.from ?? 0).toBytes(),
      upper: HEAD_KEY,
      upperOpen: true,
    };
    return new CursorIterator(
      this.#tree.cursor(bounds),
      { offset: 0, limit: rangeLimit(options.limit) },
      (cursor): LogEntry => {
        cursor.loadValue();
        const offset = serialAt(cursor.keyBytes, cursor.keyBegin);
        return { offset, bytes: cursor.valueBytes.subarray(cursor.valueBegin, cursor.valueEnd) };
      },
    );
  }
}

class LogWriter extends LogReader implements RecordLogWriter {
  readonly #tree: TreeWriter;
  #head = -1;
  #revision = 0;

  constructor(tree: TreeWriter) {
    super(tree);
    this.#tree = tree;
  }

  override head(): number {
    const { revision } = this.#tree;
    const isKnown = this.#head >= 0 && this.#revision === revision && this.#tree.alone;
    if (!isKnown) this.#head = super.head();
    this.#revision = revision;
    return this.#head;
  }

  append(bytes: Uint8Array): number {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("A record is a Uint8Array");
    const offset = this.head();
    // At any isolation: two appends at one offset would lose the earlier.
    this.#tree.put(serialKey(offset), bytes, bytes.length, "unchanged");
    this.#head = offset + 1;
    return offset;
  }

  trim(before: number): number {
    const head = this.head();
    const upper = serialKey(Math.min(before, head)).toBytes();
    return this.#tree.atomic(() => {
      const removed = removeEntries(this.#tree, { upper, upperOpen: true }, WHOLE);
      if (removed > 0 && before >= head) keepHead(this.#tree, head);
      return removed;
    });
  }
}
