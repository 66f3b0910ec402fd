/**
 * Rows of what writers and the checkpoints they cause do to others: how late timers of the server
 * are, and how long a cheap request takes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import type { LoadClient } from "./load_client.ts";
import { expectStatus, sendAppend } from "./load_client.ts";
import { percentile } from "./percentile.ts";
import type { ServerProcess } from "./server_process.ts";
import type { Settings } from "./settings.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";
import { createStreams, repeat } from "./writers.ts";

const WRITERS = 16;
const PAUSE_MILLIS = 2;

/** Messages of 4 KiB fill the log again and again; a batch of 16 is still no long turn itself. */
const MANY_CHECKPOINTS_BYTES = 4096;
/** With messages of 100 B a checkpoint is rare: what remains is the machine, the disk and HTTP. */
const FEW_CHECKPOINTS_BYTES = 100;

/** What the probe prints (see `loop_probe.ts`). */
interface LateTimers {
  readonly p99: number;
  readonly max: number;
}

/** Rows of late timers and of a GET at the tail, beside 16 writers with and without checkpoints. */
export async function measureStall(
  contestants: readonly Contestant[],
  settings: Settings,
): Promise<ReportRow[]> {
  for (const contestant of contestants) {
    await contestant.stop();
    await contestant.start(true);
  }
  return [
    ...await measureBeside(contestants, settings, FEW_CHECKPOINTS_BYTES, "few checkpoints"),
    ...await measureBeside(contestants, settings, MANY_CHECKPOINTS_BYTES, "many checkpoints"),
  ];
}

async function measureBeside(
  contestants: readonly Contestant[],
  { rounds, millis }: Settings,
  bytes: number,
  checkpoints: string,
): Promise<ReportRow[]> {
  const written = await createStreams(contestants, `stall-${bytes}`, WRITERS);
  const body = Buffer.alloc(bytes, "holdfast ");
  const label = `stall, ${checkpoints}`;
  const turns = await takeTurns(label, contestants, rounds, async ({ name, client, server }) => {
    const paths = written.get(name)!.map(({ path }) => path);
    const requests = paths.map((path) => requestBytes("POST", path, { body }));
    await lateTimers(server);
    const writing = client.connect(
      WRITERS,
      (connections) =>
        repeat(WRITERS, millis, async (writer) => {
          await sendAppend(connections[writer]!, requests[writer]!);
        }),
    );
    const [rate, times] = await Promise.all([writing, getAtTail(client, paths[0]!, millis)]);
    const late = await lateTimers(server);
    return {
      rate: rate * bytes / 1e6,
      latest: late.max,
      late: late.p99,
      longest: percentile(times, 1),
      long: percentile(times, 0.99),
    };
  });
  const beside = `beside ${WRITERS} writers of ${bytes} B, ${checkpoints}`;
  const row = { unit: "ms", better: "lower" } as const;
  const latest = { name: `latest timer of the server ${beside}`, ...row };
  const wanted = bytes === MANY_CHECKPOINTS_BYTES ? { targets: [{ figure: 5 }] } : {};
  return [
    ...rowsOf(contestants, { ...latest, ...wanted }, turns.latest),
    ...rowsOf(contestants, { name: `timers of the server ${beside}, p99`, ...row }, turns.late),
    ...rowsOf(contestants, { name: `GET at the tail ${beside}, longest`, ...row }, turns.longest),
    ...rowsOf(contestants, { name: `GET at the tail ${beside}, p99`, ...row }, turns.long),
    ...rowsOf(contestants, {
      name: `what ${WRITERS} writers of ${bytes} B wrote meanwhile`,
      unit: "MB/s",
      better: "higher",
    }, turns.rate),
  ];
}

/** Milliseconds of each GET that has nothing to bring, one every few milliseconds. */
function getAtTail(client: LoadClient, path: string, millis: number): Promise<number[]> {
  const request = requestBytes("GET", `${path}?offset=now`);
  return client.connect(1, async ([connection]) => {
    const times: number[] = [];
    for (const end = performance.now() + millis; performance.now() < end;) {
      const begin = performance.now();
      expectStatus(await connection!.send(request), 200);
      times.push(performance.now() - begin);
      await delay(PAUSE_MILLIS);
    }
    return times;
  });
}

/** What the probe in the server has measured since it was last asked. */
async function lateTimers(server: ServerProcess): Promise<LateTimers> {
  return JSON.parse(await server.ask("SIGUSR2", /^LATE (\{.*\})$/)) as LateTimers;
}
