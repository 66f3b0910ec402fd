/**
 * Rows of writers that have readers beside them.
 *
 * @module
 */

import { performance } from "node:perf_hooks";
import type { ReportRow } from "../report.ts";
import type { Contestant } from "./contestant.ts";
import { requestBytes } from "./http_connection.ts";
import type { LargeStream } from "./large_stream.ts";
import { fillLarge } from "./large_stream.ts";
import type { LoadClient } from "./load_client.ts";
import { expectStatus } from "./load_client.ts";
import type { Settings } from "./settings.ts";
import { rowsOf, takeTurns } from "./server_rows.ts";
import { appendFor, createStreams } from "./writers.ts";

const WRITERS = 16;
const READERS = 4;

/** Rows of 16 writers alone and beside four readers that catch up again and again. */
export async function measureMixed(
  contestants: readonly Contestant[],
  { rounds, millis, megabytes }: Settings,
): Promise<ReportRow[]> {
  const large = new Map<string, LargeStream>();
  for (const { name, client } of contestants) {
    large.set(name, await fillLarge(client, "large", megabytes * 1e6));
  }
  const written = await createStreams(contestants, "mixed", WRITERS);
  const turns = await takeTurns("mixed", contestants, rounds, async ({ name, client }) => {
    const streams = written.get(name)!;
    const alone = await appendFor(client, streams, WRITERS, millis);
    const readers = startReaders(client, large.get(name)!);
    await readers.begun;
    const beside = await appendFor(client, streams, WRITERS, millis);
    const read = await readers.stop();
    return { alone, beside, kept: beside / alone * 100, read };
  });
  const appends = { unit: "appends/s", better: "higher" } as const;
  const readers = `${READERS} readers of ${megabytes} MB`;
  return [
    ...rowsOf(
      contestants,
      { name: `append 100 B, ${WRITERS} writers alone`, ...appends },
      turns.alone,
    ),
    ...rowsOf(
      contestants,
      { name: `append 100 B, ${WRITERS} writers beside ${readers}`, ...appends },
      turns.beside,
    ),
    ...rowsOf(contestants, {
      name: `rate that ${WRITERS} writers keep beside ${readers}`,
      unit: "%",
      better: "higher",
      targets: [{ figure: 50 }],
    }, turns.kept),
    ...rowsOf(
      contestants,
      { name: `what ${readers} beside ${WRITERS} writers get`, unit: "MB/s", better: "higher" },
      turns.read,
    ),
  ];
}

/** Readers under way. */
interface Readers {
  /** Resolves once every reader has read something. */
  readonly begun: Promise<void>;
  /** Ends them after their pages; resolves to MB/s since they all began, of all together. */
  stop(): Promise<number>;
}

function startReaders(client: LoadClient, stream: LargeStream): Readers {
  let stopped = false;
  let waiting = READERS;
  let bytes = 0;
  let beganAt = 0;
  let haveBegun = (): void => undefined;
  const allBegun = new Promise<void>((resolve) => {
    haveBegun = resolve;
  });
  const reading = client.connect(READERS, async (connections) => {
    await Promise.all(connections.map(async (connection) => {
      let isFirst = true;
      const sink = (arrived: Uint8Array): void => {
        bytes += arrived.length;
        if (!isFirst) return;
        isFirst = false;
        if (--waiting > 0) return;
        bytes = 0;
        beganAt = performance.now();
        haveBegun();
      };
      for (let offset = "-1"; !stopped;) {
        const request = requestBytes("GET", `${stream.path}?offset=${offset}`);
        const page = expectStatus(await connection.send(request, sink), 200);
        if (page.upToDate && page.nextOffset !== stream.tail) throw new Error("read a wrong tail");
        offset = page.upToDate ? "-1" : page.nextOffset;
      }
    }));
  });
  return {
    begun: Promise.race([allBegun, reading]),
    stop: async () => {
      stopped = true;
      const read = bytes / 1e3 / (performance.now() - beganAt);
      await reading;
      return read;
    },
  };
}
