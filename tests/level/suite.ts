/**
 * The test suite of `abstract-level`, as its package holds it, over levels on real files. Standard
 * output ends with a line of JSON: {@linkcode SuiteReport}.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import suite from "abstract-level/test/index.js";
import tape from "tape";
import { HoldfastLevel, type LevelFileOptions } from "../../adapters/level.ts";

/** What came of the suite. */
export interface SuiteReport {
  /** Tests all of whose assertions held. */
  readonly passed: number;
  /** The others, with those of their assertions that did not hold. */
  readonly failed: readonly { readonly name: string; readonly assertions: readonly string[] }[];
  /** Tests that the suite itself marks as not to be run. */
  readonly skipped: number;
  /** Assertions that were made. */
  readonly assertions: number;
}

/** The rows of tape's stream of objects that are used. */
type Row =
  | { readonly type: "test"; readonly id: number; readonly name: string; readonly skip: boolean }
  | { readonly type: "assert"; readonly test: number; readonly ok: boolean; readonly name: string }
  | { readonly type: "end" | "todo" };

interface Outcome {
  readonly name: string;
  readonly skip: boolean;
  readonly assertions: string[];
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-level-"));
const outcomes = new Map<number, Outcome>();
let files = 0;
let assertions = 0;

const rows = tape.createStream({ objectMode: true });
rows.on("data", (row: Row) => {
  if (row.type === "test") {
    outcomes.set(row.id, { name: row.name, skip: row.skip === true, assertions: [] });
  } else if (row.type === "assert") {
    assertions++;
    if (!row.ok) outcomes.get(row.test)?.assertions.push(row.name);
  }
});
rows.on("end", () => {
  rmSync(folder, { recursive: true, force: true });
  const run = [...outcomes.values()].filter(({ skip }) => !skip);
  const report: SuiteReport = {
    passed: run.filter((outcome) => outcome.assertions.length === 0).length,
    failed: run.filter((outcome) => outcome.assertions.length > 0),
    skipped: outcomes.size - run.length,
    assertions,
  };
  console.log(JSON.stringify(report));
});

suite({
  test: tape,
  factory: (options?: LevelFileOptions<string, string>) =>
    new HoldfastLevel(join(folder, `${++files}.hold`), options),
});
