/**
 * Verifies the catalog: every entry can be read, and every structure has a tree of its own.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import { catalogCodec, type CatalogEntry, catalogName } from "../catalog/catalog.ts";
import type { Engine } from "../engine.ts";
import { CATALOG_TREE, FIRST_TREE, type State } from "../tree/state.ts";
import { TreeCursor } from "../tree/tree_cursor.ts";
import { droppedIds } from "../tree/tree_ids.ts";

/** What is wrong with the catalog of a state, as sentences. */
export function* catalogProblems(engine: Engine, state: State): Generator<string> {
  const { states, pager, overflow, nextTree } = engine;
  const names = new Map<number, string>();
  const cursor = new TreeCursor(pager, overflow, states.root(state, CATALOG_TREE), {});
  for (let count = 1; cursor.next(); count++) {
    cursor.loadValue();
    const { keyBytes, keyBegin, keyEnd, valueBytes, valueBegin, valueEnd } = cursor;
    const entry = decodeEntry(
      keyBytes.subarray(keyBegin, keyEnd),
      valueBytes,
      valueBegin,
      valueEnd,
    );
    if (entry === undefined) {
      yield `entry ${count} makes no sense`;
      continue;
    }
    const other = names.get(entry.tree);
    if (other !== undefined) yield `"${entry.name}" and "${other}" share tree ${entry.tree}`;
    if (entry.tree < FIRST_TREE || entry.tree >= nextTree) {
      yield `"${entry.name}" has tree ${entry.tree}, which was not given out`;
    }
    names.set(entry.tree, entry.name);
  }
}

/** The trees of a state that have a name, or had one and wait to be freed. */
export function namedTrees(engine: Engine, state: State): Set<number> {
  const { states, pager, overflow } = engine;
  const steps = droppedIds(engine, state);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const named = step.value;
  const cursor = new TreeCursor(pager, overflow, states.root(state, CATALOG_TREE), {});
  while (cursor.next()) {
    cursor.loadValue();
    const { keyBytes, keyBegin, keyEnd, valueBytes, valueBegin, valueEnd } = cursor;
    const key = keyBytes.subarray(keyBegin, keyEnd);
    const entry = decodeEntry(key, valueBytes, valueBegin, valueEnd);
    if (entry !== undefined) named.add(entry.tree);
  }
  return named;
}

/** A structure and its tree. */
export interface NamedTree extends CatalogEntry {
  /** Its name. */
  readonly name: string;
}

/** An entry of the catalog, or `undefined` when it is none. */
export function decodeEntry(
  key: Uint8Array,
  value: Uint8Array,
  begin: number,
  end: number,
): NamedTree | undefined {
  try {
    const entry = catalogCodec.decode(value, begin, end);
    return key.length === 0 ? undefined : { ...entry, name: catalogName(key, 0, key.length) };
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}
