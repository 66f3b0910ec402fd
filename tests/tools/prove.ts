/**
 * Runs `tests/sim/main.ts` with the same arguments on Deno, Bun and Node, two at a time, and
 * compares what it prints: the counts of operations, states and violations of each workload, which
 * must be equal byte for byte.
 *
 * Bun and Node cut at every tenth operation, as Deno does once more: what the three agree on there,
 * they need not each find out for all. With `--whole` each of them runs all.
 *
 * @module
 */

import { runCommand } from "./run_command.ts";
import { findRuntime, RUNTIME_NAMES, runWords } from "./runtimes.ts";
import type { RuntimeName } from "./runtimes.ts";

const SIMULATION = "tests/sim/main.ts";
const RUN_TIMEOUT_MS = 1_800_000;

interface Run {
  readonly name: RuntimeName;
  readonly args: readonly string[];
  /** What runs are compared with: those of the same share. */
  readonly share: string;
}

/** @returns the table of counts, or `undefined` when there were violations or it did not end. */
async function outcome({ name, args, share }: Run): Promise<string | undefined> {
  const runtime = await findRuntime(name);
  const result = await runCommand(runtime.path, [...runWords(name, "none"), SIMULATION, ...args], {
    timeoutMs: RUN_TIMEOUT_MS,
  });
  const table = result.stdout.trimEnd();
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const last = table.split("\n").at(-1) ?? "";
  console.log(`${name} ${runtime.version}, ${share} (${seconds} s): ${last}`);
  if (result.code === 0 && table !== "") return table;
  console.log(`${name} ended with exit code ${result.code}:\n${result.output.trimEnd()}`);
  return undefined;
}

const given = process.argv.slice(2).filter((arg) => arg !== "--whole");
const isWhole = process.argv.includes("--whole");
const every = isWhole ? given : [...given, "--every", "10", "--states", "1"];
const share = isWhole ? "every cut" : "every tenth cut";
const waiting: Run[] = RUNTIME_NAMES.map((name) => ({ name, args: every, share }));
if (!isWhole) waiting.push({ name: "deno", args: given, share: "every cut" });

const tables = new Map<Run, string | undefined>();
async function lane(): Promise<void> {
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    tables.set(next, await outcome(next));
  }
}
await Promise.all([lane(), lane()]);

const compared = [...tables].filter(([run]) => run.share === share).map(([, table]) => table);
const isEqual = compared.every((table) => table === compared[0]);
if (!isEqual) console.log("the three runtimes do not agree");
const failed = [...tables.values()].filter((table) => table === undefined).length;
const bad = isEqual ? failed : Math.max(1, failed);
console.log(`${tables.size - failed} passed, ${bad} failed`);
process.exitCode = bad === 0 ? 0 : 1;
