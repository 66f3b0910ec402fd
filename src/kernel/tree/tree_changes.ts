/**
 * The writing view of one tree in a transaction.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { StateError } from "../../errors.ts";
import type { TreeReader, TreeWriter } from "../definition.ts";
import type { Engine } from "../engine.ts";
import { KEY_BYTES_MAX, LOGGED_VALUE_BYTES_MAX, VALUE_BYTES_MAX } from "../limits.ts";
import { referencePage, runPages } from "../page/overflow.ts";
import { reserveForCheckpoint } from "../commit/checkpoint_places.ts";
import type { Draft } from "../transaction/drafts.ts";
import { TreeView, type ViewSource } from "./tree_access.ts";
import type { Guard } from "../transaction/witness.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** What a writing view may do beyond reading. */
export interface ChangeSink extends ViewSource {
  /** The transaction's own changes. */
  readonly own: WriteSet;
  /** Moves when the view may have changed by more than own changes. */
  readonly revision: number;
  /** See `TreeWriter.alone`. */
  readonly alone: boolean;
  /** Registers a run written for a value that is not committed yet. */
  reserve(page: number, pages: number): void;
  /** See `TreeWriter.atomic`. */
  atomic<T>(steps: () => T): T;
  /** Enters what a view of the tree holds back. */
  draft(draft: Draft): void;
  /** Makes all of the tree a condition of the commit. */
  claim(): void;
}

/** Reads and changes one tree in a transaction. */
export class TreeChanges extends TreeView implements TreeWriter {
  readonly #sink: ChangeSink;

  /** Binds the view of a transaction to a tree. */
  constructor(engine: Engine, sink: ChangeSink) {
    super(engine, sink);
    this.#sink = sink;
  }

  put(key: ByteWriter, bytes: Uint8Array, length: number, guard?: Guard): void {
    this.source.check();
    if (key.length > KEY_BYTES_MAX) {
      throw tooLarge(`a key of ${key.length} bytes: the limit is ${KEY_BYTES_MAX}`);
    }
    if (length > VALUE_BYTES_MAX) {
      throw tooLarge(`a value of ${length} bytes: the limit is ${VALUE_BYTES_MAX}`);
    }
    const id = this.source.tree;
    const { inDoubt } = this.engine;
    if (inDoubt.size > 0) inDoubt.checkPut(id, key.bytes, 0, key.length, bytes, 0, length);
    const own = this.#sink.own;
    if (length <= LOGGED_VALUE_BYTES_MAX) {
      own.put(id, key.bytes, key.length, bytes, 0, length);
      this.source.witness?.changed(guard);
      return;
    }
    this.engine.health.check();
    this.atomic(() => this.#putLarge(key, bytes, length));
    this.source.witness?.changed(guard);
  }

  /** Written now, named by the commit record later: one sync covers both. */
  #putLarge(key: ByteWriter, bytes: Uint8Array, length: number): void {
    const pages = runPages(length);
    const { engine } = this;
    // Beside what commits that were sequenced and decisions to come were promised.
    reserveForCheckpoint(engine, pages + engine.inDoubt.pages(engine, 0));
    const reference = engine.overflow.write(bytes, 0, length);
    this.#sink.reserve(referencePage(reference, 0), pages);
    this.#sink.own.putReference(this.source.tree, key.bytes, key.length, reference);
  }

  remove(key: ByteWriter, guard?: Guard): boolean {
    const { inDoubt } = this.engine;
    if (inDoubt.size > 0) inDoubt.check(this.source.tree, key.bytes, 0, key.length);
    if (!this.probe(key)) return false;
    this.#sink.own.remove(this.source.tree, key.bytes, key.length);
    this.source.witness?.changed(guard);
    return true;
  }

  probe(key: ByteWriter): boolean {
    return this.holds(key, true);
  }

  aside<T>(body: () => T): T {
    const { witness } = this.source;
    return witness === undefined ? body() : witness.aside(body);
  }

  atomic<T>(steps: () => T): T {
    return this.#sink.atomic(steps);
  }

  override get revision(): number {
    return this.#sink.revision;
  }

  get alone(): boolean {
    return this.#sink.alone;
  }

  draft(draft: Draft, key?: ByteWriter): void {
    this.source.check();
    if (key !== undefined) {
      const { inDoubt } = this.engine;
      if (inDoubt.size > 0) inDoubt.check(this.source.tree, key.bytes, 0, key.length);
      this.source.witness?.intended(this.source.tree, key);
    }
    this.#sink.draft(draft);
  }

  claim(): void {
    this.source.check();
    this.#sink.claim();
  }

  takeSerial(first: (tree: TreeReader) => number): number {
    this.source.check();
    const { serials } = this.engine;
    const { tree } = this.source;
    // Serials are unique whatever is committed: to take one conflicts with nobody.
    const serial = serials.get(tree) ?? this.aside(() => first(this.#withPrepared()));
    serials.set(tree, serial + 1);
    return serial;
  }

  /** As if all transactions in doubt were committed: what they took is not given again. */
  #withPrepared(): TreeReader {
    const { inDoubt } = this.engine;
    if (inDoubt.size === 0) return this;
    const { state, sets, tree } = this.source;
    const held = Array.from(inDoubt.values(), ({ set }) => set);
    const check = (): void => {};
    const source = { check, state, sets: [...sets, ...held], tree, tips: undefined };
    return new TreeView(this.engine, source);
  }
}

function tooLarge(what: string): StateError {
  return new StateError("TOO_LARGE", `Cannot store ${what}`);
}
