/**
 * Walks what a transaction sees: its own changes over sequenced but unapplied commits over a tree.
 *
 * @module
 */

import { compareBytes } from "../base/compare.ts";
import type { OverflowStore } from "./overflow.ts";
import { CursorEntry, type EntryCursor, type KeyBounds } from "./tree_cursor.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "./write_set.ts";

/** The changes of one write set to one tree within the bounds, in walking order. */
class ChangeSource {
  readonly set: WriteSet;
  readonly #ops: Int32Array;
  #at = -1;

  constructor(set: WriteSet, tree: number, bounds: KeyBounds) {
    this.set = set;
    const ops = set.sorted(tree).filter((op) => this.#inside(op, bounds));
    this.#ops = bounds.reverse ? ops.reverse() : ops;
  }

  get op(): number {
    return this.#ops[this.#at]!;
  }

  next(): boolean {
    return ++this.#at < this.#ops.length;
  }

  #inside(op: number, bounds: KeyBounds): boolean {
    const { lower, upper } = bounds;
    const bytes = this.set.out.bytes;
    const begin = this.set.keyAt(op);
    const end = begin + this.set.keyLength(op);
    if (lower !== undefined) {
      const order = compareBytes(bytes, begin, end, lower, 0, lower.length);
      if (order < 0 || (order === 0 && bounds.lowerOpen)) return false;
    }
    if (upper !== undefined) {
      const order = compareBytes(bytes, begin, end, upper, 0, upper.length);
      if (order > 0 || (order === 0 && bounds.upperOpen)) return false;
    }
    return true;
  }
}

/** Merges change sets (newest first) with a tree cursor; newer entries hide older ones. */
export class MergeCursor extends CursorEntry implements EntryCursor {
  readonly #base: EntryCursor;
  readonly #overflow: OverflowStore;
  readonly #sign: number;
  #sources: ChangeSource[];
  #baseAlive = false;
  /** The source of the present entry; `undefined` is the base. */
  #from: ChangeSource | undefined;
  #op = 0;
  #started = false;

  /** `sets` are newest first. */
  constructor(
    sets: readonly WriteSet[],
    tree: number,
    base: EntryCursor,
    overflow: OverflowStore,
    bounds: KeyBounds,
  ) {
    super();
    this.#base = base;
    this.#overflow = overflow;
    this.#sign = bounds.reverse ? -1 : 1;
    this.#sources = sets.map((set) => new ChangeSource(set, tree, bounds));
  }

  next(): boolean {
    if (!this.#started) {
      this.#started = true;
      this.#sources = this.#sources.filter((source) => source.next());
      this.#baseAlive = this.#base.next();
    } else {
      this.#advance();
    }
    while (this.#choose()) {
      if (this.#from === undefined || this.#from.set.kind(this.#op) !== REMOVE) return true;
      this.#advance();
    }
    return false;
  }

  loadValue(): void {
    if (this.#from === undefined) {
      this.takeValue(this.#base);
      return;
    }
    const set = this.#from.set;
    const at = set.valueAt(this.#op);
    this.valueBytes = set.kind(this.#op) === PUT_REFERENCE
      ? this.#overflow.read(set.out.bytes, at)
      : set.out.bytes.slice(at, at + set.valueLength(this.#op));
    this.valueBegin = 0;
    this.valueEnd = this.valueBytes.length;
  }

  /** Picks the first key of all sources; among equal keys the newest source. */
  #choose(): boolean {
    this.#from = undefined;
    let found = this.#baseAlive;
    let bytes = this.#base.keyBytes;
    let begin = this.#base.keyBegin;
    let end = this.#base.keyEnd;
    for (let i = this.#sources.length - 1; i >= 0; i--) {
      const source = this.#sources[i]!;
      const at = source.set.keyAt(source.op);
      const until = at + source.set.keyLength(source.op);
      const order = found
        ? compareBytes(source.set.out.bytes, at, until, bytes, begin, end) * this.#sign
        : -1;
      if (order > 0) continue;
      found = true;
      this.#from = source;
      bytes = source.set.out.bytes;
      begin = at;
      end = until;
    }
    if (!found) return false;
    if (this.#from !== undefined) {
      this.#op = this.#from.op;
      bytes = bytes.slice(begin, end);
      end -= begin;
      begin = 0;
    }
    this.keyBytes = bytes;
    this.keyBegin = begin;
    this.keyEnd = end;
    return true;
  }

  /** Moves every source that stands on the present key. */
  #advance(): void {
    const { keyBytes, keyBegin, keyEnd } = this;
    const base = this.#base;
    if (
      this.#baseAlive && compareBytes(
          base.keyBytes,
          base.keyBegin,
          base.keyEnd,
          keyBytes,
          keyBegin,
          keyEnd,
        ) === 0
    ) this.#baseAlive = base.next();
    this.#sources = this.#sources.filter((source) => {
      const at = source.set.keyAt(source.op);
      const until = at + source.set.keyLength(source.op);
      const same = compareBytes(source.set.out.bytes, at, until, keyBytes, keyBegin, keyEnd) === 0;
      return !same || source.next();
    });
  }
}
