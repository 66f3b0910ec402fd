/**
 * An endless stream with small segments, to which workers append records and batches, with trims
 * and a cursor.
 *
 * Step n of a worker appends one record, or three at once.
 *
 * @module
 */

import { EndlessStream, type IoAdapter } from "../../../mod.ts";
import { originOf, payload } from "../payload.ts";
import { demand, durabilityOf, type Scene, WORKERS } from "../scene.ts";

const SEGMENT_BYTES = 256 * 1024;
const SPAN_BYTES = 100_000;
const BATCH_STEP = 4;
const BATCH = 3;
/** Every so many steps of worker 0 a cursor moves, or the stream is trimmed. */
const CURSOR_STEP = 7;
const TRIM_STEP = 25;

const recordsOf = (number: number): number => number % BATCH_STEP === 0 ? BATCH : 1;

/** Opens the store. */
export async function openEndless(io: IoAdapter, folder: string): Promise<Scene> {
  const stream = await EndlessStream.open(folder, {
    io,
    segmentBytes: SEGMENT_BYTES,
    span: { maxBytes: SPAN_BYTES },
    cacheBytes: 65_536,
  });
  const { ok, problems } = await stream.verify();
  demand(ok, `verify(): ${JSON.stringify(problems)}`);
  return new EndlessScene(stream);
}

class EndlessScene implements Scene {
  readonly counts: readonly number[];
  readonly #stream: EndlessStream;
  /** Offset of the first record of the newest step of each worker. */
  readonly #newest: number[] = Array(WORKERS).fill(Infinity);

  constructor(stream: EndlessStream) {
    this.#stream = stream;
    const counts: number[] = Array(WORKERS).fill(0);
    const missing: number[] = Array(WORKERS).fill(0);
    let next = stream.start;
    const reader = stream.read();
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      const { worker, number } = originOf(entry.bytes);
      demand(entry.offset === next++, `record ${entry.offset} comes instead of ${next - 1}`);
      const before = counts[worker]!;
      if (missing[worker]! > 0) {
        demand(number === before, `step ${before} of worker ${worker} is there in part`);
        missing[worker]!--;
        continue;
      }
      const isFirst = before === 0;
      demand(isFirst || number === before + 1, `step ${number} of ${worker} after ${before}`);
      counts[worker] = number;
      this.#newest[worker] = entry.offset;
      // The trim cuts where it likes: of the oldest step there may be a part.
      missing[worker] = isFirst && stream.start > 0
        ? this.#rest(entry.offset, worker, number)
        : recordsOf(number) - 1;
    }
    demand(next === stream.end, `the records end at ${next} and the stream at ${stream.end}`);
    demand(missing.every((count) => count === 0), `batches are there in part: ${missing}`);
    const cursor = stream.cursor("at") ?? 0;
    demand(cursor <= stream.end, `the cursor is at ${cursor}, behind ${stream.end}`);
    this.counts = counts;
  }

  async step(worker: number, number: number): Promise<void> {
    const stream = this.#stream;
    const bytes = payload({ worker, number });
    const durability = durabilityOf(worker);
    const { offset } = recordsOf(number) === 1
      ? await stream.append(bytes, { durability })
      : await stream.appendBatch(Array(BATCH).fill(bytes), { durability });
    this.#newest[worker] = offset;
  }

  async tend(worker: number, number: number): Promise<void> {
    if (worker !== 0) return;
    const stream = this.#stream;
    const offset = this.#newest[worker]!;
    const before = Math.min(...this.#newest);
    if (number % CURSOR_STEP === 0) {
      await stream.setCursor("at", offset);
      demand(stream.cursor("at")! >= offset, "the cursor went back");
    }
    if (number % TRIM_STEP === 0 && Number.isFinite(before)) {
      await stream.trim(before);
      demand(stream.start >= before, `the stream starts at ${stream.start} before ${before}`);
    }
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  /** How many records of the same step follow, at the trimmed start. */
  #rest(offset: number, worker: number, number: number): number {
    let rest = 0;
    for (; rest < BATCH - 1; rest++) {
      const bytes = this.#stream.get(offset + rest + 1);
      if (bytes === undefined) break;
      const origin = originOf(bytes);
      if (origin.worker !== worker || origin.number !== number) break;
    }
    return rest;
  }
}
