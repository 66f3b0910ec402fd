/**
 * Records under ids that the segment gives.
 *
 * Tree: see `serial_tree.ts`; the value of an entry is the record.
 *
 * @module
 */

import { codec } from "../base/codec.ts";
import { RecordId } from "../base/record_id.ts";
import { StateError } from "../errors.ts";
import type { Change } from "../kernel/watch/change.ts";
import type { Definition, TreeReader, TreeWriter } from "../kernel/definition.ts";
import { CursorIterator } from "./cursor_iterator.ts";
import { rangeLimit } from "./index/index_range.ts";
import {
  countSerials,
  HEAD_KEY,
  headOf,
  keepHead,
  keptHead,
  serialAt,
  serialFeed,
  serialKey,
} from "./serial_tree.ts";

/**
 * How far ahead a delete writes down which numbers are given: so many go unused when the database is
 * opened next, and as many records can be deleted before one more entry is written.
 */
const HEAD_STEP = 256;

/** One record. */
export interface SegmentEntry {
  /** Its id. */
  readonly id: RecordId;
  /** Its bytes, owned by the caller. */
  readonly bytes: Uint8Array;
}

/** Which records a scan yields. */
export interface ScanOptions {
  /** Only records behind this one, in the direction of the scan; it need not exist any more. */
  readonly after?: RecordId;
  /** From the newest record to the oldest. */
  readonly reverse?: boolean;
  /** At most this many records. */
  readonly limit?: number;
}

/** Reads a segment. An id of another segment names no record here. */
export interface SegmentReader {
  /** The bytes of a record, owned by the caller, or `undefined`. */
  read(id: RecordId): Uint8Array | undefined;
  /** Whether a record is there. */
  has(id: RecordId): boolean;
  /** Number of records. */
  count(): number;
  /** Records in the order of their insertion, as they are at the call; later changes do not show. */
  scan(options?: ScanOptions): IterableIterator<SegmentEntry>;
}

/** Reads and changes a segment in a transaction. */
export interface SegmentWriter extends SegmentReader {
  /** Adds a record of 0 bytes to 1 GiB. @throws {StateError} `TOO_LARGE` before anything is written */
  insert(bytes: Uint8Array): RecordId;
  /** Replaces the bytes of a record. @throws {StateError} `NOT_FOUND`, `TOO_LARGE` */
  update(id: RecordId, bytes: Uint8Array): void;
  /** Removes a record; its id is never given again. @throws {StateError} `NOT_FOUND` */
  delete(id: RecordId): void;
}

/** The access types of a segment. */
export interface SegmentAccess {
  /** `db.open(...)`. */
  readonly reader: SegmentReader;
  /** `tx.open(...)`. */
  readonly writer: SegmentWriter;
  /** `db.watch(...)`. */
  readonly change: Change<RecordId>;
}

/**
 * Defines a segment. The id of a record is stable over updates, compaction and reopening, and is
 * never given twice; it is a key and a value of indexes with `codec.recordId`. Transactions that
 * insert side by side do not conflict.
 *
 * ```ts
 * import { Database, segment } from "@holdfast/holdfast";
 *
 * const notes = segment("notes");
 * const db = await Database.memory();
 * const id = await db.update((tx) => tx.open(notes).insert(new TextEncoder().encode("hello")));
 * console.log(new TextDecoder().decode(db.open(notes).read(id))); // hello
 * await db.close();
 * ```
 */
export function segment(name: string): Definition<SegmentAccess> {
  return {
    name,
    kind: "segment",
    format: "bytes",
    reader: (tree) => new RecordReader(tree),
    writer: (tree) => new RecordWriter(tree),
    feed: serialFeed<RecordId, SegmentAccess>((serial, tree) => new RecordId(tree, serial)),
  };
}

class RecordReader implements SegmentReader {
  readonly #tree: TreeReader;

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  read(id: RecordId): Uint8Array | undefined {
    return this.names(id) ? this.#tree.get(serialKey(id.serial), codec.bytes) : undefined;
  }

  has(id: RecordId): boolean {
    return this.names(id) && this.#tree.has(serialKey(id.serial));
  }

  count(): number {
    return countSerials(this.#tree);
  }

  scan(options: ScanOptions = {}): IterableIterator<SegmentEntry> {
    const { after, reverse = false } = options;
    const tree = this.#tree.id;
    const window = { offset: 0, limit: rangeLimit(options.limit) };
    if (after !== undefined && !this.names(after)) {
      throw new RangeError(`${after} is no record of this segment`);
    }
    const bound = after === undefined ? undefined : serialKey(after.serial).toBytes();
    const bounds = reverse
      ? { upper: bound ?? HEAD_KEY, upperOpen: true, reverse }
      : { lower: bound, lowerOpen: true, upper: HEAD_KEY, upperOpen: true };
    return new CursorIterator(this.#tree.cursor(bounds), window, (cursor): SegmentEntry => {
      cursor.loadValue();
      return {
        id: new RecordId(tree, serialAt(cursor.keyBytes, cursor.keyBegin)),
        bytes: cursor.valueBytes.subarray(cursor.valueBegin, cursor.valueEnd),
      };
    });
  }

  /** Whether an id is of this segment. */
  protected names(id: RecordId): boolean {
    if (!(id instanceof RecordId)) throw new TypeError("The name of a record is a RecordId");
    return id.segment === this.#tree.id;
  }
}

class RecordWriter extends RecordReader implements SegmentWriter {
  readonly #tree: TreeWriter;

  constructor(tree: TreeWriter) {
    super(tree);
    this.#tree = tree;
  }

  insert(bytes: Uint8Array): RecordId {
    checkRecord(bytes);
    const serial = this.#tree.takeSerial(headOf);
    this.#tree.put(serialKey(serial), bytes, bytes.length);
    return new RecordId(this.#tree.id, serial);
  }

  update(id: RecordId, bytes: Uint8Array): void {
    checkRecord(bytes);
    this.#expect(id);
    this.#tree.put(serialKey(id.serial), bytes, bytes.length, "present");
  }

  delete(id: RecordId): void {
    this.#expect(id);
    const tree = this.#tree;
    tree.atomic(() => {
      tree.remove(serialKey(id.serial), "present");
      // The kept head only rises: whoever has seen it high enough need not see it again.
      const kept = tree.aside(() => keptHead(tree));
      if (id.serial >= kept) keepHead(tree, id.serial + HEAD_STEP);
    });
  }

  #expect(id: RecordId): void {
    if (this.names(id) && this.#tree.probe(serialKey(id.serial))) return;
    throw new StateError("NOT_FOUND", `There is no record ${id}`);
  }
}

function checkRecord(bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("A record is a Uint8Array");
}
