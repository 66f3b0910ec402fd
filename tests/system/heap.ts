/**
 * A heap of 64 MiB, and a store several times as large.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime, RuntimeName } from "../tools/runtimes.ts";
import { Child } from "./child.ts";
import { Tally } from "./tally.ts";

/** MiB of values, and once more as a blob. */
const STORE_MIB = 128;

/** What a process may have resident at most, MiB: a runtime takes 50 to 100 by itself. */
const RESIDENT_MIB = 320;

const PATIENCE_MS = 180_000;

/** How each runtime is told; Bun knows no hard limit, so there only what is resident counts. */
const FLAGS: Readonly<Record<RuntimeName, readonly string[]>> = {
  deno: ["--v8-flags=--max-old-space-size=64"],
  bun: ["--smol"],
  node: ["--max-old-space-size=64"],
};

/** Plays it on each runtime, one after the other. */
export async function runHeaps(runtimes: readonly Runtime[]): Promise<Tally> {
  const tally = new Tally();
  for (const runtime of runtimes) {
    tally.begin(runtime);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-heap-"));
    const said = new Map<string, number>();
    const child = Child.start(runtime, "tests/system/heap_program.ts", [folder, `${STORE_MIB}`], {
      flags: FLAGS[runtime.name],
      onLine: (line) => {
        const [word = "", number] = line.split(" ");
        said.set(word, Number(number));
      },
    });
    const isOver = await child.within(PATIENCE_MS);
    const { code } = await child.ended;
    rmSync(folder, { recursive: true, force: true });
    const peak = said.get("peak") ?? Infinity;
    const isRight = isOver && code === 0 && said.get("made")! > 2 * STORE_MIB &&
      said.get("read")! > 0 && peak < RESIDENT_MIB;
    tally.count(runtime, isRight);
    tally.add(runtime, "MiB in the file", said.get("made") ?? 0);
    tally.add(runtime, "MiB resident", peak);
    if (!isRight) console.log(`FAILED: heap of ${runtime.name}, code ${code}: ${child.errors}`);
  }
  return tally;
}
