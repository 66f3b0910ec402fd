/**
 * The campaigns as a command; also runs with bun and node:
 *
 *     deno run -A --no-npm tests/sim/main.ts --states 20000 --seed 1
 *     deno run -A --no-npm tests/sim/main.ts --faults 10
 *     deno run -A --no-npm tests/sim/main.ts --damage 30000
 *     deno run -A --no-npm tests/sim/main.ts --swarm 500
 *
 * Power cuts; with `--faults` calls that fail, `--damage` bytes that change, `--swarm` long lives
 * with all of it. Each has a file of its own, which knows the other arguments.
 */

import process from "node:process";

/** The file of each mode, and how its size is called there. */
const MODES: Readonly<Record<string, { readonly file: string; readonly size: string }>> = {
  faults: { file: "./crash_main.ts", size: "faults" },
  damage: { file: "./damage_main.ts", size: "runs" },
  swarm: { file: "./swarm_main.ts", size: "seeds" },
};

const name = Object.keys(MODES).find((mode) => process.argv.includes(`--${mode}`));
if (name !== undefined) process.argv[process.argv.indexOf(`--${name}`)] = `--${MODES[name]!.size}`;
await import(name === undefined ? "./crash_main.ts" : MODES[name]!.file);
