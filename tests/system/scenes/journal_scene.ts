/**
 * A journal whose one value counts the steps of all workers, of a length that changes with each, and
 * a monotonic one of their sum.
 *
 * @module
 */

import { codec, type IoAdapter, Journal } from "../../../mod.ts";
import { isEqual, payload } from "../payload.ts";
import { demand, type Scene, WORKERS } from "../scene.ts";

const COUNT_BYTES = 4;
const HEAD_BYTES = COUNT_BYTES * WORKERS;

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function encode(counts: readonly number[]): Uint8Array {
  const sum = sumOf(counts);
  const rest = payload({ worker: WORKERS, number: sum }, sum % 9 === 0 ? 9_000 : (sum * 53) % 900);
  const bytes = new Uint8Array(HEAD_BYTES + rest.length);
  const view = new DataView(bytes.buffer);
  for (const [worker, count] of counts.entries()) view.setUint32(COUNT_BYTES * worker, count);
  bytes.set(rest, HEAD_BYTES);
  return bytes;
}

function decode(bytes: Uint8Array | undefined): number[] {
  if (bytes === undefined) return Array(WORKERS).fill(0);
  demand(bytes.length > HEAD_BYTES, `a value of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const counts = Array.from({ length: WORKERS }, (_, worker) => {
    return view.getUint32(COUNT_BYTES * worker);
  });
  demand(isEqual(bytes, encode(counts)), `the value of ${counts} has changed`);
  return counts;
}

/** Opens both journals. */
export async function openJournal(io: IoAdapter, folder: string): Promise<Scene> {
  const sums = await Journal.open(io, `${folder}/sum.journal`, {
    codec: codec.u32,
    monotonic: true,
  });
  try {
    const counts = await Journal.open(io, `${folder}/counts.journal`, { codec: codec.bytes });
    const scene = new JournalScene(counts, sums);
    // What the workers of the last process did not come to.
    await sums.update(() => sumOf(scene.counts));
    return scene;
  } catch (error) {
    await sums.close();
    throw error;
  }
}

class JournalScene implements Scene {
  readonly counts: readonly number[];
  readonly #counts: Journal<Uint8Array>;
  readonly #sums: Journal<number>;

  constructor(counts: Journal<Uint8Array>, sums: Journal<number>) {
    this.#counts = counts;
    this.#sums = sums;
    this.counts = decode(counts.get());
    const sum = sumOf(this.counts);
    // Each step goes to the one first, and then to the other.
    const least = sum - WORKERS;
    const noted = sums.get() ?? 0;
    demand(noted <= sum && noted >= least, `the sum is ${noted} after ${sum} steps`);
    for (const { damagedSlots } of [counts, sums]) {
      demand(damagedSlots.length <= 1, `slots ${damagedSlots} are damaged`);
    }
  }

  async step(worker: number, number: number): Promise<void> {
    let sum = 0;
    await this.#counts.update((bytes) => {
      const present = decode(bytes);
      // After a failure a step is taken again, of which this half was done.
      const isNext = present[worker] === number - 1 || present[worker] === number;
      demand(isNext, `${present[worker]} steps before step ${number}`);
      present[worker] = number;
      sum = sumOf(present);
      return encode(present);
    });
    // A worker of a greater sum may be first.
    await this.#sums.update((noted = 0) => Math.max(noted, sum));
  }

  async close(): Promise<void> {
    await this.#counts.close();
    await this.#sums.close();
  }
}
