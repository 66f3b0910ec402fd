/**
 * A content store with an index of references beside it: blobs come at once and as streams, go one
 * by one, and are collected as garbage.
 *
 * Step n of a worker puts a blob and its reference, and takes away what step n - 8 has put.
 *
 * @module
 */

import {
  codec,
  collectGarbage,
  ContentId,
  contentStore,
  type Database,
  index,
  type IoAdapter,
} from "../../../mod.ts";
import { isEqual, originOf, payload } from "../payload.ts";
import { demand, durabilityOf, type Scene, WORKERS } from "../scene.ts";
import { openDatabase } from "./database_scene.ts";

/** Blobs of each worker that are kept. */
const KEPT = 8;
/** Every so many steps of worker 0 garbage is collected. */
const COLLECT_STEP = 15;
const PIECE_BYTES = 50_000;

const blobs = contentStore("blobs");
const references = index("references", {
  key: codec.tuple(codec.u32, codec.u32),
  value: codec.string,
});

function blobOf(worker: number, number: number): Uint8Array {
  const lengths = [100, 3_000, 20_000, 90_000, 300_000];
  return payload({ worker, number }, lengths[(number * 3 + worker) % lengths.length]);
}

/** Every other step brings its blob in pieces. */
const isStreamed = (number: number): boolean => number % 2 === 0;
/** Every third removal is left to the garbage collection: only the reference goes. */
const isLeft = (number: number): boolean => number % 3 === 0;

/** Opens the store. */
export async function openContent(io: IoAdapter, folder: string): Promise<Scene> {
  const database = await openDatabase(io, folder);
  const scene = new ContentScene(database);
  const { ok, damaged } = await database.open(blobs).verify();
  demand(ok, `verify(): ${JSON.stringify(damaged)}`);
  return scene;
}

class ContentScene implements Scene {
  readonly counts: readonly number[];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    const counts: number[] = Array(WORKERS).fill(0);
    const referred = new Map<string, string>();
    for (const [[worker, number], id] of database.open(references).range()) {
      counts[worker] = number;
      referred.set(`${worker}/${number}`, id);
    }
    this.counts = counts;
    let wanted = 0;
    const present = database.open(blobs);
    for (const [worker, count] of counts.entries()) {
      for (let number = Math.max(1, count - KEPT + 1); number <= count; number++) {
        const id = referred.get(`${worker}/${number}`);
        const what = `the blob of worker ${worker}, step ${number}`;
        demand(id !== undefined, `${what} is referred to by nobody`);
        const bytes = present.get(ContentId.parse(id));
        demand(bytes !== undefined, `${what} is not there`);
        demand(isEqual(bytes, blobOf(worker, number)), `${what} has other bytes`);
        wanted++;
      }
    }
    demand(referred.size === wanted, `${referred.size} references instead of ${wanted}`);
    this.#checkRest(new Set(referred.values()));
  }

  async step(worker: number, number: number): Promise<void> {
    const bytes = blobOf(worker, number);
    const old = number - KEPT;
    await this.#database.update(async (tx) => {
      const store = tx.open(blobs);
      const id = isStreamed(number) ? await store.put(inPieces(bytes)) : store.put(bytes);
      const refs = tx.open(references);
      refs.put([worker, number], `${id}`);
      if (old < 1) return;
      const gone = refs.get([worker, old]);
      demand(gone !== undefined, `step ${old} of worker ${worker} has no reference`);
      refs.remove([worker, old]);
      if (isLeft(old)) return;
      demand(store.delete(ContentId.parse(gone)), `the blob of step ${old} was gone`);
    }, { durability: durabilityOf(worker) });
  }

  async tend(worker: number, number: number): Promise<void> {
    if (worker !== 0 || number % COLLECT_STEP !== 0) return;
    await collectGarbage(this.#database, blobs, {
      references: (reading) => {
        return [...reading.open(references).range()].map(([, id]) => ContentId.parse(id));
      },
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** What nobody refers to was left to the garbage collection. */
  #checkRest(referred: ReadonlySet<string>): void {
    const present = this.#database.open(blobs);
    for (const { id } of present.entries()) {
      if (referred.has(`${id}`)) continue;
      const { worker, number } = originOf(present.get(id)!);
      const isExpected = isLeft(number) && number <= this.counts[worker]! - KEPT;
      demand(isExpected, `the blob of worker ${worker}, step ${number} must not be there`);
    }
  }
}

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const end = Math.min(bytes.length, at + PIECE_BYTES);
      if (end > at) controller.enqueue(bytes.slice(at, end));
      at = end;
      if (at === bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}
