/**
 * Whose opening and living are measured: engines of the kernel comparison, as they are there.
 *
 * @module
 */

import type { ContestantModule } from "../compare/contestant.ts";
import type { ReplayLog } from "./replay_log.ts";
import { LEVEL_LOG, OUR_LOG, SQLITE_LOG } from "./replay_log.ts";

/** A way to open a store, and what becomes of its memory and its log. */
export interface StoreModule extends ContestantModule {
  /** Its cache has a budget. One that maps its file instead has none to compare memory with. */
  readonly hasCacheBudget: boolean;
  /** What an opening after a kill replays; absent where there is no such thing. */
  readonly log?: ReplayLog;
}

/** LevelDB's default: twice as much would be twice as much to replay. */
const MEMTABLE_BYTES = 4 * 1024 * 1024;

/** The modules are imported where they are used: some cannot be on every runtime. */
export const STORES: Readonly<Record<string, () => Promise<StoreModule>>> = {
  holdfast: async () => {
    const module = await (await import("../compare/holdfast.ts")).load();
    return { ...module, hasCacheBudget: true, log: OUR_LOG };
  },
  // A commit writes its pages, and opening reads one: it has no log.
  lmdb: async () => {
    const module = await (await import("../compare/lmdb.ts")).load();
    return { ...module, hasCacheBudget: false };
  },
  sqlite: async () => {
    const module = await (await import("../compare/node_sqlite.ts")).load();
    return { ...module, hasCacheBudget: true, log: SQLITE_LOG };
  },
  level: async () => {
    const module = await (await import("../compare/level.ts")).load(MEMTABLE_BYTES);
    return { ...module, hasCacheBudget: true, log: LEVEL_LOG };
  },
};
