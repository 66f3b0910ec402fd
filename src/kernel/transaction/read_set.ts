/**
 * What a serializable transaction has read: keys, and ranges as far as they were walked.
 *
 * Its view is that of its beginning. If nothing of what it read was committed since by others, it
 * would have read the same at its place in the order of commits, so that order is a serial one. A
 * transaction that changes nothing needs no such proof: it takes its place at its beginning, where
 * all it read was the committed state.
 *
 * Memory grows with what is read; neighbouring ranges become one.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { type CommitHistory, keyText, operationKey } from "./commit_history.ts";
import { CATALOG_TREE, DROPPED_TREE, treeKey } from "../tree/state.ts";
import type { KeyBounds } from "../tree/tree_cursor.ts";
import type { Walk, WalkedKey, Witness, WitnessedView } from "./witness.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** Key texts from `from` on, below `to`. */
interface TextRange {
  readonly from: string;
  readonly to: string;
}

/** Ranges from which on neighbours are joined. */
const JOIN_AT = 64;

/** The witness of level "serializable". */
export class ReadSet implements Witness {
  readonly live = false;
  readonly #view: WitnessedView;
  readonly #keys = new Set<string>();
  readonly #walks = new Set<RangeWalk>();
  #ranges: TextRange[] = [];
  #joinAt = JOIN_AT;
  #aside = 0;
  /** The tree that was read last. */
  #tree = -1;

  /** What the transaction of a view has read: nothing yet. */
  constructor(view: WitnessedView) {
    this.#view = view;
  }

  readKey(tree: number, key: ByteWriter): void {
    // What opening a structure reads is judged by what it enters: two that create alike agree.
    if (this.#aside > 0 || tree === CATALOG_TREE) return;
    this.#noteTree(tree);
    // An own change hides what others commit, and to change what they change is a conflict anyway.
    if (this.#view.own.find(tree, key.bytes, 0, key.length) >= 0) return;
    this.#keys.add(keyText(tree, key.bytes, 0, key.length));
  }

  readRange(tree: number, bounds: KeyBounds): void {
    if (this.#aside > 0) return;
    this.#noteTree(tree);
    this.#add(rangeOf(tree, bounds));
  }

  walk(tree: number, bounds: KeyBounds): Walk | undefined {
    if (this.#aside > 0) return undefined;
    this.#noteTree(tree);
    const walk = new RangeWalk(tree, bounds, () => {
      this.#walks.delete(walk);
      const range = walk.range();
      if (range !== undefined) this.#add(range);
    });
    this.#walks.add(walk);
    return walk;
  }

  aside<T>(body: () => T): T {
    this.#aside++;
    try {
      return body();
    } finally {
      this.#aside--;
    }
  }

  intended(): void {}

  changed(): void {}

  conflictsFrom(): number {
    return this.#view.since;
  }

  onlyPresence(): boolean {
    return false;
  }

  hasRead(set: WriteSet): boolean {
    this.#endWalks();
    for (let op = 0; op < set.count; op++) if (this.#has(operationKey(set, op))) return true;
    return false;
  }

  isOutdated(history: CommitHistory): boolean {
    this.#endWalks();
    return history.someSince(this.#view.since, (key) => this.#has(key));
  }

  #endWalks(): void {
    for (const walk of [...this.#walks]) walk.close();
    this.#join();
  }

  #has(key: string): boolean {
    return this.#keys.has(key) || this.#covers(key);
  }

  /** Whoever reads a tree has read that it was not dropped, too. */
  #noteTree(tree: number): void {
    if (tree === this.#tree) return;
    this.#tree = tree;
    this.#keys.add(keyText(DROPPED_TREE, treeKey(tree), 0, 4));
  }

  #add(range: TextRange): void {
    this.#ranges.push(range);
    if (this.#ranges.length >= this.#joinAt) this.#join();
  }

  /** Sorts the ranges and joins those that touch. */
  #join(): void {
    const joined: TextRange[] = [];
    const sorted = this.#ranges.sort((a, b) => a.from < b.from ? -1 : a.from > b.from ? 1 : 0);
    for (const { from, to } of sorted) {
      const last = joined.at(-1);
      if (last === undefined || from > last.to) joined.push({ from, to });
      else if (to > last.to) joined[joined.length - 1] = { from: last.from, to };
    }
    this.#ranges = joined;
    this.#joinAt = Math.max(JOIN_AT, joined.length * 2);
  }

  /** Whether a key lies in one of the joined ranges. */
  #covers(key: string): boolean {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.from <= key) low = middle + 1;
      else high = middle;
    }
    return low > 0 && key < this.#ranges[low - 1]!.to;
  }
}

/** A range that grows with the steps of a cursor. */
class RangeWalk implements Walk {
  readonly #tree: number;
  readonly #bounds: KeyBounds;
  readonly #closed: () => void;
  #bytes: Uint8Array | undefined;
  #begin = 0;
  #end = 0;
  #complete = false;

  constructor(tree: number, bounds: KeyBounds, closed: () => void) {
    this.#tree = tree;
    this.#bounds = bounds;
    this.#closed = closed;
  }

  passed({ keyBytes, keyBegin, keyEnd }: WalkedKey): void {
    this.#bytes = keyBytes;
    this.#begin = keyBegin;
    this.#end = keyEnd;
  }

  end(): void {
    this.#complete = true;
  }

  close(): void {
    this.#closed();
  }

  /** What was walked; `undefined` before the first step. */
  range(): TextRange | undefined {
    const whole = rangeOf(this.#tree, this.#bounds);
    if (this.#complete) return whole;
    if (this.#bytes === undefined) return undefined;
    const key = keyText(this.#tree, this.#bytes, this.#begin, this.#end);
    return this.#bounds.reverse === true
      ? { from: key, to: whole.to }
      : { from: whole.from, to: behind(key) };
  }
}

function rangeOf(tree: number, { lower, lowerOpen, upper, upperOpen }: KeyBounds): TextRange {
  const from = keyText(tree, lower ?? NO_KEY, 0, lower?.length ?? 0);
  // The character behind the colon ends all keys of the tree, and comes before those of others.
  if (upper === undefined) return { from: lowerOpen ? behind(from) : from, to: `${tree};` };
  const to = keyText(tree, upper, 0, upper.length);
  return { from: lowerOpen ? behind(from) : from, to: upperOpen ? to : behind(to) };
}

/** The first text behind another. */
function behind(text: string): string {
  return `${text}\0`;
}

const NO_KEY: Uint8Array = new Uint8Array(0);
