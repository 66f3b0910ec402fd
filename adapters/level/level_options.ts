/**
 * Options of a level.
 *
 * @module
 */

import type { AbstractDatabaseOptions, AbstractSnapshot } from "abstract-level";
import type { DatabaseOptions, Durability } from "../../mod.ts";

/** Options of a level over a {@linkcode Database}. */
export interface LevelOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /** Name of the index. @default "level" */
  readonly name?: string;
  /** Where data is when a write resolves that does not say `sync`. @default the database's */
  readonly durability?: Durability;
}

/** Options of a level with a file of its own. */
export interface LevelFileOptions<K, V>
  extends
    LevelOptions<K, V>,
    Pick<DatabaseOptions, "io" | "readOnly" | "maxBytes" | "cacheBytes" | "logBytes"> {}

/** What Holdfast adds to the options of a write. */
export interface LevelWriteOptions {
  /**
   * `true`: the write survives a cut of power when it resolves (durability "disk"). `false`: the
   * death of the process, as LevelDB has it (durability "os"). @default the level's durability
   */
  readonly sync?: boolean;
}

/** Options of a read, as the base class hands them on. */
export interface LevelReadOptions {
  /** What to read from. @default the present entries */
  readonly snapshot?: AbstractSnapshot | null;
}

/** A part of a batch, as the base class hands it on. */
export type EncodedOperation =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

/** What `open` is given: the options of the constructor, and its own over them. */
export interface LevelOpenOptions extends LevelFileOptions<unknown, unknown> {
  /** Completed by the base class. */
  readonly createIfMissing: boolean;
  /** Completed by the base class. */
  readonly errorIfExists: boolean;
}

/** Those of the options that are the database's. */
export function databaseOptions(options: LevelOpenOptions): DatabaseOptions {
  const { io, readOnly, maxBytes, cacheBytes, logBytes } = options;
  const given = Object.entries({ io, readOnly, maxBytes, cacheBytes, logBytes })
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
