/**
 * The sizes of a run: flags of the command, with the defaults of a full and of a quick one.
 *
 * @module
 */

import { positiveInteger } from "../command_line.ts";

interface Size {
  readonly flag: string;
  readonly full: number;
  readonly quick: number;
  readonly help: string;
}

/** The sizes of a run. Megabytes are millions of bytes. */
export interface Settings {
  readonly rounds: number;
  readonly millis: number;
  readonly megabytes: number;
  readonly tailMegabytes: number;
  readonly sseReaders: number;
  readonly sseEvents: number;
  readonly idleStreams: number;
  readonly dataStreams: number;
  readonly dataMegabytes: number;
  readonly writtenMegabytes: number;
}

const SIZES: Readonly<Record<keyof Settings, Size>> = {
  rounds: { flag: "rounds", full: 5, quick: 2, help: "counted rounds" },
  millis: { flag: "ms", full: 2000, quick: 500, help: "duration of a turn, where it has one" },
  megabytes: { flag: "megabytes", full: 100, quick: 20, help: "stream of catch-up, mixed, memory" },
  tailMegabytes: { flag: "tail-megabytes", full: 1000, quick: 100, help: "large stream of tail" },
  sseReaders: { flag: "sse-readers", full: 1000, quick: 100, help: "readers of sse" },
  sseEvents: { flag: "sse-events", full: 10, quick: 5, help: "appends of a turn of sse" },
  idleStreams: { flag: "idle-streams", full: 100_000, quick: 5_000, help: "streams of idle" },
  dataStreams: { flag: "data-streams", full: 20_000, quick: 1_000, help: "streams of data" },
  dataMegabytes: { flag: "data-megabytes", full: 500, quick: 25, help: "content of data" },
  writtenMegabytes: {
    flag: "written-megabytes",
    full: 200,
    quick: 20,
    help: "payload of amplification; a quarter of it in 100 B",
  },
};

/** The flags of the sizes, for `parseArgs`. */
export const SIZE_OPTIONS: Readonly<Record<string, { readonly type: "string" }>> = Object
  .fromEntries(Object.values(SIZES).map(({ flag }) => [flag, { type: "string" }]));

/** What `--help` says of them. */
export const SIZE_HELP: string = Object.values(SIZES).map(({ flag, full, quick, help }) =>
  `  --${flag} N`.padEnd(27) + `${help} (${full}; quick ${quick})`
).join("\n");

/** The sizes that the flags ask for. */
export function readSettings(
  values: Readonly<Record<string, string | boolean | undefined>>,
  isQuick: boolean,
): Settings {
  const entries = Object.entries(SIZES).map(([name, { flag, full, quick }]) => {
    const text = values[flag];
    const standard = isQuick ? quick : full;
    return [name, typeof text === "string" ? positiveInteger(flag, text) : standard];
  });
  return Object.fromEntries(entries) as unknown as Settings;
}
