/**
 * Rows of what writers and the checkpoints they cause do to others: how late timers of the server
 * are, and how long a cheap request takes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import { expectStatus, sendAppend } from "./load_client.ts";
import { percentile } from "./percentile.ts";
import type { ServerProcess } from "./server_process.ts";
import type { Settings } from "./settings.ts";
import type { StreamsRow } from "./streams_row.ts";
import { rowsOf, takeTurns } from "./streams_row.ts";
import { createStreams, repeat } from "./writers.ts";

const WRITERS = 16;
/** Fills the log several times in a turn; small enough that a batch of 16 is no long turn itself. */
const PAYLOAD_BYTES = 4096;
const PAUSE_MILLIS = 2;

/** Rows of late timers and of a GET at the tail, beside 16 writers. */
export async function measureStall(
  contestants: readonly Contestant[],
  { rounds, millis }: Settings,
): Promise<StreamsRow[]> {
  for (const contestant of contestants) {
    await contestant.stop();
    await contestant.start(true);
  }
  const written = await createStreams(contestants, "stall", WRITERS);
  const body = Buffer.alloc(PAYLOAD_BYTES, "holdfast ");
  const turns = await takeTurns("stall", contestants, rounds, async ({ name, client, server }) => {
    await lateTimers(server);
    const requests = written.get(name)!.map(({ path }) => requestBytes("POST", path, { body }));
    const writing = client.connect(
      WRITERS,
      (connections) =>
        repeat(WRITERS, millis, async (writer) => {
          await sendAppend(connections[writer]!, requests[writer]!);
        }),
    );
    const idle = requestBytes("GET", `${written.get(name)![0]!.path}?offset=now`);
    const getting = client.connect(1, async ([connection]) => {
      const times: number[] = [];
      for (const end = performance.now() + millis; performance.now() < end;) {
        const begin = performance.now();
        expectStatus(await connection!.send(idle), 200);
        times.push(performance.now() - begin);
        await delay(PAUSE_MILLIS);
      }
      return times;
    });
    const [rate, times] = await Promise.all([writing, getting]);
    const late = await lateTimers(server);
    return {
      rate: rate * PAYLOAD_BYTES / 1e6,
      late: late.max,
      late99: late.p99,
      get99: percentile(times, 0.99),
      get: percentile(times, 1),
    };
  });
  const row = { unit: "ms", better: "lower" } as const;
  const beside = `beside ${WRITERS} writers of ${PAYLOAD_BYTES} B`;
  return [
    ...rowsOf(contestants, {
      name: `latest timer of the server ${beside}`,
      ...row,
      limit: { target: 5 },
    }, turns.late),
    ...rowsOf(contestants, { name: `timers of the server ${beside}, p99`, ...row }, turns.late99),
    ...rowsOf(contestants, { name: `GET at the tail ${beside}, longest`, ...row }, turns.get),
    ...rowsOf(contestants, { name: `GET at the tail ${beside}, p99`, ...row }, turns.get99),
    ...rowsOf(
      contestants,
      { name: `what the ${WRITERS} writers wrote meanwhile`, unit: "MB/s", better: "higher" },
      turns.rate,
    ),
  ];
}

/** What the probe in the server has measured since it was last asked. */
async function lateTimers(server: ServerProcess): Promise<LateTimers> {
  return JSON.parse(await server.ask("SIGUSR2", /^LATE (\{.*\})$/)) as LateTimers;
}

interface LateTimers {
  readonly p99: number;
  readonly max: number;
}
