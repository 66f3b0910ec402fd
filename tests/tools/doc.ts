/**
 * Runs `deno doc --lint` over every export of `deno.json`.
 *
 * @module
 */

import { readJson } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import { findRuntime } from "./runtimes.ts";

const { exports } = readJson<{ exports: Record<string, string> }>("deno.json");
const deno = await findRuntime("deno");
const result = await runCommand(deno.path, ["doc", "--lint", ...Object.values(exports)]);
if (result.code !== 0) console.log(result.output.trimEnd());
process.exitCode = result.code ?? 1;
