/**
 * Walks the changes of a write set to one tree.
 *
 * @module
 */

import type { KeyBounds } from "../tree/tree_cursor.ts";
import type { WriteOrder } from "./write_order.ts";
import type { WriteSet } from "./write_set.ts";

/**
 * The last change of each key within bounds, in walking order, as they were when the walk was made.
 * The set may grow meanwhile.
 */
export class WriteWalk {
  readonly set: WriteSet;
  /** The operation that `next` moved to. */
  op = -1;
  readonly #tree: number;
  readonly #bounds: KeyBounds;
  /** Operations from this one on are later than the walk. */
  readonly #count: number;
  /** From the first step on. */
  #order: WriteOrder | undefined;
  #node = 0;

  /** Prepares a walk; nothing is read before `next`. */
  constructor(set: WriteSet, tree: number, bounds: KeyBounds) {
    this.set = set;
    this.#tree = tree;
    this.#bounds = bounds;
    this.#count = set.count;
  }

  /** Moves to the next change. @returns `false` at the end, from where it moves no more. */
  next(): boolean {
    const order = this.#order ?? this.#begin();
    for (; this.#node !== 0; this.#step(order)) {
      if (!this.#isWithin(order)) break;
      const op = order.among(this.#count, order.latest(this.#node));
      if (op < 0) continue;
      this.op = op;
      this.#step(order);
      return true;
    }
    this.#node = 0;
    return false;
  }

  #begin(): WriteOrder {
    const { reverse, lower, lowerOpen, upper, upperOpen } = this.#bounds;
    const order = this.set.order();
    this.#order = order;
    this.#node = reverse === true
      ? order.last(this.#tree, upper, upperOpen === true)
      : order.first(this.#tree, lower, lowerOpen === true);
    return order;
  }

  #step(order: WriteOrder): void {
    this.#node = this.#bounds.reverse === true ? order.back(this.#node) : order.next(this.#node);
  }

  /** Whether the walk has not gone past its far bound. */
  #isWithin(order: WriteOrder): boolean {
    const { reverse, lower, lowerOpen, upper, upperOpen } = this.#bounds;
    const bound = reverse === true ? lower : upper;
    if (bound === undefined) return order.isOf(this.#node, this.#tree);
    const side = order.compare(this.#node, this.#tree, bound, 0, bound.length);
    if (side === 0) return reverse === true ? lowerOpen !== true : upperOpen !== true;
    if (!order.isOf(this.#node, this.#tree)) return false;
    return reverse === true ? side > 0 : side < 0;
  }
}
