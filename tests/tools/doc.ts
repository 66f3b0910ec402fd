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
const errors = result.output.match(/^error\[.*$/gm) ?? [];
// The types of the peer package abstract-level are public there, and documented there.
const ours = errors.filter((line) => !/references private type 'Abstract\w+'$/.test(line));
const isFine = result.code === 0 || errors.length > 0 && ours.length === 0;
if (!isFine) console.log(result.output.trimEnd());
process.exitCode = isFine ? 0 : result.code ?? 1;
