/**
 * Rows of readers: catch-up of a large stream, and the last message of one.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import type { LargeStream } from "./large_stream.ts";
import { catchUp, fillLarge } from "./large_stream.ts";
import type { LoadClient } from "./load_client.ts";
import { expectStatus, MESSAGE_BYTES } from "./load_client.ts";
import { OFFICIAL } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";

/** The stream that the large one of the tail row is compared with. */
const SMALL_BYTES = 1e6;

/** Rows of a catch-up: its rate, its first byte, and the filling before it. */
export async function measureCatchUp(
  contestants: readonly Contestant[],
  { rounds, megabytes }: Settings,
): Promise<ReportRow[]> {
  const streams = new Map<string, LargeStream>();
  const fills: Record<string, number[]> = {};
  for (const { name, client } of contestants) {
    const stream = await fillLarge(client, "large", megabytes * 1e6);
    streams.set(name, stream);
    fills[name] = [stream.fillMbPerSecond];
  }
  const turns = await takeTurns(
    "catch-up",
    contestants,
    rounds,
    ({ name, client }, round) =>
      client.connect(1, async ([connection]) => {
        const reading = await catchUp(connection!, streams.get(name)!, round < 0);
        return { rate: reading.mbPerSecond, firstByte: reading.firstByteMillis };
      }),
  );
  const row = { unit: "MB/s", better: "higher" } as const;
  return [
    ...rowsOf(contestants, { name: "fill with 64 KiB appends, 1 writer", ...row }, fills),
    ...rowsOf(
      contestants,
      {
        name: `catch-up of ${megabytes} MB`,
        ...row,
        targets: [{ against: [OFFICIAL], ratio: 1.5 }],
      },
      turns.rate,
    ),
    ...rowsOf(contestants, {
      name: `first byte of a catch-up of ${megabytes} MB`,
      unit: "ms",
      better: "lower",
      targets: [{ figure: 20 }],
    }, turns.firstByte),
  ];
}

/** Rows of reading the last message of a large and of a small stream. */
export async function measureTail(
  contestants: readonly Contestant[],
  { rounds, millis, tailMegabytes }: Settings,
): Promise<ReportRow[]> {
  const large = new Map<string, LargeStream>();
  const small = new Map<string, LargeStream>();
  for (const { name, client } of contestants) {
    small.set(name, await fillLarge(client, "small", SMALL_BYTES));
    large.set(name, await fillLarge(client, "large", tailMegabytes * 1e6));
  }
  const turns = await takeTurns("tail", contestants, rounds, async ({ name, client }, round) => {
    const sizes = [large.get(name)!, small.get(name)!];
    // Whichever is read first finds a server that was idle.
    if (round % 2 === 0) sizes.reverse();
    const rates = new Map<LargeStream, number>();
    for (const stream of sizes) rates.set(stream, await readTail(client, stream, millis));
    const ofLarge = rates.get(large.get(name)!)!;
    const ofSmall = rates.get(small.get(name)!)!;
    return { ofLarge, ofSmall, share: ofLarge / ofSmall * 100 };
  });
  const row = { unit: "reads/s", better: "higher" } as const;
  const name = (size: string): string => `read the last ${MESSAGE_BYTES} B of ${size}`;
  return [
    ...rowsOf(
      contestants,
      { name: name(`${tailMegabytes} MB`), ...row, targets: [{ against: [OFFICIAL], ratio: 300 }] },
      turns.ofLarge,
    ),
    ...rowsOf(contestants, { name: name("1 MB"), ...row }, turns.ofSmall),
    ...rowsOf(contestants, {
      name: `reads of the last 100 B, ${tailMegabytes} MB over 1 MB`,
      unit: "%",
      better: "higher",
      targets: [{ figure: 80 }],
    }, turns.share),
  ];
}

/** Reads the last message again and again for `millis`; returns reads per second. */
function readTail(client: LoadClient, stream: LargeStream, millis: number): Promise<number> {
  return client.connect(1, async ([connection]) => {
    const request = requestBytes("GET", `${stream.path}?offset=${stream.lastMessage}`);
    const begin = performance.now();
    let reads = 0;
    while (performance.now() < begin + millis) {
      const { bodyBytes, nextOffset } = expectStatus(await connection!.send(request), 200);
      if (bodyBytes !== MESSAGE_BYTES || nextOffset !== stream.tail) {
        throw new Error(`the last message has ${bodyBytes} bytes, to ${nextOffset}`);
      }
      reads++;
    }
    return reads / (performance.now() - begin) * 1000;
  });
}
