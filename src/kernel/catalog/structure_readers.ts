/**
 * The reading views of structures: found in the catalog by name, over the state that a reader sees.
 *
 * @module
 */

import { catalogCodec, type CatalogEntry, catalogKey, checkDefinition } from "./catalog.ts";
import type { CheckProblem } from "../check/check.ts";
import type { Definition, Reader } from "../definition.ts";
import type { Engine } from "../engine.ts";
import { CATALOG_TREE, type State } from "../tree/state.ts";
import { TreeView, type ViewSource } from "../tree/tree_access.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** What the catalog is asked for. */
type Named = Pick<Definition<unknown>, "name" | "kind" | "format">;

/** Makes reading views, and remembers where structures are. */
export class StructureReaders {
  readonly #engine: Engine;
  /** What was found by name, and in which version of the catalog. */
  readonly #found = new Map<string, { entry: CatalogEntry | undefined; catalog: number }>();
  /** Views of the newest committed state. */
  readonly #latest = new Map<Definition<unknown>, Latest>();

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
    if (known !== undefined) {
      known.source.find();
      return known.reader as Reader<A>;
    }
    const { states } = this.#engine;
    const state = (): State => states.visible;
    const source = this.#source(definition, state, check);
    const reader = this.#reader(definition, source, state, check);
    this.#latest.set(definition as Definition<unknown>, { source, reader });
    return reader;
  }

  /**
   * The view of a state, at the time `now` if that does not go on; `check` is called before each
   * read.
   * @throws {StateError} `TYPE_MISMATCH`
   */
  of<A>(
    definition: Definition<A>,
    state: () => State,
    check: () => void,
    now?: number,
  ): Reader<A> {
    return this.#reader(definition, this.#source(definition, state, check, now), state, check);
  }

  #reader<A>(
    definition: Definition<A>,
    source: StateTree,
    state: () => State,
    check: () => void,
  ): Reader<A> {
    const open = <B>(other: Definition<B>): Reader<B> => this.of(other, state, check, source.now);
    return definition.reader(new TreeView(this.#engine, source), open);
  }

  #source(definition: Named, state: () => State, check: () => void, now?: number): StateTree {
    const source = new StateTree(state, check, now, (seen) => this.#treeOf(definition, seen));
    source.find();
    return source;
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
    return verify(
      new TreeView(this.#engine, this.#source({ name, kind, format }, () => state, check)),
      (other) => this.of(other, () => state, check),
    );
  }

  /** The tree of a structure in a state, -1 when it does not exist there. */
  #treeOf(definition: Named, state: State): number {
    const entry = this.#entryOf(definition.name, state);
    if (entry === undefined) return -1;
    checkDefinition(definition, entry);
    return entry.tree;
  }

  #entryOf(name: string, state: State): CatalogEntry | undefined {
    const known = this.#found.get(name);
    if (known?.catalog === state.catalog) return known.entry;
    const entry = new TreeView(this.#engine, {
      check: () => {},
      state,
      sets: state.rest,
      tree: CATALOG_TREE,
      tips: undefined,
    }).get(catalogKey(name), catalogCodec);
    this.#found.set(name, { entry, catalog: state.catalog });
    return entry;
  }
}

/** A view of the newest committed state, and where it reads. */
interface Latest {
  readonly source: StateTree;
  readonly reader: unknown;
}

/** One tree as plain reads and snapshots see it; it may come to exist later, and be dropped. */
class StateTree implements ViewSource {
  readonly tips = undefined;
  readonly check: () => void;
  readonly now: number | undefined;
  readonly #state: () => State;
  readonly #find: (state: State) => number;
  #tree = -1;
  /** Version of the catalog in which it was found. */
  #catalog = -1;

  constructor(
    state: () => State,
    check: () => void,
    now: number | undefined,
    find: (state: State) => number,
  ) {
    this.#state = state;
    this.check = check;
    this.now = now;
    this.#find = find;
  }

  get state(): State {
    return this.#state();
  }

  get sets(): readonly WriteSet[] {
    return this.#state().rest;
  }

  get tree(): number {
    return this.find();
  }

  /**
   * Its number in the present state, -1 when it does not exist there.
   * @throws {StateError} `TYPE_MISMATCH`
   */
  find(): number {
    const state = this.#state();
    if (state.catalog !== this.#catalog) {
      this.#tree = this.#find(state);
      this.#catalog = state.catalog;
    }
    return this.#tree;
  }
}
