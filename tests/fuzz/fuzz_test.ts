/** A few seconds of fuzzing; `tests/fuzz/main.ts` goes on for longer. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { CorruptionError } from "../../mod.ts";
import { RUNNING } from "../io/running_io.ts";
import { decoderTargets } from "./decoder_targets.ts";
import { type FuzzTarget, runFuzz } from "./fuzzer.ts";
import { storeTargets } from "./store_targets.ts";
import { textTargets } from "./text_targets.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 200);

/** Each runtime takes others. */
const SEED = ["deno", "bun", "node"].indexOf(RUNNING) + 1;

async function assertFuzz(targets: readonly FuzzTarget[], runs: number): Promise<void> {
  const rows = await runFuzz(targets, runs, SEED);
  assert.deepEqual(rows.flatMap(({ violations }) => violations), []);
  assert.equal(rows.length, targets.length);
  assert.ok(rows.some(({ taken }) => taken > 0) && rows.some(({ codes }) => Object.keys(codes)[0]));
}

test("decoders: any bytes are a value that goes round, or an error with a code", {
  timeout: 60_000,
}, () => assertFuzz(decoderTargets, RUNS));

test("openers, inspection, repair: any file is met by an error with a code, soon and in bounds", {
  timeout: 120_000,
}, async () => {
  const targets = await storeTargets();
  const rows = await runFuzz(targets, RUNS, SEED);
  assert.deepEqual(rows.flatMap(({ violations }) => violations), []);
});

test("imports and requests: any bytes are taken or refused, and the store is whole", {
  timeout: 60_000,
}, async () => {
  const rows = await runFuzz(await textTargets(), RUNS, SEED);
  assert.deepEqual(rows.flatMap(({ violations }) => violations), []);
});

test("fuzzer: finds errors without a code, other codes, memory that input asks for", async () => {
  const targets: FuzzTarget[] = [
    {
      name: "no code",
      seeds: [],
      codes: [],
      run: (input) => void new DataView(input.buffer).getUint32(9),
    },
    {
      name: "another code",
      seeds: [],
      codes: ["CORRUPT_VALUE"],
      run(input): void {
        if (input.length > 9) throw new CorruptionError("CORRUPT_PAGE", "a page");
      },
    },
    {
      name: "memory",
      seeds: [Uint8Array.of(3, 0, 0, 0)],
      codes: [],
      run(input): void {
        if (input.length < 4) return;
        const length = new DataView(input.buffer, input.byteOffset).getUint32(0, true);
        if (length < 2 ** 24) new Uint8Array(length);
      },
    },
  ];
  for (const row of await runFuzz(targets, 300, 1)) {
    assert.ok(row.violations.length > 0, row.name);
    assert.ok(row.violations.length < 300, row.name);
  }
});
