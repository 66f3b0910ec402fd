/**
 * A vector for each worker, changed at its end, in the middle and far behind its end.
 *
 * @module
 */

import { codec, type Database, type IoAdapter, vector, type VectorWriter } from "../../../mod.ts";
import { Prng } from "../../../src/base/prng.ts";
import { isEqual } from "../payload.ts";
import { demand, durabilityOf, type Scene, WORKERS } from "../scene.ts";
import { openDatabase } from "./database_scene.ts";

const ELEMENT_BYTES = 40;

const vectors = Array.from(
  { length: WORKERS },
  (_, worker) => vector(`vector ${worker}`, codec.fixed(ELEMENT_BYTES)),
);
const steps = vector("steps", codec.u32, { default: 0 });

/** Elements behind which a step makes the vector shorter. */
const LENGTH_MAX = 600;

/** What a step does, to a vector or to a model of one. */
interface Elements {
  readonly length: number;
  push(...elements: Uint8Array[]): number;
  set(index: number, element: Uint8Array): void;
  insert(index: number, ...elements: Uint8Array[]): void;
  removeAt(index: number): void;
  truncate(length: number): void;
}

/** Step `number` of a worker: decided by both alone, and by the length. */
function change(elements: Elements, worker: number, number: number): void {
  const random = new Prng(worker * 1_000_000 + number);
  const fresh = (): Uint8Array => {
    const element = new Uint8Array(ELEMENT_BYTES);
    random.fill(element);
    return element;
  };
  elements.push(...Array.from({ length: 1 + random.below(8) }, fresh));
  const at = random.below(elements.length);
  if (number % 3 === 0) elements.insert(at, fresh(), fresh());
  else if (number % 5 === 0) elements.removeAt(at);
  else for (let i = 0; i < 5; i++) elements.set(random.below(elements.length), fresh());
  if (number % 11 === 0) elements.set(elements.length + 50, fresh());
  if (elements.length > LENGTH_MAX) elements.truncate(random.below(LENGTH_MAX / 2));
}

/** The same in memory. */
class Model implements Elements {
  readonly all: (Uint8Array | undefined)[] = [];
  get length(): number {
    return this.all.length;
  }
  push(...elements: Uint8Array[]): number {
    return this.all.push(...elements);
  }
  set(index: number, element: Uint8Array): void {
    while (this.all.length < index) this.all.push(undefined);
    this.all[index] = element;
  }
  insert(index: number, ...elements: Uint8Array[]): void {
    this.all.splice(index, 0, ...elements);
  }
  removeAt(index: number): void {
    this.all.splice(index, 1);
  }
  truncate(length: number): void {
    this.all.length = length;
  }
}

/** Opens the store. */
export async function openVectors(io: IoAdapter, folder: string): Promise<Scene> {
  return new VectorScene(await openDatabase(io, folder));
}

class VectorScene implements Scene {
  readonly counts: readonly number[];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    const found = database.open(steps);
    this.counts = Array.from({ length: WORKERS }, (_, worker) => {
      return worker < found.length ? found.get(worker) ?? 0 : 0;
    });
    for (const [worker, count] of this.counts.entries()) {
      const model = new Model();
      for (let number = 1; number <= count; number++) change(model, worker, number);
      const shown = database.open(vectors[worker]!);
      const what = `the vector of worker ${worker} after ${count} steps`;
      demand(shown.length === model.length, `${what} has ${shown.length}, not ${model.length}`);
      const entries = new Map(shown.entries());
      for (const [index, wanted] of model.all.entries()) {
        const at = entries.get(index);
        const isRight = at === undefined || wanted === undefined
          ? at === wanted
          : isEqual(at, wanted);
        demand(isRight, `${what} holds ${at} at ${index}, not ${wanted}`);
      }
    }
  }

  async step(worker: number, number: number): Promise<void> {
    await this.#database.update((tx) => {
      const elements: VectorWriter<Uint8Array> = tx.open(vectors[worker]!);
      change(elements, worker, number);
      const all = tx.open(steps);
      if (all.length < WORKERS) all.resize(WORKERS);
      all.set(worker, number);
    }, { durability: durabilityOf(worker) });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
