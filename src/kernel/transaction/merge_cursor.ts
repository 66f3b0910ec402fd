/**
 * Walks what a transaction sees: its own changes over sequenced but unapplied commits over a tree.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import type { OverflowStore } from "../page/overflow.ts";
import { CursorEntry, type EntryCursor, type KeyBounds } from "../tree/tree_cursor.ts";
import { PUT_REFERENCE, REMOVE, type WriteSet } from "../commit/write_set.ts";
import { WriteWalk } from "../commit/write_walk.ts";

/** Merges change sets (newest first) with a tree cursor; newer entries hide older ones. */
export class MergeCursor extends CursorEntry implements EntryCursor {
  readonly #base: EntryCursor;
  readonly #overflow: OverflowStore;
  readonly #sign: number;
  readonly #sources: WriteWalk[];
  #baseAlive = false;
  /** The source of the present entry; `undefined` is the base. */
  #from: WriteWalk | undefined;
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
    this.#sources = sets.map((set) => new WriteWalk(set, tree, bounds));
  }

  next(): boolean {
    if (!this.#started) {
      this.#started = true;
      for (const source of this.#sources.splice(0)) if (source.next()) this.#sources.push(source);
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
    const sources = this.#sources;
    let left = 0;
    for (const source of sources) {
      const at = source.set.keyAt(source.op);
      const until = at + source.set.keyLength(source.op);
      const same = compareBytes(source.set.out.bytes, at, until, keyBytes, keyBegin, keyEnd) === 0;
      if (!same || source.next()) sources[left++] = source;
    }
    sources.length = left;
  }
}
