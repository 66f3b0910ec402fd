/**
 * Rows of write amplification: bytes that a server hands to the disk for each byte of payload.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import { FILL, FILL_BYTES } from "./large_stream.ts";
import { MESSAGE, MESSAGE_BYTES, sendAppend } from "./load_client.ts";
import type { Settings } from "./settings.ts";
import type { Limit, StreamsRow } from "./streams_row.ts";
import { rowsOf } from "./streams_row.ts";

/** The payload in 100 B messages is this part of that in 64 KiB messages. */
const SMALL_PART = 0.1;

interface Shape {
  readonly text: string;
  readonly writers: number;
  readonly message: Uint8Array;
  readonly bytes: number;
  readonly limit: Limit;
}

/** Rows of large messages by one writer and of small ones in the batches that 64 writers make. */
export async function measureAmplification(
  contestants: readonly Contestant[],
  { writtenMegabytes }: Settings,
): Promise<StreamsRow[]> {
  const bytes = writtenMegabytes * 1e6;
  const shapes: Shape[] = [
    {
      text: `${writtenMegabytes} MB in messages of 64 KiB, 1 writer`,
      ...{ writers: 1, message: FILL, bytes: Math.ceil(bytes / FILL_BYTES) * FILL_BYTES },
      limit: { target: 2.5 },
    },
    {
      text: `${writtenMegabytes * SMALL_PART} MB in messages of ${MESSAGE_BYTES} B, 64 writers`,
      ...{ writers: 64, message: MESSAGE, bytes: bytes * SMALL_PART },
      limit: { target: 6 },
    },
  ];
  const rows: StreamsRow[] = [];
  for (const shape of shapes) {
    const figures: Record<string, number[]> = {};
    for (const contestant of contestants) {
      console.error(`amplification: ${contestant.name}, ${shape.text}`);
      figures[contestant.name] = [await amplification(contestant, shape)];
    }
    const name = `bytes written over payload, ${shape.text}`;
    const head = { name, unit: "x", better: "lower", limit: shape.limit } as const;
    rows.push(...rowsOf(contestants, head, figures));
  }
  return rows;
}

/** Appends on one stream between a clean start and a clean end of the server, all of it counted. */
async function amplification(contestant: Contestant, shape: Shape): Promise<number> {
  const { writers, message, bytes } = shape;
  await contestant.stop();
  await contestant.start();
  const { client } = contestant;
  const path = await client.create(`written-${message.length}`);
  const request = requestBytes("POST", path, { body: message });
  let left = Math.ceil(bytes / message.length);
  const payload = left * message.length;
  await client.connect(writers, (connections) =>
    Promise.all(connections.map(async (connection) => {
      while (left-- > 0) await sendAppend(connection, request);
    })));
  const before = writtenByEnded();
  await contestant.stop();
  return (writtenByEnded() - before) / payload;
}

/**
 * Bytes that this process and its children that have ended sent to disks: Linux adds the counters of
 * a child to its parent's when the child has ended (proc(5), `write_bytes`), so that all the server
 * did counts, the checkpoint of its clean end included. What it answers is not in it.
 */
function writtenByEnded(): number {
  const text = readFileSync("/proc/self/io", "utf8");
  return Number(/^write_bytes: (\d+)$/m.exec(text)![1]);
}
