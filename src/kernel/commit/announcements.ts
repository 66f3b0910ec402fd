/**
 * Telling commits that were applied: to those who watch, to what is kept for those who will, and to
 * hooks.
 *
 * @module
 */

import { CommitHooks } from "./commit_hooks.ts";
import type { Engine } from "../engine.ts";
import { RetainedChanges } from "../watch/retained_changes.ts";
import { CATALOG_TREE, FIRST_TREE } from "../tree/state.ts";
import { Watchers } from "../watch/watchers.ts";
import type { WriteSet } from "./write_set.ts";

/** All who are told. */
export class Announcements {
  readonly retained: RetainedChanges;
  readonly watchers: Watchers;
  readonly hooks: CommitHooks = new CommitHooks();
  readonly #engine: Engine;

  /** Nobody is told yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.retained = new RetainedChanges(engine);
    this.watchers = new Watchers(engine, this.retained);
  }

  /** Tells a commit that was applied, unless plain reads do not see it yet. Never throws. */
  take(set: WriteSet): void {
    const { states } = this.#engine;
    if (states.visible !== states.working) return;
    this.retained.take(set);
    this.watchers.take(set);
    if (this.hooks.listening && changesStructures(set)) this.hooks.tell(set.sequence);
  }
}

/** Whether anybody but the kernel can see a difference: to prepare a transaction makes none. */
function changesStructures(set: WriteSet): boolean {
  for (let op = 0; op < set.count; op++) {
    const tree = set.tree(op);
    if (tree === CATALOG_TREE || tree >= FIRST_TREE) return true;
  }
  return false;
}
