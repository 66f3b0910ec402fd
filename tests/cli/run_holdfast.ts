/**
 * Runs the real command on the runtime that runs the tests.
 *
 * @module
 */

import process from "node:process";
import { runCommand, type RunResult } from "../tools/run_command.ts";
import { type Runtime, type RuntimeName, runWords } from "../tools/runtimes.ts";

/** The running runtime. */
export const RUNTIME: Runtime = { name: runtimeName(), path: process.execPath, version: "" };

function runtimeName(): RuntimeName {
  if (process.versions["deno"] !== undefined) return "deno";
  return process.versions["bun"] === undefined ? "node" : "bun";
}

/** The words behind the program of the runtime that run `holdfast` with these words. */
export function holdfastWords(...words: string[]): string[] {
  return [...runWords(RUNTIME.name, "none"), "src/cli/main.ts", ...words];
}

/** Runs `holdfast` with these words to its end. */
export function holdfast(...words: string[]): Promise<RunResult> {
  return runCommand(RUNTIME.path, holdfastWords(...words), { timeoutMs: 60_000 });
}
