/**
 * A prepared transaction of the model: what it will change, and what it keeps from others.
 *
 * @module
 */

import { type EntryChange, treeOf } from "./state.ts";

/** What becomes of it. */
export type Decision = "commit" | "rollback";

/** In doubt from its prepare to its decision. */
export class PreparedModel {
  readonly id: string;
  readonly changes: readonly EntryChange[];
  /** What has become of it; a crash may take that back. */
  decision: Decision | undefined;
  /** Whether it was prepared before the store was opened. */
  isInherited = false;
  /** What each of its entries will be. */
  readonly #last: ReadonlyMap<string, string | undefined>;

  constructor(id: string, changes: readonly EntryChange[]) {
    this.id = id;
    this.changes = changes;
    this.#last = new Map(changes.map(({ entry, value }) => [entry, value]));
  }

  /** The tree of the scrap if it creates that. */
  get created(): string | undefined {
    return this.#last.get("catalog/scrap");
  }

  /** Whether nobody else may make a change: its keys, trees that it drops, drops of its trees. */
  holds({ entry, value }: EntryChange): boolean {
    const tree = treeOf(entry);
    if (this.#last.has(`dropped/${tree}`)) return true;
    if (this.#last.has(entry)) {
      // Two that create the same structure agree.
      return tree !== "catalog" || value === undefined || value !== this.#last.get(entry);
    }
    if (tree !== "dropped") return false;
    const dropped = entry.slice(tree.length + 1);
    return this.changes.some((change) => treeOf(change.entry) === dropped);
  }
}
