/**
 * The engines of the comparison by name, and which of them take part here.
 *
 * @module
 */

import { UsageError } from "../command_line.ts";
import type { ContestantModule, Durability } from "./contestant.ts";
import { NotHereError } from "./peer.ts";

const LOADERS: Readonly<Record<string, () => Promise<{ load(): Promise<ContestantModule> }>>> = {
  holdfast: () => import("./holdfast.ts"),
  lmdb: () => import("./lmdb.ts"),
  sqlite: () => import("./node_sqlite.ts"),
  "better-sqlite3": () => import("./better_sqlite.ts"),
  "bun:sqlite": () => import("./bun_sqlite.ts"),
  level: () => import("./level.ts"),
  openkv: () => import("./deno_kv.ts"),
  rocksdb: () => import("./rocksdb.ts"),
};

/** All names, as `--contestants` takes them. */
export const CONTESTANTS: readonly string[] = Object.keys(LOADERS);

/** The drivers of SQLite, whose best is what a target against SQLite means. */
export const SQLITE: readonly string[] = ["sqlite", "better-sqlite3", "bun:sqlite"];

/** A contestant that takes part. */
export interface Runner {
  readonly name: string;
  readonly module: ContestantModule;
}

/** Who takes part, and a line about each who does not. */
export interface Field {
  readonly runners: readonly Runner[];
  readonly absent: readonly string[];
}

/** Loads contestants by their names, separated by commas. @throws {UsageError} */
export async function loadContestants(names: string): Promise<Field> {
  const runners: Runner[] = [];
  const absent: string[] = [];
  for (const name of names.split(",")) {
    const contestant = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
    if (contestant === undefined) throw new UsageError(`unknown contestant "${name}"`);
    try {
      runners.push({ name, module: await (await contestant()).load() });
    } catch (error) {
      if (!(error instanceof NotHereError)) throw error;
      absent.push(`${name}: not here, ${error.message}`);
    }
  }
  return { runners, absent };
}

/** Those that can be opened with a durability. */
export function runnersOf(runners: readonly Runner[], durability: Durability): Runner[] {
  return runners.filter(({ module }) => module.durabilities.includes(durability));
}

/** The versions of all that take part, as the report names them. */
export function versionsOf(runners: readonly Runner[]): string {
  return runners.map(({ name, module }) => `${name} ${module.version}`).join(", ");
}
