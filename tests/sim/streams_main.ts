/** Runs the crash subjects of streams alone: `tests/sim/streams_main.ts --states N --seed S`. */

import process from "node:process";
import { parseArgs } from "node:util";
import { runStreams } from "./streams_run.ts";
import { streamsSubjects } from "./streams_subjects.ts";

const { values } = parseArgs({
  options: {
    states: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    images: { type: "string", default: "6" },
    first: { type: "string", default: "" },
    only: { type: "string" },
    violations: { type: "string", default: "5" },
    quiet: { type: "boolean", default: false },
  },
});
const chosen = streamsSubjects.filter(({ name }) =>
  values.only === undefined || name === values.only
);
const subjects = [
  ...chosen.filter(({ name }) => name === values.first),
  ...chosen.filter(({ name }) => name !== values.first),
];
const report = await runStreams({
  subjects,
  states: Number(values.states),
  seed: Number(values.seed),
  imagesPerCut: Number(values.images),
  innerEvery: 10,
  violationsMax: Number(values.violations),
});
for (const violation of report.violations) console.log(`VIOLATION ${violation}`);
if (!values.quiet) {
  for (const { subject, operations, states } of report.rows) {
    console.log(
      `${subject.padEnd(34)} ${String(operations).padStart(6)} ${String(states).padStart(8)}`,
    );
  }
}
console.log(`${report.states} passed, ${report.violations.length} failed`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
