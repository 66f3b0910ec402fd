/**
 * The engines of the comparison by name, and which of them take part here.
 *
 * @module
 */

import { OURS } from "../report.ts";
import * as runners from "../runners.ts";
import type { ContestantModule, Durability } from "./contestant.ts";

/** Imported when they take part: some cannot be on every runtime. */
const LOADERS: Readonly<Record<string, () => Promise<ContestantModule>>> = {
  holdfast: async () => (await import("./holdfast.ts")).load(),
  lmdb: async () => (await import("./lmdb.ts")).load(),
  sqlite: async () => (await import("./node_sqlite.ts")).load(),
  "better-sqlite3": async () => (await import("./better_sqlite.ts")).load(),
  "bun:sqlite": async () => (await import("./bun_sqlite.ts")).load(),
  level: async () => (await import("./level.ts")).load(),
  openkv: async () => (await import("./deno_kv.ts")).load(),
  rocksdb: async () => (await import("./rocksdb.ts")).load(),
  redb: async () => (await import("./redb.ts")).load(),
  persy: async () => (await import("./persy.ts")).load(),
};

/** All names, as `--contestants` takes them. */
export const CONTESTANTS: readonly string[] = Object.keys(LOADERS);

/** The drivers of SQLite, whose best is what a target against SQLite means. */
export const SQLITE: readonly string[] = ["sqlite", "better-sqlite3", "bun:sqlite"];

/** Engines that no JavaScript program can call: no target is against them. */
const ELSEWHERE: readonly string[] = ["redb", "persy"];

/** All but ours that a JavaScript program can use, whose best is what a target against all means. */
export const PEERS: readonly string[] = CONTESTANTS.filter((name) =>
  name !== OURS && !ELSEWHERE.includes(name)
);

/** A contestant that takes part. */
export type Runner = runners.Runner<ContestantModule>;

/** Loads contestants by their names, separated by commas. @throws {UsageError} */
export function loadContestants(names: string): Promise<runners.Line<ContestantModule>> {
  return runners.loadRunners(LOADERS, names.split(","));
}

/** Those that can be opened with a durability. */
export function runnersOf(runners: readonly Runner[], durability: Durability): Runner[] {
  return runners.filter(({ module }) => module.durabilities.includes(durability));
}
