/**
 * What watches yield, in a form to compare.
 *
 * @module
 */

import type { Change } from "../../mod.ts";

/** All that a watch yields until it ends. */
export async function all<C>(changes: AsyncIterable<C>): Promise<C[]> {
  const seen: C[] = [];
  for await (const change of changes) seen.push(change);
  return seen;
}

/** Kind, key and value of a change: all but the number of its commit. */
export function bare<K, V>({ kind, key, value }: Change<K, V>): [string, K, V | undefined] {
  return [kind, key, value];
}
