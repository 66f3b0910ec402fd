/**
 * How the cost of our operations grows with what is stored. See bench/README.md.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { positiveInteger, runCommand, UsageError } from "../command_line.ts";
import { countText } from "../figure_text.ts";
import { interleave } from "../interleave.ts";
import { ourVersion } from "../our_version.ts";
import { measureRun, publish, REPORT_HELP, REPORT_OPTIONS } from "../report_run.ts";
import { createFolder, removeFolder } from "../run_folder.ts";
import type { GrowthReport, GrowthSeries } from "./growth_report.ts";
import { allGrowWell } from "./growth_report.ts";
import { growthToMarkdown, growthToText } from "./growth_text.ts";
import { INDEX } from "./index_growth.ts";
import { LOG_RECORDS } from "./log_growth.ts";
import { CONTENT, ONCE_MAP } from "./lookup_growth.ts";
import { MEMORY } from "./memory_growth.ts";
import { STREAMS } from "./stream_growth.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";

const USAGE = `usage: node --expose-gc bench/growth/growth.ts [options]
  --entries A,B,...  sizes of the index, log, once map and content store  (10000,100000,1000000)
  --streams A,B,...  sizes of the stream store                            (1,100,10000,100000)
  --large            one size more: 10,000,000 entries, which takes half an hour and 16 GB of disk
  --puts N           durable puts and appends of one caller a round       (1000)
  --transactions N   transactions of 1,000 a round                        (20)
  --gets N           gets a round                                         (100000)
  --rounds N         counted rounds                                       (5)
  --subjects A,B     of index,log,once map,content,memory,streams         (all)
${REPORT_HELP}`;

const SUBJECTS: readonly GrowthSubject[] = [INDEX, LOG_RECORDS, ONCE_MAP, CONTENT, MEMORY, STREAMS];
const LARGE = 10_000_000;
/** Ranges of 100 begin at keys that have as many after them. */
const ENTRIES_LEAST = 1000;

/** Cache for each thing of the largest size, so that every size is in memory. */
const CACHE_BYTES_EACH = 320;
const CACHE_BYTES_LEAST = 64 * 1024 * 1024;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      entries: { type: "string", default: "10000,100000,1000000" },
      streams: { type: "string", default: "1,100,10000,100000" },
      large: { type: "boolean", default: false },
      puts: { type: "string", default: "1000" },
      transactions: { type: "string", default: "20" },
      gets: { type: "string", default: "100000" },
      rounds: { type: "string", default: "5" },
      subjects: { type: "string", default: SUBJECTS.map(({ name }) => name).join() },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  const sizes = {
    entries: [
      ...sizesOf("entries", values.entries, ENTRIES_LEAST),
      ...(values.large ? [LARGE] : []),
    ],
    streams: sizesOf("streams", values.streams, 1),
  };
  const counts: GrowthCounts = {
    puts: positiveInteger("puts", values.puts),
    transactions: positiveInteger("transactions", values.transactions),
    gets: positiveInteger("gets", values.gets),
  };
  const rounds = positiveInteger("rounds", values.rounds);
  const subjects = values.subjects.split(",").map(findSubject);
  const report: GrowthReport = await measureRun(values, async (folder) => {
    const series: GrowthSeries[] = [];
    for (const subject of subjects) {
      const fitting = sizes[subject.of].filter((size) => size <= (subject.most ?? Infinity));
      series.push(...await measure(subject, fitting, folder, counts, rounds));
    }
    return { title: `Growth: holdfast ${ourVersion()}`, series };
  });
  const text = values.markdown ? growthToMarkdown(report) : growthToText(report);
  publish(values, report, text, !values.check || allGrowWell(report));
});

function sizesOf(flag: string, text: string, least: number): number[] {
  const sizes = text.split(",").map((part) => positiveInteger(flag, part));
  if (sizes.length < 2 || sizes.some((size, i) => i > 0 && size <= sizes[i - 1]!)) {
    throw new UsageError(`--${flag} needs two sizes or more, each larger than the one before`);
  }
  if (sizes[0]! < least) throw new UsageError(`--${flag} needs sizes of ${least} or more`);
  return sizes;
}

function findSubject(name: string): GrowthSubject {
  const subject = SUBJECTS.find((each) => each.name === name);
  if (subject === undefined) throw new UsageError(`unknown subject "${name}"`);
  return subject;
}

/** All operations of one kind of store; the sizes take turns. */
async function measure(
  subject: GrowthSubject,
  sizes: readonly number[],
  parent: string,
  counts: GrowthCounts,
  rounds: number,
): Promise<GrowthSeries[]> {
  const folder = createFolder(parent, subject.name);
  const cacheBytes = Math.max(CACHE_BYTES_LEAST, sizes.at(-1)! * CACHE_BYTES_EACH);
  const stores = new Map<string, GrowthStore>();
  for (const size of sizes) {
    const path = join(folder, `${size}.hold`);
    stores.set(String(size), await subject.fill(path, size, cacheBytes, counts));
    console.error(`${subject.name}: filled with ${countText(size)} ${subject.of}`);
  }
  const runners = sizes.map((size) => ({ name: String(size) }));
  const series: GrowthSeries[] = [];
  for (const name of Object.keys([...stores.values()][0]!.operations)) {
    const figures = await interleave(
      name,
      runners,
      rounds,
      (runner, round) => stores.get(runner.name)!.operations[name]!(round),
    );
    const points = sizes.map((size) => ({ size, rounds: figures[size]! }));
    series.push({ name, of: subject.of, isYardstick: subject.isYardstick === true, points });
  }
  for (const store of stores.values()) await store.close();
  removeFolder(folder);
  return series;
}
