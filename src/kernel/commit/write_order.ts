/**
 * The keys of a write set in their order, so that walks through a large transaction need neither
 * sort nor copy what it has written. A skip list in an array of integers; a node is a position:
 *
 * | at     | field                                               |
 * | ------ | --------------------------------------------------- |
 * | 0      | the last operation on the key                       |
 * | 1      | the node before, 0 before the first                 |
 * | 2 + i  | the next node on level i, 0 behind the last         |
 *
 * The node at 0 is no key: it has all levels and comes before all others. Nodes stay where they are
 * and are never removed, and each operation knows the one before it on its key. So who has begun a
 * walk when there were `n` operations leaves out those from `n` on, and is not disturbed by them.
 *
 * Nothing is entered before somebody walks: a transaction that only writes pays nothing.
 *
 * @module
 */

import { compareBytes } from "../../base/compare.ts";
import type { WriteSet } from "./write_set.ts";

const LATEST = 0;
const BACK = 1;
const NEXT = 2;

/** A quarter of the nodes of a level are on the next: enough for 4^12 keys. */
const LEVELS = 12;

/** The node before all others. */
const FIRST: readonly number[] = new Array<number>(NEXT + LEVELS).fill(0);

const NO_KEY = new Uint8Array(0);

/** The node on each level behind which a key belongs: scratch of `#behind`. */
const path = new Int32Array(LEVELS);

/** The order of a write set. */
export class WriteOrder {
  readonly #set: WriteSet;
  readonly #nodes: number[] = [...FIRST];
  #levels = 1;
  /** By operation: the one before it on its key, or -1. */
  readonly #previous: number[] = [];

  /** An order in which nothing is entered yet. */
  constructor(set: WriteSet) {
    this.#set = set;
  }

  /** Enters the operations that were added since. */
  catchUp(): void {
    for (let op = this.#previous.length; op < this.#set.count; op++) this.#enter(op);
  }

  /** The node of the first key of a tree that is at `key` or above; `open`: above. 0 if none. */
  first(tree: number, key: Uint8Array | undefined, open: boolean): number {
    const bytes = key ?? NO_KEY;
    const node = this.next(this.#behind(tree, bytes, 0, bytes.length, key !== undefined && open));
    return this.isOf(node, tree) ? node : 0;
  }

  /** The node of the last key of a tree that is at `key` or below; `open`: below. 0 if none. */
  last(tree: number, key: Uint8Array | undefined, open: boolean): number {
    const bytes = key ?? NO_KEY;
    const node = key === undefined
      ? this.#behind(tree + 1, bytes, 0, 0, false)
      : this.#behind(tree, bytes, 0, bytes.length, !open);
    return this.isOf(node, tree) ? node : 0;
  }

  /** The node behind another, of whatever tree. */
  next(node: number): number {
    return this.#nodes[node + NEXT]!;
  }

  /** The node before another. */
  back(node: number): number {
    return this.#nodes[node + BACK]!;
  }

  /** The last operation on the key of a node. */
  latest(node: number): number {
    return this.#nodes[node + LATEST]!;
  }

  /** The last operation on the key of `op`, this one included, of the first `count`; -1 if none. */
  among(count: number, op: number): number {
    let at = op;
    while (at >= count) at = this.#previous[at]!;
    return at;
  }

  /** Orders the key of a node and another. */
  compare(node: number, tree: number, bytes: Uint8Array, begin: number, end: number): number {
    const set = this.#set;
    const op = this.#nodes[node + LATEST]!;
    const difference = set.tree(op) - tree;
    if (difference !== 0) return difference;
    const at = set.keyAt(op);
    return compareBytes(set.out.bytes, at, at + set.keyLength(op), bytes, begin, end);
  }

  /** Whether a node is of a tree. */
  isOf(node: number, tree: number): boolean {
    return node !== 0 && this.#set.tree(this.latest(node)) === tree;
  }

  #enter(op: number): void {
    const set = this.#set;
    const begin = set.keyAt(op);
    const end = begin + set.keyLength(op);
    const before = this.#behind(set.tree(op), set.out.bytes, begin, end, false);
    const found = this.next(before);
    const isKnown = found !== 0 &&
      this.compare(found, set.tree(op), set.out.bytes, begin, end) === 0;
    this.#previous.push(isKnown ? this.latest(found) : -1);
    if (isKnown) this.#nodes[found + LATEST] = op;
    else this.#insert(op);
  }

  /** Puts a node where `path` says. */
  #insert(op: number): void {
    const height = heightOf(op);
    const nodes = this.#nodes;
    const node = nodes.length;
    // Above the levels in use only the first node is in the way.
    while (this.#levels < height) path[this.#levels++] = 0;
    nodes.push(op, path[0]!);
    for (let level = 0; level < height; level++) {
      const before = path[level]! + NEXT + level;
      nodes.push(nodes[before]!);
      nodes[before] = node;
    }
    const next = nodes[node + NEXT]!;
    if (next !== 0) nodes[next + BACK] = node;
  }

  /** The last node whose key is below a key, or `through` it, and that of each level in `path`. */
  #behind(
    tree: number,
    bytes: Uint8Array,
    begin: number,
    end: number,
    through: boolean,
  ): number {
    const nodes = this.#nodes;
    let node = 0;
    let beyond = 0;
    for (let level = this.#levels - 1; level >= 0; level--) {
      for (;;) {
        const next = nodes[node + NEXT + level]!;
        if (next === beyond) break;
        const order = this.compare(next, tree, bytes, begin, end);
        if (order > 0 || (order === 0 && !through)) {
          beyond = next;
          break;
        }
        node = next;
      }
      path[level] = node;
    }
    return node;
  }
}

/** How many levels a node has: one more with every fourth, in no pattern that keys could have. */
function heightOf(op: number): number {
  let mixed = Math.imul(op ^ op >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  let height = 1;
  while (height < LEVELS && (mixed & 3) === 3) {
    height++;
    mixed >>>= 2;
  }
  return height;
}
