/**
 * A vector of f64 beside a plain `Float64Array` in one interleaved run. See bench/README.md.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { codec, Database, vector } from "../../mod.ts";
import { positiveInteger, runCommand } from "../command_line.ts";
import { interleave } from "../interleave.ts";
import { ourVersion } from "../our_version.ts";
import type { ReportRow } from "../report.ts";
import { OURS } from "../report.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import type { Step, VectorRow } from "./vector_rows.ts";
import { PLAIN, VECTOR_ROWS } from "./vector_rows.ts";

const USAGE = `usage: node --expose-gc bench/vector/columns.ts [options]
  --elements N       elements of the vector  (1000000)
  --rounds N         counted rounds          (5)
${REPORT_HELP}`;

const NUMBERS = vector("numbers", codec.f64);
const CACHE_BYTES = 256 * 1024 * 1024;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      elements: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "5" },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const count = positiveInteger("elements", values.elements);
  const rounds = positiveInteger("rounds", values.rounds);
  await reportRun(values, async () => {
    const rows: ReportRow[] = [];
    for (const row of VECTOR_ROWS) rows.push(await measureRow(row, count, rounds));
    return { title: `Vector: holdfast ${ourVersion()}`, contestants: [OURS, PLAIN], rows };
  });
});

async function measureRow(row: VectorRow, count: number, rounds: number): Promise<ReportRow> {
  const { name, targets } = row;
  const array = Float64Array.from({ length: count }, (_, i) => i);
  const expected = row.plain(array)();
  const timed = (step: Step): number => {
    const begin = performance.now();
    const result = step();
    const seconds = (performance.now() - begin) / 1000;
    if (result !== expected) throw new Error(`${name}: other elements than were put`);
    return count / seconds / 1e6;
  };
  const runners = [
    { name: OURS, measure: () => measureOurs(row, count, timed) },
    { name: PLAIN, measure: () => timed(row.plain(array.slice())) },
  ];
  return {
    name,
    unit: "M elements/s",
    better: "higher",
    ...targets === undefined ? {} : { targets },
    rounds: await interleave(name, runners, rounds, ({ measure }) => measure()),
  };
}

/** In a database of its own, filled off the clock. */
async function measureOurs(
  row: VectorRow,
  count: number,
  timed: (step: Step) => number,
): Promise<number> {
  const database = await Database.memory({ cacheBytes: CACHE_BYTES });
  if (row.startsEmpty !== true) {
    await database.update((tx) => {
      const writer = tx.open(NUMBERS);
      for (let i = 0; i < count; i++) writer.push(i);
    });
  }
  const tx = database.begin();
  const rate = timed(row.ours({ writer: tx.open(NUMBERS), reader: database.open(NUMBERS), count }));
  await tx.commit();
  await database.close();
  return rate;
}
