/**
 * How the runtime that runs this starts a script of the benchmarks in a process of its own.
 *
 * @module
 */

import process from "node:process";

/** The words after `process.execPath`: flags with which every peer can be loaded, and the script. */
export function scriptWords(script: string, ...args: readonly string[]): string[] {
  const { deno, bun } = process.versions;
  if (deno !== undefined) {
    return ["run", "-A", "--unstable-kv", "--node-modules-dir=manual", script, ...args];
  }
  const flags = bun === undefined ? ["--disable-warning=ExperimentalWarning"] : [];
  return [...flags, script, ...args];
}
