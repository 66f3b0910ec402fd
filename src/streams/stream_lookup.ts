/**
 * From a name to a stream that lives.
 *
 * @module
 */

import { CorruptionError } from "../errors.ts";
import type { AccessClock } from "./access_clock.ts";
import { decodeOrigin, type ForkOrigin } from "./fork_origin.ts";
import { findName } from "./name_index.ts";
import { formatOffset } from "./offset.ts";
import { decodeConfig, incarnation, type StreamConfig } from "./stream_config.ts";
import { decodeState, type StreamState } from "./stream_state.ts";
import type { Gone, NotFound, StreamInfo } from "./stream_store.ts";
import { numberKey } from "./table_keys.ts";
import type { TableReader, Tables } from "./tables.ts";

/** A stream that a name stands for. */
export interface StreamEntry {
  /** What never changes. */
  readonly config: StreamConfig;
  /** What does. */
  readonly state: StreamState;
}

/** A stream that can be used, or why there is none. */
export type Lookup = { readonly entry: StreamEntry } | { readonly refusal: NotFound | Gone };

/** The stream that a name stands for, also if it was deleted or has expired. */
export function findEntry(tables: Tables, name: Uint8Array): StreamEntry | undefined {
  const record = findName(tables.names, name);
  return record === undefined ? undefined : readEntry(tables, record);
}

/** The stream of a name's record. */
export function readEntry(tables: Tables, record: Uint8Array): StreamEntry {
  const config = decodeConfig(record);
  return { config, state: readState(tables.states, config.number) };
}

/** The stream of a name, unless it was deleted or has expired. */
export function lookUp(tables: Tables, clock: AccessClock, name: Uint8Array): Lookup {
  const entry = findEntry(tables, name);
  if (entry === undefined) return { refusal: { reason: "not-found" } };
  if (entry.state.removed) return { refusal: { reason: "gone" } };
  if (clock.expired(entry.config.number, entry.config.lifetime, entry.state)) {
    return { refusal: { reason: "not-found" } };
  }
  return { entry };
}

/** The state of a stream that must have one. */
export function readState(states: TableReader, number: number): StreamState {
  const value = states.get(numberKey(number));
  if (value === undefined) throw missing("state", number);
  return decodeState(value);
}

/** The origin of a fork. */
export function readOrigin(origins: TableReader, number: number): ForkOrigin {
  const value = origins.get(numberKey(number));
  if (value === undefined) throw missing("origin", number);
  return decodeOrigin(value);
}

/** What the contract tells about a stream. */
export function describe(tables: Tables, name: string, entry: StreamEntry): StreamInfo {
  const { config, state } = entry;
  return {
    name,
    contentType: config.contentType,
    incarnation: incarnation(config),
    nextOffset: formatOffset(state.tail),
    closed: state.closed,
    createdAt: config.createdAt,
    ...config.lifetime,
    ...(state.forked ? { forkedFrom: readOrigin(tables.origins, config.number).sourceName } : {}),
  };
}

function missing(what: string, number: number): CorruptionError {
  return new CorruptionError("CORRUPT_VALUE", `stream ${number} has no ${what}`);
}
