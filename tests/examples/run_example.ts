/** Running a program as its readers would. */

import process from "node:process";
import { runCommand, type RunResult } from "../tools/run_command.ts";

/** Arguments with which the running runtime runs a file; packages are the installed ones. */
const RUN = "Deno" in globalThis ? ["run", "-A", "--no-check", "--node-modules-dir=manual"] : [];

const KNOWS_USING = "Deno" in globalThis || "Bun" in globalThis ||
  Number(process.versions.node.split(".")[0]) >= 24;

/** Why the running runtime cannot run a program, or `false`. */
export function reasonToSkip(source: string): string | false {
  const uses = /^ *(await )?using /m.test(source);
  return uses && !KNOWS_USING && "Node has `using` from version 24 on";
}

/** Runs a program in a folder. */
export function runExample(path: string, cwd: string): Promise<RunResult> {
  const env = { NODE_NO_WARNINGS: "1", NO_COLOR: "1" };
  return runCommand(process.execPath, [...RUN, path], { cwd, timeoutMs: 60_000, env });
}
