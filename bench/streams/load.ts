/**
 * Our server beside the official one (`@durable-streams/server`) and that of the Rust crate
 * `durable-streams-server`: one client, one interleaved run. See bench/README.md.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { runCommand, UsageError } from "../command_line.ts";
import { STREAMS_SERVER } from "../compare/rust_build.ts";
import type { ReportRow } from "../report.ts";
import { REPORT_HELP, REPORT_OPTIONS, reportRun } from "../report_run.ts";
import { createFolder } from "../run_folder.ts";
import { Contestant } from "./contestant.ts";
import { ROW_GROUPS } from "./row_groups.ts";
import type { ServerKind, ServerRuntime } from "./servers.ts";
import { officialVersion, RUST, SERVER_RUNTIMES, serverKinds } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { readSettings, SIZE_HELP, SIZE_OPTIONS } from "./settings.ts";

const GROUP_NAMES = Object.keys(ROW_GROUPS);

const USAGE = `usage: node bench/streams/load.ts [options]
  --rows A,B               of ${GROUP_NAMES.join()} (all)
  --server-runtime A,B     what ours runs on, of ${SERVER_RUNTIMES.join()} (node)
  --contestants A,B        only these of the servers (all)
  --quick                  small sizes: some minutes, for a look
${SIZE_HELP}
${REPORT_HELP}`;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      ...SIZE_OPTIONS,
      rows: { type: "string" },
      "server-runtime": { type: "string", default: "node" },
      contestants: { type: "string" },
      quick: { type: "boolean", default: false },
      ...REPORT_OPTIONS,
    },
  });
  if (values.help) return console.log(USAGE);
  if (process.versions["bun"] !== undefined || process.versions["deno"] !== undefined) {
    throw new UsageError("the client runs on Node; --server-runtime chooses where ours runs");
  }
  const settings = readSettings(values, values.quick);
  const groups = chosen("rows", values.rows, GROUP_NAMES);
  const runtimes = chosen("server-runtime", values["server-runtime"], SERVER_RUNTIMES);
  const kinds = presentKinds(runtimes, values.contestants);
  await reportRun(values, async (folder) => {
    const rows: ReportRow[] = [];
    const notes: string[] = [];
    for (const group of groups) {
      try {
        rows.push(...await measureGroup(group, kinds, settings, folder));
      } catch (error) {
        // The figures of the other groups are worth keeping.
        console.error(`${group} failed:`, error);
        notes.push(`${group}: not measured, it failed`);
      }
    }
    return {
      title: `Durable Streams: against ${peerVersions(kinds)}`,
      contestants: [...new Set(kinds.map(({ column }) => column))],
      rows,
      notes,
      hasFailed: notes.length > 0,
    };
  });
});

/** The values of a list flag, all when it is not given. */
function chosen<T extends string>(flag: string, text: string | undefined, of: readonly T[]): T[] {
  if (text === undefined) return [...of];
  return text.split(",").map((word) => {
    const value = of.find((known) => known === word);
    if (value === undefined) throw new UsageError(`--${flag} knows no "${word}"`);
    return value;
  });
}

/** The servers asked for that run here; says why the others are not here. */
function presentKinds(runtimes: readonly ServerRuntime[], names: string | undefined): ServerKind[] {
  const kinds = serverKinds(runtimes);
  const wanted = chosen("contestants", names, kinds.map(({ name }) => name));
  return kinds.filter((kind) => {
    if (!wanted.includes(kind.name)) return false;
    const absence = kind.absence();
    if (absence !== undefined) console.log(`${kind.name} is not here: ${absence}`);
    return absence === undefined;
  });
}

/** The servers of others, with their versions. */
function peerVersions(kinds: readonly ServerKind[]): string {
  const official = `@durable-streams/server ${officialVersion() ?? "(missing)"}`;
  if (!kinds.includes(RUST)) return official;
  return `${official}, ${STREAMS_SERVER.crate} ${STREAMS_SERVER.version}`;
}

/** Starts the group's servers on nothing, measures, and removes what they stored. */
async function measureGroup(
  name: string,
  kinds: readonly ServerKind[],
  settings: Settings,
  folder: string,
): Promise<ReportRow[]> {
  const { takes, measure } = ROW_GROUPS[name]!;
  const own = createFolder(folder, name);
  const contestants = kinds.filter(takes).map((kind) => new Contestant(kind, own));
  if (contestants.length === 0) return [];
  try {
    for (const contestant of contestants) await contestant.start();
    return await measure(contestants, settings);
  } finally {
    for (const contestant of contestants) await contestant.remove();
  }
}
