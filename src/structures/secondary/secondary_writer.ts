/**
 * The tree of the records, seen by whoever changes it: every change takes the secondary indexes
 * along. All methods of the writing view come through here.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { codec } from "../../base/codec.ts";
import type { Digest } from "../../base/digest.ts";
import type { Codec } from "../../base/key_codec.ts";
import type { HeldCursor, HeldTree, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import type { KeyBatch } from "../../kernel/tree/find_many.ts";
import type { KeyBounds } from "../../kernel/tree/tree_cursor.ts";
import type { Draft } from "../../kernel/transaction/drafts.ts";
import type { Guard } from "../../kernel/transaction/witness.ts";
import type { SingleLayout } from "../index/index_single.ts";
import type { PartEntries, SecondaryPart } from "./secondary_part.ts";

/** A secondary index and its tree in the transaction. */
export interface OpenPart<K, V> {
  /** Which. */
  readonly part: SecondaryPart<K, V>;
  /** Its tree. */
  readonly tree: TreeWriter;
}

/**
 * What the entries become depends on the present value, and whether a unique key is free on whoever
 * has it: in every isolation nobody may change either meanwhile.
 */
const GUARD: Guard = "unchanged";

const NONE: PartEntries = new Map();

/** Changes records and their entries in secondary indexes. */
export class IndexedTree<K, V> implements TreeWriter {
  readonly #tree: TreeWriter;
  readonly #layout: SingleLayout<K, V>;
  readonly #parts: readonly OpenPart<K, V>[];
  readonly #vacate: ((record: ByteWriter) => boolean) | undefined;

  /**
   * Binds the tree of the records and those of the indexes. `vacate` is asked to remove the record
   * that has a unique key which another one is to get, and tells whether it did.
   */
  constructor(
    tree: TreeWriter,
    layout: SingleLayout<K, V>,
    parts: readonly OpenPart<K, V>[],
    vacate?: (record: ByteWriter) => boolean,
  ) {
    this.#vacate = vacate;
    this.#tree = tree;
    this.#layout = layout;
    this.#parts = parts;
  }

  get id(): number {
    return this.#tree.id;
  }

  get revision(): number {
    return this.#tree.revision;
  }

  get alone(): boolean {
    return this.#tree.alone;
  }

  now(): number {
    return this.#tree.now();
  }

  digest(name: string): Digest {
    return this.#tree.digest(name);
  }

  probe(key: ByteWriter): boolean {
    return this.#tree.probe(key);
  }

  aside<T>(body: () => T): T {
    return this.#tree.aside(body);
  }

  atomic<T>(steps: () => T): T {
    return this.#tree.atomic(steps);
  }

  get<T>(key: ByteWriter, codec: Codec<T>): T | undefined {
    return this.#tree.get(key, codec);
  }

  getMany<T>(keys: KeyBatch, codec: Codec<T>): (T | undefined)[] {
    return this.#tree.getMany(keys, codec);
  }

  has(key: ByteWriter): boolean {
    return this.#tree.has(key);
  }

  count(): number {
    return this.#tree.count();
  }

  lastKey(out: ByteWriter): boolean {
    return this.#tree.lastKey(out);
  }

  cursor(bounds: KeyBounds): HeldCursor {
    return this.#tree.cursor(bounds);
  }

  hold(): HeldTree {
    return this.#tree.hold();
  }

  claim(): void {
    this.#tree.claim();
  }

  draft(draft: Draft, key?: ByteWriter): void {
    this.#tree.draft(draft, key);
  }

  takeSerial(first: (tree: TreeReader) => number): number {
    return this.#tree.takeSerial(first);
  }

  /**
   * What the records and the indexes have to say is said before anything is changed; what may still
   * be in the way of an entry takes all of them back. Key and value are copied: what the indexes call
   * may use the buffers they are in.
   */
  put(key: ByteWriter, bytes: Uint8Array, length: number): void {
    const own = copyOf(key);
    const value = bytes.slice(0, length);
    const next = this.#layout.value.decode(value, 0, length);
    const changes = this.#changes(own, next);
    const keyBytes = own.toBytes();
    this.atomic(() => {
      for (const { part, tree, added } of changes) {
        if (!part.unique) continue;
        for (const entry of added) {
          if (!tree.probe(entry)) continue;
          if (this.#vacate?.(holderOf(tree, entry)) !== true) throw part.taken();
        }
      }
      this.#tree.put(own, value, length, GUARD);
      for (const { part, tree, added, gone } of changes) {
        for (const entry of gone) tree.remove(entry, GUARD);
        const held = part.valueOf(keyBytes);
        for (const entry of added) tree.put(entry, held, held.length, GUARD);
      }
    });
  }

  remove(key: ByteWriter): boolean {
    const own = copyOf(key);
    const changes = this.#changes(own, undefined);
    return this.atomic(() => {
      if (!this.#tree.remove(own, GUARD)) return false;
      for (const { tree, gone } of changes) for (const entry of gone) tree.remove(entry, GUARD);
      return true;
    });
  }

  /** What the indexes gain and lose when the value of a key becomes `next`. */
  #changes(bytes: ByteWriter, next: V | undefined): PartChange<K, V>[] {
    const key = this.#layout.key.decode(bytes.toBytes(), 0, bytes.length);
    const present = this.#tree.aside(() => this.#tree.get(bytes, this.#layout.value));
    return this.#parts.map(({ part, tree }) => {
      const before = present === undefined ? NONE : part.entriesOf(present, key);
      const after = next === undefined ? NONE : part.entriesOf(next, key);
      return { part, tree, added: without(after, before), gone: without(before, after) };
    });
  }
}

interface PartChange<K, V> extends OpenPart<K, V> {
  readonly added: readonly ByteWriter[];
  readonly gone: readonly ByteWriter[];
}

function without(entries: PartEntries, others: PartEntries): ByteWriter[] {
  const left: ByteWriter[] = [];
  for (const [text, entry] of entries) if (!others.has(text)) left.push(entry);
  return left;
}

/** The key of the record that has an entry of a unique index. */
function holderOf(tree: TreeReader, entry: ByteWriter): ByteWriter {
  const bytes = tree.get(entry, codec.bytes)!;
  const holder = new ByteWriter(bytes.length);
  holder.raw(bytes);
  return holder;
}

function copyOf(bytes: ByteWriter): ByteWriter {
  const copy = new ByteWriter(bytes.length);
  copy.raw(bytes.bytes, 0, bytes.length);
  return copy;
}
