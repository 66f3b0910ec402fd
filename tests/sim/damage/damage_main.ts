/**
 * The damage campaign as a command:
 *
 *     deno run -A --no-npm tests/sim/damage/damage_main.ts --runs 30000
 *     deno run -A --no-npm tests/sim/damage/damage_main.ts --every
 *
 * `--runs N` damages all golden stores in N ways, `--every` changes every byte that is read, cuts
 * at every length, and does all the rest there is. `--values 4` or `11` changes each byte in so many
 * ways; `--store NAME`, `--kind KIND` (again for more) and `--state closed` or `crashed` choose. Also
 * runs with bun and node, with the same figures. Exits with 1 when something was wrong.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { DamageRow } from "./damage_campaign.ts";
import { runLanes } from "./damage_lanes.ts";
import { KINDS, type Values } from "./mutations.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "30000" },
    every: { type: "boolean", default: false },
    values: { type: "string", default: "1" },
    store: { type: "string", multiple: true, default: [] },
    state: { type: "string" },
    kind: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "2" },
    quiet: { type: "boolean", default: false },
  },
});

const COLUMNS: readonly (readonly [title: string, of: (row: DamageRow) => string | number])[] = [
  ["store", ({ name }) => name],
  ["state", ({ state }) => state],
  ["bytes", ({ bytes }) => bytes],
  ["unread", ({ unread }) => unread],
  ["mutations", ({ runs }) => runs],
  ["changed", ({ changed }) => changed],
  ["cuts", ({ cuts }) => cuts],
  ["right", ({ right }) => right],
  ["error", ({ errors }) => errors],
  ["tail", ({ tail }) => tail],
  ["last write", ({ lastWrite }) => lastWrite],
  ["file gone", ({ absent }) => absent],
  ["WRONG", ({ violations }) => violations.length],
];

const VIOLATIONS_SHOWN = 10;

function say(row: DamageRow | undefined): string {
  return COLUMNS.map(([title, of], at) => {
    const cell = String(row === undefined ? title : of(row));
    return at === 0 ? cell.padEnd(26) : cell.padStart(Math.max(9, title.length + 2));
  }).join("");
}

const which = { module: "../golden/golden_stores.ts", stores: values.store, state: values.state };
console.log(say(undefined));
const { rows, hangs, deaths } = await runLanes({
  ...which,
  runs: values.every ? undefined : Number(values.runs),
  kinds: KINDS.filter((kind) => values.kind.includes(kind)),
  values: Number(values.values) as Values,
  seed: Number(values.seed),
  lanes: Number(values.lanes),
}, (done, stores) => {
  if (!values.quiet) process.stderr.write(`\r${done} mutations, ${stores} stores `);
}, (row) => {
  if (!values.quiet) process.stderr.write("\r");
  console.log(say(row));
  for (const violation of row.violations.slice(0, VIOLATIONS_SHOWN)) {
    console.log(`VIOLATION in "${row.name}", ${row.state}: ${violation}`);
  }
});
if (!values.quiet) process.stderr.write("\n");

const codes: Record<string, number> = {};
for (const row of rows) {
  for (const [code, count] of Object.entries(row.codes)) codes[code] = (codes[code] ?? 0) + count;
}
console.log(Object.entries(codes).sort().map(([code, count]) => `${code} ${count}`).join(", "));
const runs = rows.reduce((sum, row) => sum + row.runs, 0);
const failed = rows.reduce((sum, { violations }) => sum + violations.length, hangs + deaths);
console.log(`${runs} mutations, ${hangs} hangs, ${deaths} deaths of a process`);
console.log(`${runs - failed + hangs + deaths} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
