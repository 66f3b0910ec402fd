/**
 * Rows of resident memory: what catch-ups add to a server.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { interleave } from "../interleave.ts";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import type { LargeStream } from "./large_stream.ts";
import { catchUp, fillLarge } from "./large_stream.ts";
import { OFFICIAL } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { rowsOf } from "./server_rows.ts";

/** A server counts as idle this long after its last request. */
export const IDLE_MILLIS = 1000;

const READERS = 8;

/** Rows of one reader and of eight readers of a large stream at once, the warm-up counted too. */
export async function measureMemory(
  contestants: readonly Contestant[],
  { rounds, megabytes }: Settings,
): Promise<ReportRow[]> {
  const streams = new Map<string, LargeStream>();
  const empty: Record<string, number[]> = {};
  const idle: Record<string, number[]> = {};
  for (const contestant of contestants) {
    const { name } = contestant;
    empty[name] = [await idleMegabytes(contestant)];
    streams.set(name, await fillLarge(contestant.client, "large", megabytes * 1e6));
    await contestant.stop();
    await contestant.start();
    idle[name] = [await idleMegabytes(contestant)];
  }
  const peaks = async (readers: number): Promise<Record<string, number[]>> => {
    const figures: Record<string, number[]> = {};
    await interleave(
      `${readers} readers`,
      contestants,
      rounds,
      async ({ name, client, server }) => {
        server.resetPeak();
        const stream = streams.get(name)!;
        await client.connect(
          readers,
          (connections) =>
            Promise.all(connections.map((connection) => catchUp(connection, stream, false))),
        );
        const peak = server.memory().peak / 1e6;
        (figures[name] ??= []).push(peak);
        return peak;
      },
    );
    return figures;
  };
  const one = await peaks(1);
  const eight = await peaks(READERS);
  const over = (figures: Record<string, number[]>, base: Record<string, number[]>) =>
    Object.fromEntries(
      Object.entries(figures).map(([name, all]) => [name, all.map((f) => f - base[name]![0]!)]),
    );
  const row = { unit: "MB", better: "lower" } as const;
  const growth = (text: string): string => `memory growth in catch-up of ${megabytes} MB, ${text}`;
  return [
    ...rowsOf(contestants, {
      name: growth("over the restarted idle server"),
      ...row,
      targets: [{ against: [OFFICIAL], ratio: 0.1 }],
    }, over(one, idle)),
    ...rowsOf(contestants, {
      name: growth("over the empty idle server"),
      ...row,
      targets: [{ against: [OFFICIAL], ratio: 0.1 }],
    }, over(one, empty)),
    ...rowsOf(contestants, {
      name: growth(`${READERS} readers, over the restarted idle server`),
      ...row,
      targets: [{ figure: 64 }],
    }, over(eight, idle)),
    ...rowsOf(contestants, { name: "memory when idle, restarted", ...row }, idle),
    ...rowsOf(contestants, { name: "memory when idle, empty", ...row }, empty),
  ];
}

async function idleMegabytes({ server }: Contestant): Promise<number> {
  await delay(IDLE_MILLIS);
  return server.memory().resident / 1e6;
}
