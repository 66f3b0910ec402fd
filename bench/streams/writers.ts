/**
 * Rows of writers: plain appends and those of idempotent producers.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import type { ReportRow, Target } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import { readStream } from "./large_stream.ts";
import type { LoadClient } from "./load_client.ts";
import { expectStatus, MESSAGE, MESSAGE_BYTES, sendAppend } from "./load_client.ts";
import { OFFICIAL, OFFICIAL_IN_MEMORY } from "./servers.ts";
import type { Settings } from "./settings.ts";
import type { Figures } from "./server_rows.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";

/** Writers of the rows with many. */
const WRITERS = 64;
/** Ours, which is durable, over a server that keeps everything in memory and nothing on disk. */
const MEMORY_RATIO = 0.6;

/** A stream that holds `messages` messages of 100 B and nothing else. */
interface Written {
  readonly path: string;
  messages: number;
}

/** Sends one append for a writer. */
type SendNext = (writer: number) => Promise<void>;

/** Rows of 1 writer, 64 on one stream and 64 on 64 streams. */
export async function measureAppends(
  contestants: readonly Contestant[],
  settings: Settings,
): Promise<ReportRow[]> {
  const rows: ReportRow[] = [];
  const shapes = [
    { writers: 1, streams: 1, ratio: 2.5, text: "1 writer" },
    { writers: WRITERS, streams: 1, ratio: 15, text: `${WRITERS} writers on 1 stream` },
    {
      writers: WRITERS,
      streams: WRITERS,
      ratio: 8,
      text: `${WRITERS} writers on ${WRITERS} streams`,
    },
  ];
  for (const { writers, streams, ratio, text } of shapes) {
    const written = await createStreams(contestants, `append-${writers}`, streams);
    const { rate } = await takeTurns(text, contestants, settings.rounds, async (contestant) => ({
      rate: await appendFor(
        contestant.client,
        written.get(contestant.name)!,
        writers,
        settings.millis,
      ),
    }));
    await verify(contestants, written);
    rows.push(...writerRows(contestants, `durable append 100 B, ${text}`, ratio, rate));
  }
  return rows;
}

/** The row of 64 producers on one stream, each with its own id, numbering its appends. */
export async function measureProducers(
  contestants: readonly Contestant[],
  settings: Settings,
): Promise<ReportRow[]> {
  const written = await createStreams(contestants, "producers", 1);
  const sent = new Map(contestants.map(({ name }) => [name, new Array<number>(WRITERS).fill(0)]));
  const { rate } = await takeTurns(
    "producers",
    contestants,
    settings.rounds,
    async (contestant) => {
      const [stream] = written.get(contestant.name)!;
      const numbers = sent.get(contestant.name)!;
      return {
        rate: await contestant.client.connect(
          WRITERS,
          (connections) =>
            repeat(WRITERS, settings.millis, async (writer) => {
              const fields = [
                `Producer-Id: producer-${writer}`,
                "Producer-Epoch: 0",
                `Producer-Seq: ${numbers[writer]}`,
              ];
              const request = requestBytes("POST", stream!.path, { body: MESSAGE, fields });
              // 200 is new data; a duplicate would be 204.
              expectStatus(await connections[writer]!.send(request), 200);
              numbers[writer]!++;
              stream!.messages++;
            }),
        ),
      };
    },
  );
  await verify(contestants, written);
  const name = `durable append 100 B, ${WRITERS} idempotent producers on 1 stream`;
  return writerRows(contestants, name, 15, rate);
}

/**
 * Each of `writers` connections appends 100 B, waits for the answer and goes on, until `millis` have
 * passed; returns acknowledged appends per second.
 */
export function appendFor(
  client: LoadClient,
  streams: readonly Written[],
  writers: number,
  millis: number,
): Promise<number> {
  return client.connect(writers, (connections) => {
    const requests = streams.map(({ path }) => requestBytes("POST", path, { body: MESSAGE }));
    return repeat(writers, millis, async (writer) => {
      const stream = writer % streams.length;
      await sendAppend(connections[writer]!, requests[stream]!);
      streams[stream]!.messages++;
    });
  });
}

/** All writers send one append after the other for `millis`; returns appends per second. */
export async function repeat(writers: number, millis: number, send: SendNext): Promise<number> {
  const begin = performance.now();
  const end = begin + millis;
  let acknowledged = 0;
  const writer = async (i: number): Promise<void> => {
    while (performance.now() < end) {
      await send(i);
      acknowledged++;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => writer(i)));
  return acknowledged / (performance.now() - begin) * 1000;
}

/** `count` empty streams on every server, by its name. */
export async function createStreams(
  contestants: readonly Contestant[],
  prefix: string,
  count: number,
): Promise<ReadonlyMap<string, Written[]>> {
  const created = new Map<string, Written[]>();
  for (const { name, client } of contestants) {
    const streams: Written[] = [];
    for (let i = 0; i < count; i++) {
      streams.push({ path: await client.create(`${prefix}-${count}-${i}`), messages: 0 });
    }
    created.set(name, streams);
  }
  return created;
}

/** Everything that was acknowledged is there, and nothing else. */
async function verify(
  contestants: readonly Contestant[],
  written: ReadonlyMap<string, readonly Written[]>,
): Promise<void> {
  for (const { name, client } of contestants) {
    await client.connect(1, async ([connection]) => {
      for (const { path, messages } of written.get(name)!) {
        const { bytes, checksum } = await readStream(connection!, path, true);
        if (bytes !== messages * MESSAGE_BYTES || checksum !== checksumOf(messages)) {
          throw new Error(`${name}: ${path} has ${bytes} bytes for ${messages} messages`);
        }
      }
    });
  }
}

function checksumOf(messages: number): number {
  let checksum = 0;
  for (let i = 0; i < messages; i++) checksum = crc32(MESSAGE, checksum);
  return checksum;
}

/** A row against the official server, and against that in memory where it is there. */
function writerRows(
  contestants: readonly Contestant[],
  name: string,
  ratio: number,
  rate: Figures,
): ReportRow[] {
  const targets: Target[] = [{ against: [OFFICIAL], ratio }];
  if (contestants.some(({ kind }) => kind.column === OFFICIAL_IN_MEMORY)) {
    targets.push({ against: [OFFICIAL_IN_MEMORY], ratio: MEMORY_RATIO });
  }
  return rowsOf(contestants, { name, unit: "appends/s", better: "higher", targets }, rate);
}
