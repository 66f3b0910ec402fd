/**
 * Rows of many streams: how soon a server that holds them answers again, and in how much memory.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import type { HttpConnection } from "./http_connection.ts";
import { readStream } from "./large_stream.ts";
import { createStream, MESSAGE_BYTES, pathOf } from "./load_client.ts";
import { IDLE_MILLIS } from "./memory.ts";
import type { Settings } from "./settings.ts";
import type { Figures } from "./server_rows.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";

const WRITERS = 64;
/** Streams whose content is compared after each reopening. */
const SAMPLES = 100;

/** What a server holds: streams that were created with `bytes` bytes each. */
interface Population {
  readonly count: number;
  readonly bytes: number;
}

/** Rows of many streams that hold one small message each. */
export async function measureIdle(
  contestants: readonly Contestant[],
  { rounds, idleStreams }: Settings,
): Promise<ReportRow[]> {
  const held = { count: idleStreams, bytes: MESSAGE_BYTES };
  const nothing = await measureEmptyStart(contestants);
  await populate(contestants, held);
  const { seconds, peak } = await reopen(contestants, rounds, held);
  const text = `${idleStreams} idle streams`;
  return [
    ...rowsOf(contestants, reopenHead("1 stream"), nothing),
    ...rowsOf(contestants, reopenHead(text, 2), seconds),
    ...rowsOf(contestants, {
      name: `most memory until ${text} are reopened and idle`,
      unit: "MB",
      better: "lower",
      targets: [{ figure: 300 }],
    }, peak),
  ];
}

/** Rows of fewer streams that hold more. */
export async function measureData(
  contestants: readonly Contestant[],
  { rounds, dataStreams, dataMegabytes }: Settings,
): Promise<ReportRow[]> {
  const held = { count: dataStreams, bytes: Math.round(dataMegabytes * 1e6 / dataStreams) };
  await populate(contestants, held);
  const { seconds, peak } = await reopen(contestants, rounds, held);
  const text = `${dataStreams} streams with ${dataMegabytes} MB`;
  return [
    ...rowsOf(contestants, reopenHead(text, 1), seconds),
    ...rowsOf(contestants, {
      name: `most memory until ${text} are reopened and idle`,
      unit: "MB",
      better: "lower",
    }, peak),
  ];
}

function reopenHead(text: string, most?: number) {
  const head = {
    name: `reopen ${text}, until the first read`,
    unit: "s",
    better: "lower",
  } as const;
  return most === undefined ? head : { ...head, targets: [{ figure: most }] };
}

/** The start of a server that holds one stream: what every other start has in it, too. */
async function measureEmptyStart(contestants: readonly Contestant[]): Promise<Figures> {
  const figures: Record<string, number[]> = {};
  for (const contestant of contestants) {
    const single = { count: 1, bytes: MESSAGE_BYTES };
    await contestant.client.create("probe", { body: content(0, single.bytes) });
    figures[contestant.name] = [await startUntilRead(contestant, "probe", single)];
  }
  return figures;
}

async function populate(contestants: readonly Contestant[], held: Population): Promise<void> {
  for (const { name, client } of contestants) {
    console.error(`${name}: ${held.count} streams of ${held.bytes} B`);
    await client.connect(WRITERS, async (connections) => {
      let next = 0;
      await Promise.all(connections.map(async (connection) => {
        for (let i = next++; i < held.count; i = next++) {
          await createStream(connection, nameOf(i), { body: content(i, held.bytes) });
        }
      }));
    });
  }
}

async function reopen(
  contestants: readonly Contestant[],
  rounds: number,
  held: Population,
): Promise<Record<"seconds" | "peak", Figures>> {
  return await takeTurns("reopen", contestants, rounds, async (contestant, round) => {
    const sample = (round + 2) % held.count;
    const seconds = await startUntilRead(contestant, nameOf(sample), held, sample);
    await contestant.client.connect(1, async ([connection]) => {
      const step = Math.max(1, Math.floor(held.count / SAMPLES));
      for (let i = 0; i < held.count; i += step) await compare(connection!, nameOf(i), held, i);
    });
    await delay(IDLE_MILLIS);
    return { seconds, peak: contestant.server.memory().peak / 1e6 };
  });
}

/** Stops a server cleanly and starts it; the seconds from the start until it has read a stream. */
async function startUntilRead(
  contestant: Contestant,
  stream: string,
  held: Population,
  index = 0,
): Promise<number> {
  await contestant.stop();
  const begin = performance.now();
  await contestant.start();
  return await contestant.client.connect(1, async ([connection]) => {
    await compare(connection!, stream, held, index);
    return (performance.now() - begin) / 1000;
  });
}

async function compare(
  connection: HttpConnection,
  stream: string,
  { bytes }: Population,
  index: number,
): Promise<void> {
  const reading = await readStream(connection, pathOf(stream), true);
  if (reading.bytes !== bytes || reading.checksum !== crc32(content(index, bytes))) {
    throw new Error(`${stream} has other content than it was created with`);
  }
}

function nameOf(index: number): string {
  return `many/${index}`;
}

/** The content of a stream, different for each. */
function content(index: number, bytes: number): Uint8Array {
  return Buffer.alloc(bytes, `stream ${index} `);
}
