/**
 * Gives the salvaged trees their names: from the salvaged catalog; where that is damaged from older
 * catalog pages, because a tree's id is never given to another structure; else `lost-7` for tree 7.
 * A tree that was dropped gets none, whatever pages are found of it: it is freed by who opens the new
 * store, and with it all that anybody would have put into it.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { catalogCodec, catalogKey } from "../catalog/catalog.ts";
import { decodeEntry, type NamedTree } from "../check/catalog_check.ts";
import {
  type Arena,
  cellAt,
  keyLength,
  LEAF_CELL_HEAD,
  OVERFLOW,
  slotCount,
} from "../page/page.ts";
import { isTreeId, type SalvageTarget } from "./salvage_target.ts";
import type { SalvageSource } from "./salvage_source.ts";
import { CATALOG_TREE, FIRST_TREE } from "../tree/state.ts";
import type { StructureInfo } from "../catalog/structure_tree.ts";
import { TreeCursor } from "../tree/tree_cursor.ts";
import { droppedIds } from "../tree/tree_ids.ts";

/** The catalog of the new store. */
export class SalvageNames {
  readonly #source: SalvageSource;
  readonly #target: SalvageTarget;
  readonly #byTree = new Map<number, NamedTree>();
  readonly #names = new Set<string>();
  readonly #dropped: ReadonlySet<number>;

  /** Reads what was salvaged of the catalog; entries that mean nothing are removed. */
  constructor(source: SalvageSource, target: SalvageTarget) {
    this.#source = source;
    this.#target = target;
    const { engine } = target;
    const steps = droppedIds(engine, engine.states.working);
    let step = steps.next();
    while (!step.done) step = steps.next();
    this.#dropped = step.value;
    for (const id of step.value) if (isTreeId(id)) this.#give(id);
    const root = engine.states.root(engine.states.working, CATALOG_TREE);
    const bad: Uint8Array[] = [];
    const cursor = new TreeCursor(engine.pager, engine.overflow, { ...root }, {});
    while (cursor.next()) {
      cursor.loadValue();
      const { keyBytes, keyBegin, keyEnd, valueBytes, valueBegin, valueEnd } = cursor;
      const key = keyBytes.slice(keyBegin, keyEnd);
      const entry = decodeEntry(key, valueBytes, valueBegin, valueEnd);
      const isGood = entry !== undefined && isTreeId(entry.tree) && entry.tree >= FIRST_TREE &&
        !this.#dropped.has(entry.tree);
      if (!isGood || this.#byTree.has(entry.tree)) bad.push(key);
      else this.#take(entry);
    }
    for (const key of bad) {
      source.report("CORRUPT_VALUE", "An entry of the catalog makes no sense");
      target.remove(CATALOG_TREE, key);
    }
  }

  /** The structures, in the order of their names. */
  get all(): NamedTree[] {
    return [...this.#byTree.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Trees that hold entries and have no name. */
  get nameless(): Set<number> {
    const ids = this.#target.trees.filter((id) => id >= FIRST_TREE && this.#target.count(id) > 0);
    return new Set(ids.filter((id) => !this.#byTree.has(id) && !this.#dropped.has(id)));
  }

  /** Takes names of nameless trees from an older page of the catalog. */
  takeOlder(leaf: Arena, nameless: ReadonlySet<number>): void {
    for (let slot = 0; slot < slotCount(leaf, 0); slot++) {
      const cell = cellAt(leaf, 0, slot);
      const keyEnd = cell + LEAF_CELL_HEAD + keyLength(leaf, 0, slot);
      const length = leaf.u8[cell]! | leaf.u8[cell + 1]! << 8;
      if (length === OVERFLOW) continue;
      const key = leaf.u8.slice(cell + LEAF_CELL_HEAD, keyEnd);
      const entry = decodeEntry(key, leaf.u8, keyEnd, keyEnd + length);
      if (entry === undefined || !nameless.has(entry.tree) || this.#isTaken(entry)) continue;
      this.#source.report("CORRUPT_PAGE", `The name of tree ${entry.tree} is from an older page`);
      this.#put(entry);
    }
  }

  /** Makes names for the trees that have none. */
  makeUp(given: Readonly<Record<string, StructureInfo>>): void {
    for (const tree of this.nameless) {
      let name = `lost-${tree}`;
      while (this.#names.has(name)) name += "-";
      const { kind, format, ...info } = given[name] ?? { name, kind: "lost", format: "" };
      this.#source.report("CORRUPT_PAGE", `The name of tree ${tree} is lost: it is "${info.name}"`);
      this.#put({ tree, kind, format, name: this.#names.has(info.name) ? name : info.name });
    }
  }

  #isTaken(entry: NamedTree): boolean {
    return this.#names.has(entry.name) || this.#byTree.has(entry.tree);
  }

  #take(entry: NamedTree): void {
    this.#give(entry.tree);
    this.#byTree.set(entry.tree, entry);
    this.#names.add(entry.name);
  }

  /** No other structure gets this id. */
  #give(tree: number): void {
    const { engine } = this.#target;
    engine.nextTree = Math.max(engine.nextTree, tree + 1);
  }

  #put(entry: NamedTree): void {
    this.#take(entry);
    const key = catalogKey(entry.name);
    const value = new ByteWriter(64);
    catalogCodec.encode(entry, value);
    this.#target.put(CATALOG_TREE, key.bytes, 0, key.length, value.bytes, 0, value.length);
  }
}
