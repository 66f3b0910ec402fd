/**
 * The steps of a sweep inside the transactions of their caller. Each is bounded, and can be repeated
 * after a crash at any point.
 *
 * The deadline index is a lower bound: appends and reads never touch it. When the time of an entry
 * has come, the entry moves to the time when the stream really expires, or the stream goes.
 *
 * @module
 */

import type { AccessClock, Renewal } from "./access_clock.ts";
import { SWEEP_DEADLINES_MAX } from "./limits.ts";
import { bindName } from "./name_index.ts";
import { removeStream } from "./removal.ts";
import { encodeConfig } from "./stream_config.ts";
import { findEntry } from "./stream_lookup.ts";
import { encodeState } from "./stream_state.ts";
import { numberAt, numberKey, pairKey } from "./table_keys.ts";
import type { Tables, TableWriter } from "./tables.ts";
import { decodeText, encodeText } from "./text.ts";

/** An entry of the deadline index whose time has come. */
export interface DueDeadline {
  /** Its key. */
  readonly key: Uint8Array;
  /** Name of the stream, as UTF-8. */
  readonly name: Uint8Array;
}

/** A stream that expired. */
export interface Expired {
  /** The name it had. */
  readonly name: string;
  /** Its number. */
  readonly number: number;
}

/** The first entries of the deadline index whose time has come. */
export function dueDeadlines(tables: Tables, clock: AccessClock): DueDeadline[] {
  const bounds = { gte: numberKey(0), lt: numberKey(clock.now() + 1), limit: SWEEP_DEADLINES_MAX };
  return Array.from(tables.deadlines.range(bounds), ([key, name]) => ({ key, name }));
}

/** Moves each entry on, or lets its stream expire. */
export function expireStreams(
  tables: Tables<TableWriter>,
  clock: AccessClock,
  due: readonly DueDeadline[],
): Expired[] {
  const expired: Expired[] = [];
  for (const { key, name } of due) {
    const number = numberAt(key, 8);
    const entry = findEntry(tables, name);
    if (entry?.config.number !== number || entry.config.indexedDeadline !== numberAt(key, 0)) {
      continue;
    }
    const { config, state } = entry;
    const deadline = clock.deadline(number, config.lifetime, state);
    if (deadline !== undefined && deadline > clock.now()) {
      tables.deadlines.remove(key);
      tables.deadlines.put(pairKey(deadline, number), name);
      bindName(tables, name, encodeConfig({ ...config, indexedDeadline: deadline }));
    } else {
      removeStream(tables, name, entry, false);
      expired.push({ name: decodeText(name), number });
    }
  }
  return expired;
}

/** Persists last accesses of streams that still exist. */
export function persistRenewals(
  tables: Tables<TableWriter>,
  renewals: readonly Renewal[],
): void {
  for (const { name, number, last } of renewals) {
    const entry = findEntry(tables, encodeText(name, "stream name"));
    if (entry?.config.number !== number || entry.state.lastAccess >= last) continue;
    tables.states.put(numberKey(number), encodeState({ ...entry.state, lastAccess: last }));
  }
}
