/**
 * Proves that the crash campaign can fail: plants each bug of the list in a temporary copy of the
 * sources, runs the campaign there and expects a violation. `deno run -A tests/sim/mutants.ts`;
 * also runs with bun and node. The repository itself is not touched.
 */

import { spawn } from "node:child_process";
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

interface Run {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.once("error", reject);
    child.once("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, stdout, stderr });
    });
  });
}

async function campaign(folder: string, size: readonly string[]): Promise<Outcome> {
  const main = join(folder, "tests/sim/main.ts");
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const options = [...size, "--seed", "1", "--violations", "1"];
  const args = [...runtime, main, "--quiet", ...options];
  const { status, stdout, stderr, signal } = await run(args, folder);
  const lines = stdout.split("\n");
  const violation = lines.find((line) => line.startsWith("VIOLATION"));
  if (violation !== undefined) return { killed: true, text: violation };
  if (signal !== null) return { killed: true, text: "the campaign hung" };
  const summary = lines.at(-2) ?? "";
  if (status === 0) return { killed: false, text: summary };
  throw new Error(`the campaign did not run (exit code ${status}): ${stderr.slice(-2000)}`);
}

async function examine(mutant: Mutant | undefined, size: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    plant(folder, mutant);
    return await campaign(folder, size);
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
const crashes = ["--states", values.states, "--images", "8"];
const faults = ["--faults", "4"];

// The original has its own, larger campaigns: here a small one shows that the copy runs at all.
const original = await examine(undefined, ["--states", "500", "--images", "1", "--inner", "50"]);
if (original.killed) throw new Error(`the original has a violation: ${original.text}`);
console.log(`original: ${original.text}`);
let killed = 0;
const waiting = [...chosen];
/** One of two lanes: a mutant keeps one core busy. */
async function lane(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const size = mutant.campaign === "faults" ? faults : crashes;
    const first = mutant.first === undefined ? [] : ["--first", mutant.first];
    const { killed: dead, text } = await examine(mutant, [...size, ...first]);
    if (dead) killed++;
    console.log(`${dead ? "killed  " : "SURVIVED"} ${mutant.name}\n         ${text.slice(0, 240)}`);
  }
}
await Promise.all([lane(), lane()]);
console.log(`${killed} passed, ${chosen.length - killed} failed`);
console.log(`${killed} of ${chosen.length} mutants killed`);
process.exitCode = killed === chosen.length && chosen.length > 0 ? 0 : 1;
