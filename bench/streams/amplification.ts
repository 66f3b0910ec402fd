/**
 * Rows of write amplification: bytes that a server writes to files for each byte of payload.
 *
 * @module
 */

import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import { FILL } from "./large_stream.ts";
import { expectStatus, MESSAGE, MESSAGE_BYTES, sendAppend } from "./load_client.ts";
import type { Settings } from "./settings.ts";
import { rowsOf } from "./server_rows.ts";

/** The payload in 100 B messages is this part of that in 64 KiB messages. */
const SMALL_PART = 0.25;
/** Written before anything is counted: all space of the log is then made, as in a server's life. */
const WARM_UP_BYTES = 48e6;
/** Small answers that show how much of what a server sends is counted as written. */
const SAMPLE_ANSWERS = 2000;

interface Shape {
  readonly text: string;
  readonly writers: number;
  readonly message: Uint8Array;
  readonly bytes: number;
  readonly most: number;
}

/** Rows of large messages by one writer and of small ones in the batches that 64 writers make. */
export async function measureAmplification(
  contestants: readonly Contestant[],
  { writtenMegabytes }: Settings,
): Promise<ReportRow[]> {
  const small = writtenMegabytes * SMALL_PART;
  const shapes: Shape[] = [
    {
      text: `${writtenMegabytes} MB in messages of 64 KiB, 1 writer`,
      ...{ writers: 1, message: FILL, bytes: writtenMegabytes * 1e6 },
      most: 2.5,
    },
    {
      text: `${small} MB in messages of ${MESSAGE_BYTES} B, 64 writers`,
      ...{ writers: 64, message: MESSAGE, bytes: small * 1e6 },
      most: 6,
    },
  ];
  const sentShare = new Map<string, number>();
  for (const contestant of contestants) {
    const path = await contestant.client.create("warm-up");
    await append(contestant, path, FILL, 1, WARM_UP_BYTES);
    sentShare.set(contestant.name, await shareOfSent(contestant, path));
  }
  const rows: ReportRow[] = [];
  for (const shape of shapes) {
    const figures: Record<string, number[]> = {};
    for (const contestant of contestants) {
      console.error(`amplification: ${contestant.name}, ${shape.text}`);
      const share = sentShare.get(contestant.name)!;
      figures[contestant.name] = [await amplification(contestant, shape, share)];
    }
    const name = `bytes written over payload, ${shape.text}`;
    const targets = [{ figure: shape.most }];
    rows.push(...rowsOf(contestants, { name, unit: "x", better: "lower", targets }, figures));
  }
  return rows;
}

/** Checkpoints fall in between as they come, so a payload must fill the log several times. */
async function amplification(
  contestant: Contestant,
  { writers, message, bytes }: Shape,
  sentShare: number,
): Promise<number> {
  const path = await contestant.client.create(`written-${message.length}`);
  const counted = await count(
    contestant,
    () => append(contestant, path, message, writers, bytes),
  );
  const payload = Math.ceil(bytes / message.length) * message.length;
  return (counted.written - sentShare * counted.received) / payload;
}

/**
 * How much of what the server sends its runtime passes to write calls: all or nothing, near enough.
 * Answers to GETs at the tail are of the size of those to appends, and cause no write to a file.
 */
async function shareOfSent(contestant: Contestant, path: string): Promise<number> {
  const request = requestBytes("GET", `${path}?offset=now`);
  const { written, received } = await count(
    contestant,
    () =>
      contestant.client.connect(1, async ([connection]) => {
        for (let i = 0; i < SAMPLE_ANSWERS; i++) {
          expectStatus(await connection!.send(request), 200);
        }
      }),
  );
  return Math.min(1, written / received);
}

async function count(
  { client, server }: Contestant,
  load: () => Promise<void>,
): Promise<Record<"written" | "received", number>> {
  const before = { written: server.written(), received: client.received };
  await load();
  return {
    written: server.written() - before.written,
    received: client.received - before.received,
  };
}

async function append(
  { client }: Contestant,
  path: string,
  message: Uint8Array,
  writers: number,
  bytes: number,
): Promise<void> {
  const request = requestBytes("POST", path, { body: message });
  let left = Math.ceil(bytes / message.length);
  await client.connect(writers, (connections) =>
    Promise.all(connections.map(async (connection) => {
      while (left-- > 0) await sendAppend(connection, request);
    })));
}
