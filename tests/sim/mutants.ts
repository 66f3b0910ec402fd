/**
 * Proves that the crash campaign can fail: plants each bug of the list in a temporary copy of the
 * sources, runs the campaign there and expects a violation. `deno run -A tests/sim/mutants.ts`;
 * also runs with bun and node. The repository itself is not touched.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Mutant, mutants } from "./mutant_list.ts";

/** What the campaign needs to run. */
const PARTS = ["src", "adapters", "tests/sim", "mod.ts"];

/** A campaign that takes longer than this hangs, which kills the mutant too. */
const TIMEOUT_MS = 240_000;

interface Outcome {
  readonly killed: boolean;
  readonly text: string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Copies the sources, with the mutant's text in place of the original. */
function plant(folder: string, mutant: Mutant | undefined): void {
  for (const part of PARTS) cpSync(join(root, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  if (mutant === undefined) return;
  for (const { file, find, replace } of mutant.edits) {
    const source = readFileSync(join(folder, file), "utf8");
    const parts = source.split(find);
    if (parts.length !== 2) {
      throw new Error(
        `mutant "${mutant.name}": its text occurs ${parts.length - 1} times in ${file}, not once`,
      );
    }
    writeFileSync(join(folder, file), parts.join(replace));
  }
}

function campaign(folder: string, states: string, faults: boolean): Outcome {
  const main = join(folder, "tests/sim/main.ts");
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const size = faults ? ["--faults", "4"] : ["--states", states, "--images", "8"];
  const options = [...size, "--seed", "1", "--violations", "1"];
  const { status, stdout, stderr, signal } = spawnSync(
    process.execPath,
    [...runtime, main, "--quiet", ...options],
    { cwd: folder, encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  const lines = stdout.split("\n");
  const violation = lines.find((line) => line.startsWith("VIOLATION"));
  if (violation !== undefined) return { killed: true, text: violation };
  if (signal !== null) return { killed: true, text: "the campaign hung" };
  const summary = lines.at(-2) ?? "";
  if (status === 0) return { killed: false, text: summary };
  throw new Error(`the campaign did not run (exit code ${status}): ${stderr.slice(-2000)}`);
}

function examine(mutant: Mutant | undefined, states: string): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    plant(folder, mutant);
    return campaign(folder, states, mutant?.campaign === "faults");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    states: { type: "string", default: "3000" },
    only: { type: "string" },
  },
});
const chosen = mutants.filter(({ name }) => values.only === undefined || name === values.only);
const original = examine(undefined, values.states);
if (original.killed) throw new Error(`the original has a violation: ${original.text}`);
console.log(`original: ${original.text}`);
let killed = 0;
for (const mutant of chosen) {
  const { killed: dead, text } = examine(mutant, values.states);
  if (dead) killed++;
  console.log(`${dead ? "killed  " : "SURVIVED"} ${mutant.name}\n         ${text.slice(0, 240)}`);
}
console.log(`${killed} of ${chosen.length} mutants killed`);
process.exitCode = killed === chosen.length && chosen.length > 0 ? 0 : 1;
