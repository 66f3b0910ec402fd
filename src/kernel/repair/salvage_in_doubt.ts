/**
 * Transactions in doubt in a store that is being repaired: their entries came over like any other,
 * but name large values by their pages in the damaged file.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import { referenceLength, runPages } from "../page/overflow.ts";
import { setU32At } from "../page/page.ts";
import { decodePrepared, encodePrepared } from "../two_phase/prepared_set.ts";
import { referencesIn } from "../two_phase/prepared_sets.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { SalvageTarget } from "./salvage_target.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";
import { TreeCursor } from "../tree/tree_cursor.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** Brings the values of all of them over. One that is not whole is dropped and reported. */
export function salvageInDoubt(source: SalvageSource, target: SalvageTarget): void {
  const { states, pager, overflow } = target.engine;
  const found: { readonly id: Uint8Array; readonly value: Uint8Array }[] = [];
  const cursor = new TreeCursor(pager, overflow, states.root(states.working, IN_DOUBT_TREE), {});
  while (cursor.next()) {
    cursor.loadValue();
    const { keyBytes, keyBegin, keyEnd, valueBytes, valueBegin, valueEnd } = cursor;
    const id = keyBytes.slice(keyBegin, keyEnd);
    found.push({ id, value: valueBytes.slice(valueBegin, valueEnd) });
  }
  for (const { id, value } of found) {
    const set = decode(value);
    if (set !== undefined && moveValues(target, set)) {
      const { bytes, length } = encodePrepared(set);
      target.put(IN_DOUBT_TREE, id, 0, id.length, bytes, 0, length);
      continue;
    }
    target.remove(IN_DOUBT_TREE, id);
    source.report("CORRUPT_VALUE", "A prepared transaction is lost: its changes are not whole");
  }
}

function decode(value: Uint8Array): WriteSet | undefined {
  try {
    return decodePrepared(value, 0, value.length);
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}

/** @returns `false` when one is lost; then none is kept */
function moveValues(target: SalvageTarget, set: WriteSet): boolean {
  const { bytes } = set.out;
  const copied: { readonly page: number; readonly pages: number }[] = [];
  for (const op of referencesIn(set)) {
    const at = set.valueAt(op);
    const page = target.copyRun(IN_DOUBT_TREE, bytes, at);
    if (page === undefined) {
      for (const run of copied) target.engine.space.release(run.page, run.pages);
      return false;
    }
    copied.push({ page, pages: runPages(referenceLength(bytes, at)) });
    setU32At(bytes, at, page);
  }
  return true;
}
