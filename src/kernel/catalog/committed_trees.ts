/**
 * Which tree holds a structure that every later transaction is going to find: saves them the
 * catalog. A drop makes it forget, and says who may still use it.
 *
 * @module
 */

import type { Definition } from "../definition.ts";

/** Trees of committed structures, by definition. */
export class CommittedTrees {
  readonly #trees = new Map<Definition<unknown>, number>();
  #since = 0;

  /** The tree of a definition for a view that sees all commits before `since`, if it is known. */
  get(definition: Definition<unknown>, since: number): number | undefined {
    return since >= this.#since ? this.#trees.get(definition) : undefined;
  }

  /** Such a view has found the tree of a structure whose creation is durable. */
  set(definition: Definition<unknown>, tree: number, since: number): void {
    if (since >= this.#since) this.#trees.set(definition, tree);
  }

  /** Structures were dropped before `sequence`: views from then on find something else. */
  forget(sequence: number): void {
    this.#trees.clear();
    this.#since = sequence;
  }
}
