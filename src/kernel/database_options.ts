/**
 * The options of opening a database, checked and completed.
 *
 * @module
 */

import type { IoAdapter } from "../io/adapter.ts";
import { checkDurability, type Durability } from "../io/durability.ts";
import type { Decide } from "./two_phase/decide_in_doubt.ts";
import type { EngineOptions } from "./engine.ts";
import { checkIsolation, type Isolation } from "./transaction/isolation.ts";
import {
  CACHE_BYTES_DEFAULT,
  CACHE_BYTES_MIN,
  LOG_BYTES_DEFAULT,
  LOG_BYTES_MIN,
} from "./limits.ts";
import type { StoreFileRequest } from "./store_file.ts";

/** How to open a database. */
export interface DatabaseOptions {
  /** Default: the adapter of the running runtime. */
  readonly io?: IoAdapter;
  /** Create the file if it is missing; "new" fails with `ALREADY_EXISTS` if it is not. @default true */
  readonly create?: boolean | "new";
  /**
   * Leaves every byte of the file as it is: the log is replayed in memory, and whatever would write
   * is refused with `READ_ONLY`. Any number of readers, in any processes, share a file beside no
   * writer; the file must exist (`NOT_FOUND`), and reading it is all the permission needed. The lock
   * file beside it is made if it is missing and can be; see `IoAdapter.tryLock`. Memory beyond the
   * cache: at most a few pages for each change that the log holds. @default false
   */
  readonly readOnly?: boolean;
  /** Quota of the file in bytes; beyond it `NO_SPACE`. @default unlimited */
  readonly maxBytes?: number;
  /** Where data is when a commit resolves, unless the transaction says otherwise. @default "disk" */
  readonly durability?: Durability;
  /** How transactions are kept apart, unless they say otherwise. @default "snapshot" */
  readonly isolation?: Isolation;
  /** Page cache budget in bytes. @default 128 MiB */
  readonly cacheBytes?: number;
  /** Size to which a log extent grows; a full one starts a checkpoint. @default 16 MiB */
  readonly logBytes?: number;
  /**
   * How many bytes of the newest committed changes are kept in memory, so that `watch` can begin
   * `from` a commit of the past: keys, values, and about 128 bytes for each. Large values are read
   * back from the file once for it. @default 0
   */
  readonly retainChangeBytes?: number;
  /**
   * Asked at opening about each transaction in doubt, by its id. Its answers are on the medium when
   * opening resolves; if it throws, nothing was decided and opening fails. Not asked with `readOnly`.
   * @default "keep" for all
   */
  readonly decide?: Decide;
}

/** Options with defaults applied. */
export interface CompleteOptions extends EngineOptions, StoreFileRequest {
  readonly durability: Durability;
  readonly isolation: Isolation;
  readonly decide: Decide | undefined;
}

const KNOWN = new Set([
  "io",
  "create",
  "readOnly",
  "maxBytes",
  "durability",
  "isolation",
  "cacheBytes",
  "logBytes",
  "retainChangeBytes",
  "decide",
]);

/**
 * Checks options and applies defaults.
 * @throws {TypeError} for unknown or wrong options
 * @throws {RangeError} for sizes below their minimum
 */
export function completeOptions(options: DatabaseOptions): CompleteOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`Unknown option "${name}" of Database.open`);
  }
  const { create = true, readOnly = false, durability = "disk", isolation = "snapshot" } = options;
  checkDurability(durability);
  checkIsolation(isolation);
  if (create !== true && create !== false && create !== "new") {
    throw new TypeError('The option create is true, false or "new"');
  }
  if (typeof readOnly !== "boolean") throw new TypeError("The option readOnly is true or false");
  if (readOnly && create === "new") {
    throw new TypeError('A database opened with readOnly cannot be created: create is "new"');
  }
  if (options.decide !== undefined && typeof options.decide !== "function") {
    throw new TypeError("The option decide is a function");
  }
  const unlimited = Number.MAX_SAFE_INTEGER;
  const maxBytes = size("maxBytes", options.maxBytes ?? unlimited, 4 * LOG_BYTES_MIN);
  return {
    create,
    readOnly,
    durability,
    isolation,
    decide: options.decide,
    cacheBytes: size("cacheBytes", options.cacheBytes ?? CACHE_BYTES_DEFAULT, CACHE_BYTES_MIN),
    logBytes: size("logBytes", options.logBytes ?? LOG_BYTES_DEFAULT, LOG_BYTES_MIN),
    retainChangeBytes: size("retainChangeBytes", options.retainChangeBytes ?? 0, 0),
    // What replay takes in memory is no growth of the file.
    maxBytes: readOnly ? unlimited : maxBytes,
  };
}

function size(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`The option ${name} is a whole number`);
  if (value < least) throw new RangeError(`The option ${name} is at least ${least}`);
  return value;
}
