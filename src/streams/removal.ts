/**
 * How streams go: at once out of sight, their data later and in bounded steps.
 *
 * A stream that forks refer to is only marked as removed. When the last of its forks goes, so does
 * it, and the reference it holds on its own source: the whole cascade is one transaction, of a few
 * small writes for each stream. What goes is entered as garbage in that transaction; freeing resumes
 * after a crash, because a garbage entry is removed only with the last entry of its stream.
 *
 * @module
 */

import { encodeState } from "./stream_state.ts";
import { findName, unbindName } from "./name_index.ts";
import { decodeConfig } from "./stream_config.ts";
import { readOrigin, readState, type StreamEntry } from "./stream_lookup.ts";
import { numberKey, pairKey } from "./table_keys.ts";
import type { Tables, TableWriter } from "./tables.ts";
import { encodeText } from "./text.ts";

/**
 * Removes a stream that is not removed yet.
 *
 * @param name its name, as UTF-8
 * @param keepName whether the name stays taken while forks need the data: after a delete, not
 * after an expiry
 * @returns whether forks keep the data
 */
export function removeStream(
  tables: Tables<TableWriter>,
  name: Uint8Array,
  { config, state }: StreamEntry,
  keepName: boolean,
): boolean {
  const { number, indexedDeadline } = config;
  const soft = state.references > 0;
  if (config.lifetime.ttlSeconds !== undefined || config.lifetime.expiresAt !== undefined) {
    tables.deadlines.remove(pairKey(indexedDeadline, number));
  }
  if (!soft || !keepName) unbindName(tables.names, name);
  if (soft) tables.states.put(numberKey(number), encodeState({ ...state, removed: true }));
  else discard(tables, number, state.forked);
  return soft;
}

/** Enters a stream as garbage, and the sources of which it held the last reference. */
function discard(tables: Tables<TableWriter>, number: number, forked: boolean): void {
  tables.garbage.put(numberKey(number), new Uint8Array(0));
  for (let child = number, hasSource = forked; hasSource;) {
    const { sourceNumber, sourceName } = readOrigin(tables.origins, child);
    const source = readState(tables.states, sourceNumber);
    const references = source.references - 1;
    if (references > 0 || !source.removed) {
      tables.states.put(numberKey(sourceNumber), encodeState({ ...source, references }));
      return;
    }
    unbindIf(tables.names, encodeText(sourceName, "stream name"), sourceNumber);
    tables.garbage.put(numberKey(sourceNumber), new Uint8Array(0));
    child = sourceNumber;
    hasSource = source.forked;
  }
}

/** Frees a name if it still stands for this stream: one that expired lost its name at once. */
function unbindIf(names: TableWriter, name: Uint8Array, number: number): void {
  const record = findName(names, name);
  if (record !== undefined && decodeConfig(record).number === number) unbindName(names, name);
}

/**
 * Frees at most `limit` entries of a stream that is garbage, and at last its garbage entry.
 * @returns how many messages' and producers' entries were freed
 */
export function freeGarbage(
  tables: Tables<TableWriter>,
  number: number,
  limit: number,
): number {
  const bounds = { gte: numberKey(number), lt: numberKey(number + 1), limit };
  const data = keysOf(tables.data, bounds);
  for (const key of data) tables.data.remove(key);
  const left = limit - data.length;
  if (left === 0) return limit;
  const producers = keysOf(tables.producers, { ...bounds, limit: left });
  for (const key of producers) tables.producers.remove(key);
  if (producers.length < left) {
    tables.states.remove(numberKey(number));
    tables.origins.remove(numberKey(number));
    tables.garbage.remove(numberKey(number));
  }
  return data.length + producers.length;
}

function keysOf(
  table: TableWriter,
  bounds: { gte: Uint8Array; lt: Uint8Array; limit: number },
): Uint8Array[] {
  return Array.from(table.range(bounds), ([key]) => key);
}
