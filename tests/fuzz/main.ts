/**
 * Fuzzing as a command: `deno run -A --no-npm tests/fuzz/main.ts --runs 100000 --seed 7`; `--target`
 * with a part of a name chooses. Also runs with bun and node. Exits with 1 when something was wrong.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { decoderTargets } from "./decoder_targets.ts";
import { runFuzz } from "./fuzzer.ts";
import { storeTargets } from "./store_targets.ts";
import { textTargets } from "./text_targets.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    target: { type: "string", default: "" },
  },
});

const targets = [...decoderTargets, ...await storeTargets(), ...await textTargets()]
  .filter(({ name }) => name.includes(values.target));
const rows = await runFuzz(targets, Number(values.runs), Number(values.seed), (row) => {
  for (const violation of row.violations.slice(0, 5)) console.log(violation);
  const codes = Object.entries(row.codes).sort().map(([code, count]) => `${code} ${count}`);
  console.log(
    row.name.padEnd(44) + String(row.runs).padStart(8) + String(row.taken).padStart(8) +
      String(row.violations.length).padStart(6) + `  ${codes.join(", ")}`,
  );
});
const runs = rows.reduce((sum, row) => sum + row.runs, 0);
const failed = rows.reduce((sum, { violations }) => sum + violations.length, 0);
console.log(`${runs - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
