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

import { catalogCodec, catalogKey, checkDefinition } from "./catalog.ts";
import type { Change, ChangeOf, RangeOf } from "./change.ts";
import type { Definition } from "./definition.ts";
import type { Engine } from "./engine.ts";
import { CATALOG_TREE } from "./state.ts";
import type { KeyBounds } from "./tree_cursor.ts";
import { Watch, type WatchOptions } from "./watch.ts";
import { PUT, PUT_REFERENCE, REMOVE, type WriteSet } from "./write_set.ts";
import { WriteWalk } from "./write_walk.ts";

/** One who watches, and what. */
interface Watcher {
  readonly definition: Definition<unknown>;
  readonly catalogKey: Uint8Array;
  readonly bounds: KeyBounds;
  readonly watch: Pick<Watch<unknown>, "push" | "stop">;
  /** -1 while the structure does not exist. */
  tree: number;
}

/** All who watch a database. */
export class Watchers {
  readonly #engine: Engine;
  readonly #watchers = new Set<Watcher>();

  /** Nobody watches. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Begins a watch. `tree` is that of the structure, -1 while it does not exist. */
  add<A>(definition: Definition<A>, tree: number, options: WatchOptions<A>): Watch<ChangeOf<A>> {
    const { health } = this.#engine;
    if (health.poisoned) throw health.error();
    const { limit: _limit, limitBytes: _limitBytes, signal: _signal, ...range } = options;
    const { feed } = definition;
    const [unknown] = Object.keys(range);
    if (feed === undefined && unknown !== undefined) {
      throw new TypeError(`Unknown option "${unknown}" of a watch of a ${definition.kind}`);
    }
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
    return watch;
  }

  /** Tells a commit that plain reads see now. Never throws. */
  take(set: WriteSet): void {
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
    const { out } = set;
    const { catalogKey: name, definition, watch } = watcher;
    const op = set.find(CATALOG_TREE, name, 0, name.length);
    if (op >= 0) {
      const at = set.valueAt(op);
      const entry = set.kind(op) === PUT
        ? catalogCodec.decode(out.bytes, at, at + set.valueLength(op))
        : undefined;
      // Dropped, and perhaps another one was created in the same commit.
      if (watcher.tree >= 0 && entry?.tree !== watcher.tree) return watch.stop("done");
      if (entry === undefined) return;
      checkDefinition(definition, entry);
      watcher.tree = entry.tree;
    }
    if (watcher.tree < 0 || !set.touches(watcher.tree)) return;
    const walk = new WriteWalk(set, watcher.tree, watcher.bounds);
    while (walk.next()) {
      const begin = set.keyAt(walk.op);
      const key = out.bytes.slice(begin, begin + set.keyLength(walk.op));
      watch.push(this.#copy(set, walk.op, key));
    }
  }

  #copy(set: WriteSet, op: number, key: Uint8Array): Change {
    const { sequence, out } = set;
    const at = set.valueAt(op);
    switch (set.kind(op)) {
      case PUT_REFERENCE:
        return { kind: "put", key, value: this.#engine.overflow.read(out.bytes, at), sequence };
      case REMOVE:
        return { kind: "remove", key, value: undefined, sequence };
      default:
        return { kind: "put", key, value: out.bytes.slice(at, at + set.valueLength(op)), sequence };
    }
  }
}
