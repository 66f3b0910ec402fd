/**
 * The real side: a database on the simulated disk, with what of it is open and under way.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  Database,
  type DatabaseOptions,
  type Durability,
  type PreparedTransaction,
  type Savepoint,
  type Snapshot,
  type Transaction,
} from "../../mod.ts";
import type { SimulatedDisk } from "../../adapters/simulated.ts";
import { settle } from "../sim/settle.ts";
import { users } from "./definitions.ts";
import { codeOf } from "./refusal.ts";
import { shownBy } from "./shown.ts";
import { withDoubts } from "./state.ts";

const PATH = "/data/model.hold";

/** The smallest cache and log: there are evictions, checkpoints and full logs. */
const OPTIONS: DatabaseOptions = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };

/** A transaction: how it was begun, and all savepoints that it ever made. */
export interface RealTransaction {
  readonly tx: Transaction;
  readonly id: string;
  readonly durability: Durability;
  readonly savepoints: Savepoint[];
}

/** Opens the store of a disk. */
export function openOn(disk: SimulatedDisk, more: DatabaseOptions = {}): Promise<Database> {
  return settle(disk, Database.open(PATH, { ...OPTIONS, ...more, io: disk.io }));
}

/** Opens it by way of its recovery. @param decide says what becomes of those in doubt */
export async function recoverOn(
  disk: SimulatedDisk,
  decide: (id: string) => "commit" | "rollback" | "keep",
): Promise<Database> {
  const recovery = await settle(disk, Database.recover(PATH, { ...OPTIONS, io: disk.io }));
  for (const { transactionId } of recovery.list()) {
    const decision = decide(idText(transactionId));
    if (decision !== "keep") recovery[decision](transactionId);
  }
  return await settle(disk, recovery.finish());
}

/** The id of a transaction as the model has it. */
export function idText(id: Uint8Array): string {
  return new TextDecoder().decode(id);
}

/** Asserts that a store is whole, its secondary indexes included. */
export async function assertSound(disk: SimulatedDisk, db: Database): Promise<void> {
  assert.deepEqual((await settle(disk, db.check({ structures: [users] }))).problems, []);
}

/** One disk and the database on it. */
export class RealStore {
  readonly withBallast: boolean;
  /** In the order of those of the model. */
  readonly transactions: RealTransaction[] = [];
  /** In the order of those of the model. */
  readonly snapshots: Snapshot[] = [];
  /** The power may go at any time: what is under way may fail. */
  isDying = false;
  #disk: SimulatedDisk;
  #db: Database;
  #underWay = new Set<Promise<void>>();
  #failures: unknown[] = [];

  constructor(disk: SimulatedDisk, db: Database, withBallast: boolean) {
    this.#disk = disk;
    this.#db = db;
    this.withBallast = withBallast;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  get db(): Database {
    return this.#db;
  }

  /** Whether a disk has power and is the present one: what ends on another one tells nothing. */
  isOn(disk: SimulatedDisk): boolean {
    return !disk.isDark && this.#disk === disk;
  }

  /** Whether something was begun and has not ended. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /** What plain reads show. */
  shown(): string {
    return shownBy(this.#db, this.withBallast);
  }

  /** The transactions in doubt, by id. */
  prepared(): Map<string, PreparedTransaction> {
    return new Map(this.#db.prepared().map((each) => [idText(each.transactionId), each]));
  }

  /** Waits for a promise, for a bounded number of turns. */
  settle<T>(promise: Promise<T>): Promise<T> {
    return settle(this.#disk, promise);
  }

  /**
   * Lets something go on. What it rejects with fails the run, except for the codes `allowed`.
   * @returns a promise that never rejects
   */
  follow(work: Promise<unknown>, allowed: readonly string[] = []): Promise<void> {
    const disk = this.#disk;
    const underWay = this.#underWay;
    const running: Promise<void> = work.then(() => {}, (error) => {
      const code = codeOf(error);
      if (this.isDying || this.#disk !== disk || allowed.includes(code)) return;
      throw error;
    }).catch((error) => void this.#failures.push(error)).finally(() => underWay.delete(running));
    underWay.add(running);
    return running;
  }

  /** Throws what something under way has failed with. */
  throwFailure(): void {
    const [failure] = this.#failures.splice(0);
    if (failure !== undefined) throw failure;
  }

  /** Waits until nothing is under way. */
  async drain(): Promise<void> {
    await this.settle(Promise.all(this.#underWay));
    this.throwFailure();
  }

  /**
   * Goes on on another disk, or on the same one after a close. `look`: read-only before.
   * @returns what it shows, and what is in doubt
   */
  async reopen(
    disk: SimulatedDisk,
    look: boolean,
    open: (disk: SimulatedDisk) => Promise<Database> = openOn,
  ): Promise<string> {
    this.#disk = disk;
    this.isDying = false;
    this.#underWay = new Set();
    this.transactions.length = 0;
    this.snapshots.length = 0;
    let seen: string | undefined;
    if (look) {
      const reader = await openOn(disk, { readOnly: true });
      seen = shownBy(reader, this.withBallast);
      await assertSound(disk, reader);
      await this.settle(reader.close());
    }
    this.#db = await open(disk);
    const shown = this.shown();
    if (seen !== undefined) assert.equal(seen, shown, "a reader sees what the owner sees");
    await assertSound(disk, this.#db);
    return withDoubts(shown, [...this.prepared().keys()]);
  }
}
