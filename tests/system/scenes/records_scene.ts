/**
 * An index and a record log that change together, and a compaction now and then.
 *
 * Step n of a worker puts slot 7n of its 40 slots, perhaps removes another, and appends a record.
 *
 * @module
 */

import {
  codec,
  type Database,
  index,
  type IoAdapter,
  recordLog,
  type Transaction,
} from "../../../mod.ts";
import { originOf, payload } from "../payload.ts";
import { demand, durabilityOf, type Scene, WORKERS } from "../scene.ts";
import { openDatabase } from "./database_scene.ts";

const SLOTS = 40;
/** Of worker 0: every so many steps it trims the log, or compacts the file. */
const TRIM_STEP = 20;
const COMPACT_STEP = 50;

const table = index("table", {
  key: codec.tuple(codec.u32, codec.u32),
  value: codec.bytes,
});
const steps = index("steps", { key: codec.u32, value: codec.u32 });
const log = recordLog("log");

/** The slots of a worker after so many steps, by the step that put each. */
function slotsAfter(count: number): Map<number, number> {
  const slots = new Map<number, number>();
  for (let number = 1; number <= count; number++) {
    slots.set((number * 7) % SLOTS, number);
    const gone = removedBy(number);
    if (gone !== undefined) slots.delete(gone);
  }
  return slots;
}

function removedBy(number: number): number | undefined {
  const slot = (number * 11) % SLOTS;
  return number % 3 === 0 && slot !== (number * 7) % SLOTS ? slot : undefined;
}

/** Opens the store. */
export async function openRecords(io: IoAdapter, folder: string): Promise<Scene> {
  return new RecordsScene(await openDatabase(io, folder));
}

class RecordsScene implements Scene {
  readonly counts: readonly number[];
  readonly #database: Database;
  /** The offset of the newest record of each worker. */
  readonly #newest: number[] = Array(WORKERS).fill(Infinity);

  constructor(database: Database) {
    this.#database = database;
    const found = database.open(steps);
    this.counts = Array.from({ length: WORKERS }, (_, worker) => found.get(worker) ?? 0);
    this.#checkTable();
    this.#checkLog();
  }

  async step(worker: number, number: number): Promise<void> {
    const bytes = payload({ worker, number });
    this.#newest[worker] = await this.#database.update((tx) => {
      const slots = tx.open(table);
      slots.put([worker, (number * 7) % SLOTS], bytes);
      const gone = removedBy(number);
      if (gone !== undefined) slots.remove([worker, gone]);
      tx.open(steps).put(worker, number);
      const offset = tx.open(log).append(bytes);
      if (worker === 0 && number % TRIM_STEP === 0) this.#trim(tx, offset);
      return offset;
    }, { durability: durabilityOf(worker) });
  }

  async tend(worker: number, number: number): Promise<void> {
    if (worker === 0 && number % COMPACT_STEP === 0) await this.#database.compact();
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** Leaves the newest record of each worker. */
  #trim(tx: Transaction, own: number): void {
    const before = Math.min(own, ...this.#newest.slice(1));
    if (Number.isFinite(before)) tx.open(log).trim(before);
  }

  #checkTable(): void {
    const wanted = this.counts.map(slotsAfter);
    let seen = 0;
    for (const [[worker, slot], value] of this.#database.open(table).range()) {
      const origin = originOf(value);
      const isRight = origin.worker === worker && origin.number === wanted[worker]?.get(slot);
      demand(isRight, `slot ${slot} of worker ${worker} holds step ${origin.number}`);
      seen++;
    }
    const size = wanted.reduce((sum, slots) => sum + slots.size, 0);
    demand(seen === size, `${seen} entries in the index instead of ${size}`);
  }

  #checkLog(): void {
    const last: number[] = Array(WORKERS).fill(0);
    let next: number | undefined;
    for (const { offset, bytes } of this.#database.open(log).read()) {
      const { worker, number } = originOf(bytes);
      demand(offset === (next ?? offset), `record ${offset} comes instead of ${next}`);
      next = offset + 1;
      const before = last[worker]!;
      demand(before === 0 || number === before + 1, `step ${number} of ${worker} after ${before}`);
      last[worker] = number;
      this.#newest[worker] = offset;
    }
    const found = last.join();
    demand(found === this.counts.join(), `the log ends at steps ${found}, not ${this.counts}`);
  }
}
