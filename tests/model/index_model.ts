/**
 * The indexes of the model, over the entries of a view.
 *
 * @module
 */

import type { RangeOptions } from "../../mod.ts";
import { Refusal } from "./refusal.ts";
import type { Guard, TransactionModel } from "./transaction_model.ts";
import type { ViewModel, WalkPlan } from "./view_model.ts";

/** The indexes without secondary ones. */
export type IndexName = "replace" | "exclusive" | "cluster";

/** The key of the index that an entry belongs to: in a cluster the value follows it. */
export function ownerOf(tree: string, key: string): string {
  return tree === "cluster" ? key.slice(0, key.indexOf(",")) : key;
}

/** A key of a cluster and one of its values. */
export function pairName(key: string, value: string): string {
  return `${key},${value}`;
}

/** The walk of a range. */
export function planOf(
  range: RangeOptions<string>,
  keyOf: (entryKey: string) => string = (key) => key,
): WalkPlan {
  const { gt, gte, lt, lte, prefix = "", reverse = false, offset = 0, limit = Infinity } = range;
  const within = (entryKey: string): boolean => {
    const key = keyOf(entryKey);
    return (gt === undefined || key > gt) && (gte === undefined || key >= gte) &&
      (lt === undefined || key < lt) && (lte === undefined || key <= lte) && key.startsWith(prefix);
  };
  return { within, reverse, steps: offset + limit };
}

/** The entries of a range: key and value. */
export function rangeOf(
  view: ViewModel,
  tree: IndexName | "users",
  range: RangeOptions<string>,
): [string, string][] {
  const walked = view.walk(tree, planOf(range, (key) => ownerOf(tree, key)));
  return walked.slice(range.offset ?? 0).map(([key, value]) => entryOf(tree, key, value));
}

function entryOf(tree: string, key: string, value: string): [string, string] {
  return tree === "cluster" ? [ownerOf(tree, key), key.slice(key.indexOf(",") + 1)] : [key, value];
}

/** The value of a key, or in a cluster all of them. */
export function getOf(view: ViewModel, tree: IndexName | "users", key: string): unknown {
  if (tree !== "cluster") return view.get(tree, key);
  return rangeOf(view, tree, { gte: key, lte: key }).map(([, value]) => value);
}

/** Whether a key is there. */
export function hasIn(view: ViewModel, tree: IndexName | "users", key: string): boolean {
  if (tree !== "cluster") return view.has(tree, key);
  return rangeOf(view, tree, { gte: key, lte: key, limit: 1 }).length > 0;
}

/** Changes an index of one of the modes. */
export class IndexModel {
  readonly #tx: TransactionModel;
  readonly #tree: IndexName;

  constructor(tx: TransactionModel, tree: IndexName) {
    this.#tx = tx;
    this.#tree = tree;
  }

  put(key: string, value: string): void {
    if (this.#tree === "cluster") return this.#tx.put(this.#tree, pairName(key, value), "");
    if (this.#tree === "replace") return this.#tx.put(this.#tree, key, value);
    const present = this.#tx.get(this.#tree, key);
    if (present === value) return;
    if (present !== undefined) throw new Refusal("ALREADY_EXISTS");
    this.#tx.put(this.#tree, key, value, "unchanged");
  }

  remove(key: string, value?: string): boolean {
    if (this.#tree === "cluster") {
      if (value === undefined) return this.deleteRange({ gte: key, lte: key }) > 0;
      return this.#tx.remove(this.#tree, pairName(key, value));
    }
    if (value === undefined) return this.#tx.remove(this.#tree, key);
    if (this.#tx.get(this.#tree, key) !== value) return false;
    return this.#tx.remove(this.#tree, key, "unchanged");
  }

  deleteRange(range: RangeOptions<string>): number {
    const offset = range.offset ?? 0;
    const plan = planOf(range, (key) => ownerOf(this.#tree, key));
    let passed = 0;
    this.#tx.walk(this.#tree, plan, (key) => {
      if (passed++ >= offset) this.#tx.remove(this.#tree, key);
    });
    return Math.max(0, passed - offset);
  }

  compareAndSet(key: string, expected: string | undefined, next: string | undefined): boolean {
    if (this.#tree === "cluster") {
      if (expected === undefined) {
        if (hasIn(this.#tx, this.#tree, key)) return false;
      } else if (!this.#tx.remove(this.#tree, pairName(key, expected), "unchanged")) return false;
      if (next !== undefined) this.put(key, next);
      return true;
    }
    if (this.#tx.get(this.#tree, key) !== expected) return false;
    this.#set(key, next, "unchanged");
    return true;
  }

  /** Puts what `change` makes of the present values. @returns the new ones */
  update(key: string, change: (present: string[]) => string[]): string[] {
    const tree = this.#tree;
    const present = tree === "cluster"
      ? getOf(this.#tx, tree, key) as string[]
      : [this.#tx.get(tree, key)].filter((value) => value !== undefined);
    const next = change(present);
    if (tree !== "cluster") {
      this.#set(key, next[0], "unchanged");
    } else {
      this.remove(key);
      for (const value of next) this.put(key, value);
    }
    return next;
  }

  #set(key: string, value: string | undefined, guard: Guard): void {
    if (value === undefined) this.#tx.remove(this.#tree, key, guard);
    else this.#tx.put(this.#tree, key, value, guard);
  }
}
