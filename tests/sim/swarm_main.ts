/**
 * The swarm as a command: `deno run -A tests/sim/swarm_main.ts --seeds 500 --from 0`; also runs with
 * bun and node. With `--operations N` lives of that many steps. Exits with 1 when a violation was found.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { runSwarm } from "./swarm.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    from: { type: "string", default: "0" },
    operations: { type: "string", default: "500" },
    violations: { type: "string", default: "5" },
    quiet: { type: "boolean", default: false },
  },
});
const report = await runSwarm({
  seeds: Number(values.seeds),
  from: Number(values.from),
  operations: Number(values.operations),
  violationsMax: Number(values.violations),
  progress: (seeds, violations): void => {
    if (values.quiet || seeds % 10 !== 0) return;
    process.stderr.write(`\r${seeds} seeds, ${violations} violations `);
  },
});
if (!values.quiet) process.stderr.write("\n");
for (const violation of report.violations) console.log(`${violation}\n`);
const columns = ["seeds", "operations", "states", "injected", "violations"] as const;
console.log("world".padEnd(20) + columns.map((name) => name.padStart(12)).join(""));
for (const row of report.rows) {
  const cells = columns.map((name) => String(row[name]).padStart(12));
  console.log(row.world.padEnd(20) + cells.join(""));
}
const failed = report.violations.length;
console.log(`${report.seeds - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
