/**
 * The reading views of structures: found in the catalog by name, over the state that a reader sees.
 *
 * @module
 */

import { catalogCodec, type CatalogEntry, catalogKey, checkDefinition } from "./catalog.ts";
import type { CheckProblem } from "./check.ts";
import type { Definition, Reader } from "./definition.ts";
import type { Engine } from "./engine.ts";
import { CATALOG_TREE, type State } from "./state.ts";
import { TreeView, type ViewSource } from "./tree_access.ts";
import type { WriteSet } from "./write_set.ts";

const NO_SETS: readonly WriteSet[] = [];

/** What the catalog is asked for. */
type Named = Pick<Definition<unknown>, "name" | "kind" | "format">;

/** Makes reading views, and remembers where structures are. */
export class StructureReaders {
  readonly #engine: Engine;
  readonly #catalog = new Map<string, CatalogEntry>();
  /** Views of the newest committed state. */
  readonly #latest = new Map<Definition<unknown>, unknown>();

  /** Readers of the trees of an engine. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * The view of the latest committed state; the same definition gives the same view.
   * @throws {StateError} `TYPE_MISMATCH`
   */
  latest<A>(definition: Definition<A>, check: () => void): Reader<A> {
    const known = this.#latest.get(definition as Definition<unknown>);
    const { redefined } = this.#engine;
    if (known !== undefined && !redefined.has(definition.name)) return known as Reader<A>;
    const { states } = this.#engine;
    const reader = this.of(definition, () => states.visible, check);
    this.#latest.set(definition as Definition<unknown>, reader);
    return reader;
  }

  /**
   * The view of a state; `check` is called before each read.
   * @throws {StateError} `TYPE_MISMATCH`
   */
  of<A>(definition: Definition<A>, state: () => State, check: () => void): Reader<A> {
    const source = new StateTree(state, check, (seen) => this.#treeOf(definition, seen));
    return definition.reader(
      new TreeView(this.#engine, source),
      (other) => this.of(other, state, check),
    );
  }

  /**
   * The tree of a structure as plain reads see it, -1 when it does not exist.
   * @throws {StateError} `TYPE_MISMATCH`
   */
  visibleTree<A>(definition: Definition<A>): number {
    return this.#treeOf(definition, this.#engine.states.visible);
  }

  /** What in a structure does not agree with what belongs to it. */
  verify(
    { name, kind, format, verify }: Named & Pick<Definition<unknown>, "verify">,
    state: State,
  ): readonly CheckProblem[] {
    if (verify === undefined) return [];
    const check = (): void => {};
    const find = (seen: State): number => this.#treeOf({ name, kind, format }, seen);
    return verify(
      new TreeView(this.#engine, new StateTree(() => state, check, find)),
      (other) => this.of(other, () => state, check),
    );
  }

  /** The tree of a structure in a state, -1 when it does not exist there. */
  #treeOf(definition: Named, state: State): number {
    const cached = this.#catalog.get(definition.name);
    if (cached !== undefined && !this.#engine.redefined.has(definition.name)) {
      checkDefinition(definition, cached);
      return cached.tree;
    }
    const entry = new TreeView(this.#engine, {
      check: () => {},
      state,
      sets: NO_SETS,
      tree: CATALOG_TREE,
      tips: undefined,
    }).get(catalogKey(definition.name), catalogCodec);
    if (entry === undefined) return -1;
    checkDefinition(definition, entry);
    this.#catalog.set(definition.name, entry);
    return entry.tree;
  }
}

/** One tree as plain reads and snapshots see it; it may come to exist later. */
class StateTree implements ViewSource {
  readonly sets: readonly WriteSet[] = NO_SETS;
  readonly tips = undefined;
  readonly check: () => void;
  readonly #state: () => State;
  readonly #find: (state: State) => number;
  #tree: number;

  constructor(state: () => State, check: () => void, find: (state: State) => number) {
    this.#state = state;
    this.check = check;
    this.#find = find;
    this.#tree = find(state());
  }

  get state(): State {
    return this.#state();
  }

  get tree(): number {
    if (this.#tree < 0) this.#tree = this.#find(this.#state());
    return this.#tree;
  }
}
