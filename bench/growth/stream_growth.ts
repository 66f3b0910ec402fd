/**
 * Durable appends to a stream store that holds so many streams; each append picks one at random.
 *
 * @module
 */

import { EmbeddedStreamStore } from "../../mod.ts";
import { valueOf } from "../compare/workload.ts";
import type { GrowthCounts, GrowthStore, GrowthSubject } from "./subject.ts";
import { BATCH, picks, Stopwatch } from "./subject.ts";

const WRITERS = 64;

function nameOf(i: number): string {
  return `stream/${i}`;
}

async function create(store: EmbeddedStreamStore, from: number, to: number): Promise<void> {
  const created = Array.from({ length: to - from }, (_, i) => store.create(nameOf(from + i)));
  for (const { outcome } of await Promise.all(created)) {
    if (outcome !== "done") throw new Error(`a stream was not created: ${outcome}`);
  }
}

/** Appends by so many writers, each waiting for its own to be on disk. */
async function append(
  store: EmbeddedStreamStore,
  writers: number,
  chosen: Uint32Array,
): Promise<number> {
  const tails = new Map<number, string>();
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < chosen.length) {
      const i = next++;
      const pick = chosen[i]!;
      const appended = await store.append(nameOf(pick), [valueOf(i)]);
      if (appended.outcome !== "done") throw new Error(`an append was ${appended.outcome}`);
      const { nextOffset } = appended;
      if ((tails.get(pick) ?? "") < nextOffset) tails.set(pick, nextOffset);
    }
  };
  const watch = new Stopwatch();
  await watch.time(() => Promise.all(Array.from({ length: writers }, writer)));
  for (const [pick, tail] of tails) {
    const head = await store.head(nameOf(pick));
    if (head.outcome !== "done" || head.stream.nextOffset !== tail) {
      throw new Error("an acknowledged append is not in its stream");
    }
  }
  return watch.micros(chosen.length);
}

/** A store of streams. */
export const STREAMS: GrowthSubject = {
  name: "streams",
  of: "streams",
  async fill(
    path: string,
    size: number,
    cacheBytes: number,
    { puts }: GrowthCounts,
  ): Promise<GrowthStore> {
    const store = await EmbeddedStreamStore.open(path, { database: { cacheBytes } });
    for (let from = 0; from < size; from += BATCH) {
      await create(store, from, Math.min(size, from + BATCH));
    }
    return {
      operations: {
        "durable stream append, 1 writer": (round) => append(store, 1, picks(round, puts, size)),
        "durable stream append, 64 writers": (round) =>
          append(store, WRITERS, picks(round, puts * 10, size)),
      },
      close: () => store.close(),
    };
  },
};
