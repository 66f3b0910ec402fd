/**
 * Runs `tests/sim/main.ts` with the same arguments on Deno, Bun and Node, two at a time, and
 * compares the last lines of standard output: the counts of states and of violations, which must
 * be equal byte for byte.
 *
 * @module
 */

import { runCommand } from "./run_command.ts";
import { findRuntime, RUNTIME_NAMES } from "./runtimes.ts";
import type { RuntimeName } from "./runtimes.ts";

const SIMULATION = "tests/sim/main.ts";
const RUN_TIMEOUT_MS = 900_000;

async function runOn(name: RuntimeName, args: readonly string[]): Promise<string | undefined> {
  const runtime = await findRuntime(name);
  const first = name === "deno" ? ["run", "-A", "--no-npm"] : [];
  const result = await runCommand(runtime.path, [...first, SIMULATION, ...args], {
    timeoutMs: RUN_TIMEOUT_MS,
  });
  const line = result.stdout.trimEnd().split("\n").at(-1) ?? "";
  console.log(`${name} ${runtime.version} (${(result.elapsedMs / 1000).toFixed(1)} s): ${line}`);
  if (result.code === 0 && line !== "") return line;
  console.log(`${name} ended with exit code ${result.code}:\n${result.output.trimEnd()}`);
  return undefined;
}

const waiting: RuntimeName[] = [...RUNTIME_NAMES];
const lines: (string | undefined)[] = [];
async function lane(): Promise<void> {
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    lines.push(await runOn(next, process.argv.slice(2)));
  }
}
await Promise.all([lane(), lane()]);

const isEqual = lines.every((line) => line !== undefined && line === lines[0]);
if (!isEqual) console.log("the three runtimes do not agree");
const passed = lines.filter((line) => line !== undefined).length;
console.log(isEqual ? "3 passed, 0 failed" : `${passed} passed, ${Math.max(1, 3 - passed)} failed`);
process.exitCode = isEqual ? 0 : 1;
