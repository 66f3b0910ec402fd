/**
 * Hands the changes of applied commits to those who watch. Costs one check a commit while nobody
 * does.
 *
 * A commit's write set is its list of changes: of several on one key only the last is told, and they
 * come in the order of the keys. It is told when plain reads see it, so never before it is as
 * durable as it asked, and commits are told in the order in which they are applied.
 *
 * @module
 */

import {
  catalogCodec,
  type CatalogEntry,
  catalogKey,
  checkDefinition,
} from "../catalog/catalog.ts";
import type { Change, ChangeOf, RangeOf } from "./change.ts";
import { changesOf, isWithin } from "./committed_changes.ts";
import type { Definition } from "../definition.ts";
import type { Engine } from "../engine.ts";
import type { RetainedChanges, RetainedCommit } from "./retained_changes.ts";
import { CATALOG_TREE } from "../tree/state.ts";
import type { KeyBounds } from "../tree/tree_cursor.ts";
import { Watch, type WatchOptions } from "./watch.ts";
import { PUT, type WriteSet } from "../commit/write_set.ts";

/** One who watches, and what. */
interface Watcher {
  readonly definition: Definition<unknown>;
  readonly catalogKey: Uint8Array;
  readonly bounds: KeyBounds;
  readonly watch: Pick<Watch<unknown>, "push" | "replay" | "stop">;
  /** -1 while the structure does not exist. */
  tree: number;
}

/** All who watch a database. */
export class Watchers {
  readonly #engine: Engine;
  readonly #retained: RetainedChanges;
  readonly #watchers = new Set<Watcher>();

  /** Nobody watches. */
  constructor(engine: Engine, retained: RetainedChanges) {
    this.#engine = engine;
    this.#retained = retained;
  }

  /** Begins a watch. `tree` is that of the structure, -1 while it does not exist. */
  add<A>(definition: Definition<A>, tree: number, options: WatchOptions<A>): Watch<ChangeOf<A>> {
    const { health } = this.#engine;
    if (health.poisoned) throw health.error();
    const { limit: _limit, limitBytes: _limitBytes, signal: _signal, from, ...range } = options;
    const { feed } = definition;
    const [unknown] = Object.keys(range);
    if (feed === undefined && unknown !== undefined) {
      throw new TypeError(`Unknown option "${unknown}" of a watch of a ${definition.kind}`);
    }
    const commits = from === undefined ? [] : this.#retained.after(from);
    const watch = new Watch<ChangeOf<A>>(
      definition.name,
      options,
      (change) => feed?.decode(change, watcher.tree) ?? change as ChangeOf<A>,
    );
    const watcher: Watcher = {
      definition: definition as Definition<unknown>,
      catalogKey: catalogKey(definition.name).toBytes(),
      bounds: feed?.bounds(range as RangeOf<A>) ?? {},
      watch,
      tree,
    };
    this.#watchers.add(watcher);
    watch.onStop = (): void => void this.#watchers.delete(watcher);
    // No commit is told between these: one is retained already, or is going to be told.
    try {
      this.#replay(watcher, commits);
    } catch (error) {
      watch.stop({ error });
    }
    return watch;
  }

  /** Tells a commit that plain reads see now. Never throws. */
  take(set: WriteSet): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of [...this.#watchers]) {
      try {
        this.#tell(watcher, set);
      } catch (error) {
        // The commit is done, whether or not its values can be read back for this watcher.
        watcher.watch.stop({ error });
      }
    }
  }

  /** Ends all watches once they have yielded what waits. */
  end(): void {
    for (const { watch } of [...this.#watchers]) watch.stop("done");
  }

  /** Ends all watches with an error once they have yielded what waits. */
  fail(error: unknown): void {
    for (const { watch } of [...this.#watchers]) watch.stop({ error });
  }

  #tell(watcher: Watcher, set: WriteSet): void {
    const { catalogKey: name, watch } = watcher;
    const op = set.find(CATALOG_TREE, name, 0, name.length);
    if (op >= 0) {
      const at = set.valueAt(op);
      const { bytes } = set.out;
      const entry = set.kind(op) === PUT
        ? catalogCodec.decode(bytes, at, at + set.valueLength(op))
        : undefined;
      follow(watcher, entry);
    }
    if (watcher.tree < 0) return;
    const { overflow } = this.#engine;
    for (const change of changesOf(set, watcher.tree, watcher.bounds, overflow)) watch.push(change);
  }

  /** Tells what was committed before the watch began. */
  #replay(watcher: Watcher, commits: readonly RetainedCommit[]): void {
    const { definition: { name }, bounds, watch } = watcher;
    const renaming = commits.find(({ names }) => names.has(name));
    if (renaming !== undefined) watcher.tree = renaming.names.get(name)!.former;
    for (const { names, trees } of commits) {
      const change = names.get(name);
      if (change !== undefined) follow(watcher, change.entry);
      for (const each of trees.get(watcher.tree) ?? []) {
        if (isWithin(bounds, each.key, 0, each.key.length)) watch.replay(copyOf(each));
      }
    }
  }
}

/**
 * The name that is watched has another entry in the catalog.
 * @throws {StateError} `TYPE_MISMATCH`
 */
function follow(watcher: Watcher, entry: CatalogEntry | undefined): void {
  // Dropped, and perhaps another one was created in the same commit.
  if (watcher.tree >= 0 && entry?.tree !== watcher.tree) {
    watcher.tree = -1;
    return watcher.watch.stop("done");
  }
  if (entry === undefined) return;
  checkDefinition(watcher.definition, entry);
  watcher.tree = entry.tree;
}

function copyOf(change: Change): Change {
  const { kind, key, value, sequence } = change;
  return kind === "remove"
    ? { kind, key: key.slice(), value: undefined, sequence }
    : { kind, key: key.slice(), value: value.slice(), sequence };
}
