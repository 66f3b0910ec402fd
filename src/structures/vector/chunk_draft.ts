/**
 * The chunks that a transaction changes, in memory until somebody looks.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { TreeWriter } from "../../kernel/definition.ts";
import type { Draft } from "../../kernel/transaction/drafts.ts";
import { serialKey } from "../serial_tree.ts";
import { Chunk } from "./chunk.ts";
import { ChunkReader } from "./chunk_reader.ts";
import type { ElementLayout } from "./element_layout.ts";
import { LENGTH_KEY, lengthCodec } from "./length_entry.ts";

/** Bytes of changed chunks that are kept in memory; more go into the write set. */
const DRAFT_BYTES_MAX: number = 16 * 1024 * 1024;

/** Nobody else's: drafts are written in the middle of what other structures do. */
const numberBytes = new ByteWriter(8);

/**
 * Changed chunks and the changed length. At any isolation nobody else may change them: a chunk has
 * elements that this transaction did not set, and two pushes are not one. Transactions that set
 * elements of different chunks do not meet.
 */
export class ChunkDraft extends ChunkReader implements Draft {
  override readonly tree: TreeWriter;
  /** Whether the length was changed, and can be changed again by `resize`. */
  lengthens = false;
  readonly #changed = new Map<number, Chunk>();
  readonly #none: Chunk;
  /** What chunks are read into that nobody has changed. */
  #clean: Chunk | undefined;
  #entered = false;

  /** Changes the chunks of a tree. */
  constructor(tree: TreeWriter, layout: ElementLayout<unknown>) {
    super(tree, layout);
    this.tree = tree;
    this.#none = this.hot;
  }

  override length(): number {
    const length = super.length();
    this.#enter();
    return length;
  }

  override at(index: number): Chunk {
    const length = this.length();
    const number = Math.floor(index / this.layout.capacity);
    if (this.hot.number === number) return this.hot;
    const changed = this.#changed.get(number);
    if (changed !== undefined) return this.hot = changed;
    const clean = this.#clean ??= new Chunk(this.layout);
    this.hot = this.#none;
    if (clean.number !== number) this.load(clean, number, length);
    return this.hot = clean;
  }

  /**
   * The chunk that holds an index, to be changed. Until `relieve` or `settle` it is the one that is
   * written.
   * @throws {ConflictError} `IN_DOUBT`
   */
  own(index: number): Chunk {
    const chunk = this.at(index);
    if (chunk.dirty) return chunk;
    this.tree.draft(this, serialKey(chunk.number));
    chunk.dirty = true;
    this.#changed.set(chunk.number, chunk);
    this.#clean = undefined;
    return chunk;
  }

  /**
   * Makes ready for another length.
   * @throws {ConflictError} `IN_DOUBT`
   */
  ownLength(): number {
    const length = this.length();
    if (!this.lengthens) this.tree.draft(this, LENGTH_KEY);
    this.lengthens = true;
    return length;
  }

  /** The length is another one from now on; after `ownLength`. */
  resize(length: number): void {
    this.known = length;
  }

  /** Writes what is held back if that is much. */
  relieve(): void {
    if (this.#changed.size * this.layout.bytes > DRAFT_BYTES_MAX) this.settle();
  }

  /** Writes what is held back: the tree is as it should be. */
  settle(): void {
    this.write();
    this.forget();
  }

  write(): void {
    const { tree } = this;
    for (const chunk of this.#changed.values()) {
      const key = serialKey(chunk.number, numberBytes);
      if (chunk.isEmpty) {
        tree.remove(key, "unchanged");
        continue;
      }
      chunk.tidy();
      tree.put(key, chunk.bytes, chunk.bytes.length, "unchanged");
    }
    if (!this.lengthens) return;
    lengthCodec.encode(this.known, numberBytes);
    tree.put(LENGTH_KEY, numberBytes.bytes, numberBytes.length, "unchanged");
  }

  forget(): void {
    for (const chunk of this.#changed.values()) chunk.leave();
    this.#changed.clear();
    this.#clean?.leave();
    this.hot = this.#none;
    this.known = -1;
    this.lengthens = false;
    this.#entered = false;
  }

  /** What others have committed shows where the isolation says so; own changes stay. */
  protected override renew(): void {
    const { revision } = this.tree;
    if (revision === this.revision) return;
    this.revision = revision;
    this.#clean?.leave();
    if (!this.hot.dirty) this.hot = this.#none;
    if (!this.lengthens) this.known = -1;
  }

  /** What is remembered is void once another view of the tree is used. */
  #enter(): void {
    if (this.#entered) return;
    this.tree.draft(this);
    this.#entered = true;
  }
}
