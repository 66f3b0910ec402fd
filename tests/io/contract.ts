/**
 * The shared suite of the IO contract: every promise of `src/io/adapter.ts` that one process can
 * see, run over any adapter.
 *
 * @module
 */

import { test } from "node:test";
import type { IoAdapter } from "../../src/io/adapter.ts";
import { FILE_CRITERIA } from "./file_criteria.ts";
import { NAME_CRITERIA } from "./name_criteria.ts";
import { PLATFORM_CRITERIA } from "./platform_criteria.ts";

/** One promise: proves it on a fresh adapter within a fresh folder. */
export type Criterion = (io: IoAdapter, folder: string) => Promise<void> | void;

/** Criteria that an adapter does not meet, each with the reason. */
export type Skips = Readonly<Record<string, string>>;

const CRITERIA: Readonly<Record<string, Criterion>> = {
  ...FILE_CRITERIA,
  ...NAME_CRITERIA,
  ...PLATFORM_CRITERIA,
};

/** Registers one test for each promise of the contract. */
export function ioContract(
  name: string,
  makeAdapter: () => IoAdapter | Promise<IoAdapter>,
  makeFolder: () => string | Promise<string>,
  skips: Skips = {},
): void {
  const stale = Object.keys(skips).filter((criterion) => CRITERIA[criterion] === undefined);
  if (stale.length > 0) throw new Error(`no such criteria: ${stale.join(", ")}`);
  for (const [criterion, prove] of Object.entries(CRITERIA)) {
    const reason = skips[criterion];
    const title = `${name} ${criterion}`;
    if (reason !== undefined) test(title, { skip: reason }, () => {});
    else test(title, async () => await prove(await makeAdapter(), await makeFolder()));
  }
}
