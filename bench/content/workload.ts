/**
 * What the rows of content stores time, and how they see that every blob is what was put.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { CALLERS, together } from "../callers.ts";
import { randomBytes } from "../compare/workload.ts";
import type { ContentContestant } from "./contestant.ts";
import type { ContentTask } from "./rows.ts";

/** Blobs of one length, and what a store has named them. */
export class Blobs {
  readonly ids: unknown[] = [];
  readonly #all: readonly Uint8Array[];

  /** Random bytes, the same for the same seed. */
  constructor(seed: number, count: number, length: number) {
    const bytes = randomBytes(seed, count * length);
    this.#all = Array.from(
      { length: count },
      (_, i) => bytes.subarray(i * length, (i + 1) * length),
    );
  }

  get count(): number {
    return this.#all.length;
  }

  /** One of them. */
  at(i: number): Uint8Array {
    return this.#all[i]!;
  }

  /** Those from one up to another. */
  slice(from: number, to: number): Uint8Array[] {
    return this.#all.slice(from, to);
  }
}

/** Puts all blobs. @returns blobs per second */
export async function putAll(
  task: ContentTask,
  store: ContentContestant,
  blobs: Blobs,
  batch: number,
): Promise<number> {
  const { ids, count } = blobs;
  if (task !== "putBatch") {
    const isAlone = task === "put";
    return await together(isAlone ? 1 : CALLERS, count, async (i) => {
      const blob = blobs.at(i);
      ids[i] = await (isAlone ? store.put(blob) : store.putShared(blob));
    });
  }
  const batches: Uint8Array[][] = [];
  for (let at = 0; at < count; at += batch) batches.push(blobs.slice(at, at + batch));
  const begin = performance.now();
  for (const each of batches) ids.push(...await store.putBatch(each));
  return count / (performance.now() - begin) * 1000;
}

/** Gets as many random blobs as there are; length and both ends are compared. @returns blobs per second */
export async function getRandom(
  task: ContentTask,
  store: ContentContestant,
  blobs: Blobs,
  seed: number,
): Promise<number> {
  const { ids, count } = blobs;
  const picks = new Uint32Array(randomBytes(seed, count * 4).buffer);
  const isAlone = task === "get";
  return await together(isAlone ? 1 : CALLERS, count, async (i) => {
    const pick = picks[i]! % count;
    const pending = isAlone ? store.get(ids[pick]) : store.getShared(ids[pick]);
    const bytes = pending instanceof Uint8Array ? pending : await pending;
    if (!hasSameEnds(bytes, blobs.at(pick))) throw new Error("a blob came back as another one");
  });
}

/**
 * Gets all blobs from one on, and compares every byte. That is done twice, and what was compared is
 * overwritten in between, so a store that hands out shared memory is found out.
 */
export async function verify(store: ContentContestant, blobs: Blobs, from: number): Promise<void> {
  if (blobs.ids.length !== blobs.count) throw new Error("not every blob was named");
  for (let i = from; i < blobs.count; i++) {
    for (const get of [store.get.bind(store), store.getShared.bind(store)]) {
      const bytes = await get(blobs.ids[i]);
      if (Buffer.compare(bytes, blobs.at(i)) !== 0) {
        throw new Error("a blob came back with other bytes");
      }
      bytes.fill(0);
    }
  }
}

function hasSameEnds(bytes: Uint8Array, blob: Uint8Array): boolean {
  const { length } = blob;
  return bytes.length === length && bytes[0] === blob[0] && bytes[length - 1] === blob[length - 1];
}
