/**
 * A once map, a monotonic register for each worker, and one register that all of them raise.
 *
 * @module
 */

import { codec, type Database, type IoAdapter, onceMap, register } from "../../../mod.ts";
import { originOf, payload } from "../payload.ts";
import { demand, durabilityOf, type Scene, WORKERS } from "../scene.ts";
import { openDatabase } from "./database_scene.ts";

const facts = onceMap("facts", {
  key: codec.tuple(codec.u32, codec.u32),
  value: codec.bytes,
});
const highest = Array.from(
  { length: WORKERS },
  (_, worker) => register(`highest ${worker}`, codec.u32, { monotonic: true }),
);
const total = register("total", codec.u64);

/** Opens the store. */
export async function openOnce(io: IoAdapter, folder: string): Promise<Scene> {
  return new OnceScene(await openDatabase(io, folder));
}

class OnceScene implements Scene {
  readonly counts: readonly number[];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.counts = highest.map((one) => database.open(one).get() ?? 0);
    const sum = this.counts.reduce((all, count) => all + count, 0);
    const shown = database.open(total).get() ?? 0n;
    demand(
      shown === BigInt(sum),
      `the register of all says ${shown}, those of each ${this.counts}`,
    );
    let seen = 0;
    for (const [[worker, number], value] of database.open(facts).entries()) {
      const origin = originOf(value);
      const isRight = origin.worker === worker && origin.number === number &&
        number <= this.counts[worker]!;
      demand(isRight, `fact ${number} of worker ${worker} is of step ${origin.number}`);
      seen++;
    }
    demand(seen === sum, `${seen} facts after ${sum} steps`);
  }

  async step(worker: number, number: number): Promise<void> {
    const bytes = payload({ worker, number });
    await this.#database.update((tx) => {
      const map = tx.open(facts);
      demand(map.putIfAbsent([worker, number], bytes).inserted, `step ${number} is there before`);
      if (number > 1) {
        const earlier = map.putIfAbsent([worker, number - 1], bytes);
        demand(!earlier.inserted, `step ${number - 1} of worker ${worker} is lost`);
      }
      tx.open(highest[worker]!).set(number);
      tx.open(total).update((all = 0n) => all + 1n);
    }, { durability: durabilityOf(worker) });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
