/**
 * The reading view of one tree, whatever it stands on.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { compareBytes } from "../../base/compare.ts";
import { type Digest, digestNamed } from "../../base/digest.ts";
import type { Codec } from "../../base/key_codec.ts";
import type { HeldCursor, HeldTree, TreeReader } from "../definition.ts";
import type { Engine } from "../engine.ts";
import { HeldSource } from "../transaction/held_source.ts";
import { MergeCursor } from "../transaction/merge_cursor.ts";
import { OVERFLOW } from "../page/page.ts";
import { findMany, FoundValues, type KeyBatch } from "./find_many.ts";
import type { PendingTips } from "../commit/pending_tips.ts";
import type { State } from "./state.ts";
import { CursorEntry, type EntryCursor, type KeyBounds, TreeCursor } from "./tree_cursor.ts";
import type { Walk, Witness } from "../transaction/witness.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "../commit/write_set.ts";

/** What a view stands on: a state, and change sets over it, oldest first. */
export interface ViewSource {
  /** Throws when the view may not be used any more. */
  check(): void;
  /** The state, at present. */
  readonly state: State;
  /** Sequenced commits and own changes over it, oldest first. */
  readonly sets: readonly WriteSet[];
  /** The tree, or -1 while it does not exist in this view. */
  readonly tree: number;
  /** The highest keys of `sets`, where they are known. */
  readonly tips: PendingTips | undefined;
  /** Is told what is read, where somebody asks for it. */
  readonly witness?: Witness | undefined;
  /** The one of `sets` that may still grow. */
  readonly own?: WriteSet;
  /** The time at which it reads, where that does not go on. */
  readonly now?: number | undefined;
}

const EMPTY_BOUNDS: KeyBounds = {};

/** Reads one tree of a view. */
export class TreeView implements TreeReader {
  protected readonly engine: Engine;
  protected readonly source: ViewSource;

  /** Binds a view of a tree to the engine. */
  constructor(engine: Engine, source: ViewSource) {
    this.engine = engine;
    this.source = source;
  }

  get id(): number {
    return this.source.tree;
  }

  get revision(): number {
    this.source.check();
    return this.source.state.version;
  }

  now(): number {
    return this.source.now ?? this.engine.io.now();
  }

  digest(name: string): Digest {
    return this.engine.io.digest?.(name) ?? digestNamed(name);
  }

  get<T>(key: ByteWriter, codec: Codec<T>): T | undefined {
    this.source.check();
    const id = this.source.tree;
    if (id < 0) return undefined;
    this.source.witness?.readKey(id, key, false);
    const engine = this.engine;
    const sets = this.source.sets;
    for (let i = sets.length - 1; i >= 0; i--) {
      const set = sets[i]!;
      const op = set.find(id, key.bytes, 0, key.length);
      if (op >= 0) return this.#decodeChange(set, op, codec);
    }
    const tree = engine.tree;
    const root = engine.states.root(this.source.state, id);
    if (!tree.find(root, key.bytes, 0, key.length)) return undefined;
    if (tree.valueLength === OVERFLOW) {
      const value = engine.overflow.read(tree.bytes, tree.valueAt, codec);
      return codec.decode(value, 0, value.length);
    }
    return this.#decode(codec, tree.bytes, tree.valueAt, tree.valueAt + tree.valueLength);
  }

  getMany<T>(keys: KeyBatch, codec: Codec<T>): (T | undefined)[] {
    this.source.check();
    const { engine, source } = this;
    if (source.tree < 0) return keys.ends.map(() => undefined);
    if (source.sets.length > 0 || source.witness !== undefined) return this.getEach(keys, codec);
    const values: (T | undefined)[] = [];
    const found = new FoundValues();
    while (values.length < keys.ends.length) {
      const root = engine.states.root(source.state, source.tree);
      const count = findMany(engine.tree, root, keys, values.length, engine.pool, found);
      for (let i = 0; i < count; i++) {
        const bytes = found.bytes[i]!;
        const at = found.at[i]!;
        const length = found.length[i]!;
        if (length < 0) values.push(undefined);
        else if (length !== OVERFLOW) values.push(codec.decode(bytes, at, at + length));
        else {
          const value = engine.overflow.read(bytes, at, codec);
          values.push(codec.decode(value, 0, value.length));
        }
      }
    }
    return values;
  }

  /** One after the other: where it matters which are read, or changes lie over the tree. */
  protected getEach<T>({ bytes, ends }: KeyBatch, codec: Codec<T>): (T | undefined)[] {
    const key = new ByteWriter();
    return ends.map((end, i) => {
      key.reset();
      key.raw(bytes.bytes, i === 0 ? 0 : ends[i - 1]!, end);
      return this.get(key, codec);
    });
  }

  has(key: ByteWriter): boolean {
    return this.holds(key, false);
  }

  /** Whether a key is there; `probed`: asked for the sake of a change. */
  protected holds(key: ByteWriter, probed: boolean): boolean {
    this.source.check();
    const id = this.source.tree;
    if (id < 0) return false;
    this.source.witness?.readKey(id, key, probed);
    const sets = this.source.sets;
    for (let i = sets.length - 1; i >= 0; i--) {
      const op = sets[i]!.find(id, key.bytes, 0, key.length);
      if (op >= 0) return sets[i]!.kind(op) !== REMOVE;
    }
    const root = this.engine.states.root(this.source.state, id);
    return this.engine.tree.find(root, key.bytes, 0, key.length);
  }

