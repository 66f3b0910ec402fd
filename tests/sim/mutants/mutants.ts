/**
 * Proves that the campaigns can fail: plants each bug of the list in a temporary copy of the sources,
 * runs a campaign there and expects a violation. `deno run -A tests/sim/mutants/mutants.ts`; with
 * `--only TEXT` those whose name holds the text, with `--campaign faults` those that it finds. Also
 * runs with bun and node. The repository itself is not touched.
 */

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { CampaignName, Mutant } from "./mutant.ts";
import { mutants } from "./mutant_list.ts";

/** What the campaigns need to run. */
const PARTS = ["src", "adapters", "tests/sim", "tests/io", "tests/tools", "mod.ts"];

/** A campaign that takes longer than this has found nothing. */
const TIMEOUT_MS = 240_000;

/** Small campaigns, of the one subject that finds the bug. */
const COMMANDS: Readonly<Record<CampaignName, (subject: string) => readonly string[]>> = {
  crashes: (subject) => ["main.ts", "--states", "3000", "--images", "8", "--workload", subject],
  faults: (subject) => ["main.ts", "--faults", "500", "--workload", subject],
  damage: (
    subject,
  ) => ["damage/damage_main.ts", "--runs", "1500", "--lanes", "1", "--store", subject],
  swarm: (seed) => ["main.ts", "--swarm", "1", "--seed", seed],
};

interface Outcome {
  readonly killed: boolean;
  readonly text: string;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A copy of the sources that mutants are planted in, one after the other. */
class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), "mutant-"));

  constructor() {
    for (const part of PARTS) {
      mkdirSync(join(this.#folder, part, ".."), { recursive: true });
      cpSync(join(root, part), join(this.#folder, part), { recursive: true });
    }
    writeFileSync(join(this.#folder, "package.json"), '{ "type": "module" }');
  }

  /** Runs a campaign with the mutant's text in place of the original, or on the original. */
  async examine(mutant: Mutant | undefined, args: readonly string[]): Promise<Outcome> {
    const originals = new Map<string, string>();
    try {
      for (const { file, find, replace } of mutant?.edits ?? []) {
        const path = join(this.#folder, file);
        const source = readFileSync(path, "utf8");
        const parts = source.split(find);
        if (parts.length !== 2) {
          throw new Error(
            `mutant "${mutant?.name}": its text occurs ${
              parts.length - 1
            } times in ${file}, not once`,
          );
        }
        if (!originals.has(path)) originals.set(path, source);
        writeFileSync(path, parts.join(replace));
      }
      return await campaign(this.#folder, args);
    } finally {
      for (const [path, source] of originals) writeFileSync(path, source);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
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

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    campaign: { type: "string" },
    share: { type: "string" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
  },
});

/** With `--share 3` the seed is the number of a third of the mutants, and the campaigns have seed 1. */
const shares = Number(values.share ?? 1);
const share = (Number(values.seed) - 1) % shares;
const seed = values.share === undefined ? values.seed : "1";

async function campaign(folder: string, command: readonly string[]): Promise<Outcome> {
  const [main = "", ...options] = command;
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const args = [...runtime, join(folder, "tests/sim", main), ...options];
  if (!options.includes("--seed")) args.push("--seed", seed);
  args.push("--quiet", ...(main === "main.ts" ? ["--violations", "1"] : []));
  const { status, stdout, stderr, signal } = await run(args, folder);
  const lines = stdout.split("\n");
  // Those that damage finds, hangs and deaths too, are counted at its end.
  const violation = lines.find((line) => line.startsWith("VIOLATION")) ??
    lines.find((line) => / passed, [1-9]\d* failed$/.test(line));
  // Where it was found, for those who want to see it: seed, subject and place.
  if (violation !== undefined) {
    return { killed: true, text: `seed ${args[args.indexOf("--seed") + 1]}: ${violation}` };
  }
  if (signal !== null) return { killed: false, text: "the campaign did not end in time" };
  const summary = lines.findLast((line) => line !== "") ?? "";
  if (status === 0) return { killed: false, text: summary };
  throw new Error(`the campaign did not run (exit code ${status}): ${stderr.slice(-2000)}`);
}

const chosen = mutants.filter(({ name, campaign = "crashes" }, at) =>
  name.includes(values.only) && (values.campaign ?? campaign) === campaign && at % shares === share
);
const waiting = [...chosen];
/** Commands that find something in the original: they prove nothing. */
const unsound = new Set<string>();
let killed = 0;

/** One of two lanes: a campaign keeps one core busy. */
async function lane(copy: Copy): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const { campaign = "crashes", subject = "first create" } = mutant;
    const command = COMMANDS[campaign](subject);
    const { killed: dead, text } = unsound.has(command.join())
      ? { killed: false, text: "the original has a violation as well" }
      : await copy.examine(mutant, command);
    if (dead) killed++;
    console.log(`${dead ? "killed  " : "SURVIVED"} ${mutant.name}`);
    console.log(`         ${campaign}, ${text.slice(0, 240)}`);
  }
}

const copies = [new Copy(), new Copy()];
try {
  // A violation of the original would pass for that of a mutant. Its power cuts are those of larger
  // campaigns: here a few show that the copy runs at all.
  const smoke = ["main.ts", "--states", "1", "--images", "1", "--every", "20", "--workload"];
  const commands = chosen.flatMap(({ campaign = "crashes", subject = "first create" }) =>
    campaign === "crashes" ? [] : [COMMANDS[campaign](subject)]
  );
  const distinct = new Map(
    [[...smoke, "first create"], ...commands].map((one) => [one.join(), one]),
  );
  const originals = [...distinct.values()];
  await Promise.all(copies.map(async (copy) => {
    for (let args = originals.shift(); args !== undefined; args = originals.shift()) {
      const { killed, text } = await copy.examine(undefined, args);
      console.log(`original: ${args.join(" ")}: ${text}`);
      if (killed) unsound.add(args.join());
    }
  }));
  await Promise.all(copies.map(lane));
} finally {
  for (const copy of copies) copy.remove();
}
const survived = chosen.length - killed;
console.log(JSON.stringify({ rows: [{ done: killed, violations: survived }] }));
console.log(`${killed} passed, ${survived} failed`);
console.log(`${killed} of ${chosen.length} mutants killed`);
process.exitCode = survived === 0 && chosen.length > 0 ? 0 : 1;