  count(): number {
    this.source.check();
    const id = this.source.tree;
    if (id < 0) return 0;
    this.source.witness?.readRange(id, EMPTY_BOUNDS);
    if (this.source.sets.length === 0) {
      return this.engine.states.root(this.source.state, id).count;
    }
    const cursor = new ViewCursor(this.engine, this.source, EMPTY_BOUNDS, undefined);
    let count = 0;
    while (cursor.next()) count++;
    return count;
  }

  lastKey(out: ByteWriter): boolean {
    this.source.check();
    const id = this.source.tree;
    if (id < 0) return false;
    const found = this.#lastKey(id, out);
    this.source.witness?.readRange(id, found ? { lower: out.toBytes() } : EMPTY_BOUNDS);
    return found;
  }

  #lastKey(id: number, out: ByteWriter): boolean {
    const root = this.engine.states.root(this.source.state, id);
    const { tips } = this.source;
    if (tips?.knows(id)) {
      const tip = tips.get(id);
      const found = this.engine.tree.lastKey(root, out);
      return tip === undefined ? found : raise(tip.set, tip.op, out, found);
    }
    let found = this.engine.tree.lastKey(root, out);
    for (const set of this.source.sets) {
      for (let op = 0; op < set.count; op++) {
        if (set.tree(op) !== id) continue;
        if (set.kind(op) === REMOVE) return this.#lastByCursor(out);
        found = raise(set, op, out, found);
      }
    }
    return found;
  }

  cursor(bounds: KeyBounds): HeldCursor {
    this.source.check();
    const walk = this.source.witness?.walk(this.source.tree, bounds);
    const cursor = new ViewCursor(this.engine, this.source, bounds, walk);
    this.engine.closedCursor ??= closedCursor(this.engine, this.source);
    return cursor;
  }

  hold(): HeldTree {
    this.source.check();
    return new HeldView(this.engine, new HeldSource(this.engine, this.source));
  }

  #lastByCursor(out: ByteWriter): boolean {
    const cursor = new ViewCursor(this.engine, this.source, { reverse: true }, undefined);
    const found = cursor.next();
    out.reset();
    if (found) out.raw(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
    cursor.close();
    return found;
  }

  #decode<T>(codec: Codec<T>, bytes: Uint8Array, begin: number, end: number): T {
    if (codec.views !== true) return codec.decode(bytes, begin, end);
    const pool = this.engine.pool;
    const at = pool.copy(bytes, begin, end);
    return codec.decode(pool.bytes, at, at + end - begin);
  }

  #decodeChange<T>(set: WriteSet, op: number, codec: Codec<T>): T | undefined {
    const kind = set.kind(op);
    if (kind === REMOVE) return undefined;
    const at = set.valueAt(op);
    if (kind === PUT_REFERENCE) {
      const value = this.engine.overflow.read(set.out.bytes, at, codec);
      return codec.decode(value, 0, value.length);
    }
    return this.#decode(codec, set.out.bytes, at, at + set.valueLength(op));
  }
}

/** Puts the key of an operation into `out` if it is above what is there. */
function raise(set: WriteSet, op: number, out: ByteWriter, found: boolean): true {
  const bytes = set.out.bytes;
  const begin = set.keyAt(op);
  const end = begin + set.keyLength(op);
  if (found && compareBytes(bytes, begin, end, out.bytes, 0, out.length) <= 0) return true;
  out.reset();
  out.raw(bytes, begin, end);
  return true;
}

/** A cursor that pins the state of its view until it ends or is closed. */
class ViewCursor extends CursorEntry implements HeldCursor {
  readonly #engine: Engine;
  readonly #walk: Walk | undefined;
  readonly #inner: EntryCursor | undefined;
  #held: State | undefined;

  /** `walk` is told of its steps. */
  constructor(engine: Engine, source: ViewSource, bounds: KeyBounds, walk: Walk | undefined) {
    super();
    this.#engine = engine;
    this.#walk = walk;
    const id = source.tree;
    if (id < 0) return;
    const state = source.state;
    this.#held = engine.states.pin(state);
    const root = engine.states.root(state, id);
    const base = new TreeCursor(engine.pager, engine.overflow, root, bounds);
    const sets = source.sets.filter((set) => set.touches(id)).reverse();
    for (const set of sets) set.shared = true;
    this.#inner = sets.length === 0
      ? base
      : new MergeCursor(sets, id, base, engine.overflow, bounds);
  }

  next(): boolean {
    const inner = this.#inner;
    if (inner === undefined || this.#held === undefined) return false;
    if (!inner.next()) {
      this.#walk?.end();
      this.close();
      return false;
    }
    this.takeKey(inner);
    this.#walk?.passed(this);
    return true;
  }

  loadValue(): void {
    this.takeValue(this.#inner!);
  }

  close(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    this.#engine.states.unpin(held);
    this.#walk?.close();
  }
}

/** What `Engine.closedCursor` is, if that source has a tree. */
function closedCursor(engine: Engine, source: ViewSource): HeldCursor | undefined {
  if (source.tree < 0 || source.sets.length > 0) return undefined;
  const cursor = new ViewCursor(engine, source, {}, undefined);
  cursor.close();
  return cursor;
}

/** A view of one tree as it was once. */
class HeldView extends TreeView implements HeldTree {
  readonly #held: HeldSource;

  constructor(engine: Engine, held: HeldSource) {
    super(engine, held);
    this.#held = held;
  }

  override get<T>(key: ByteWriter, codec: Codec<T>): T | undefined {
    this.#held.passed(key);
    return super.get(key, codec);
  }

  override getMany<T>(keys: KeyBatch, codec: Codec<T>): (T | undefined)[] {
    return this.getEach(keys, codec);
  }

  close(): void {
    this.#held.close();
  }
}
