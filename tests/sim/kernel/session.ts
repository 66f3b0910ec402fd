/** A workload's hold on a database: does what the workload says and tells the oracle. */

import {
  Database,
  type DatabaseOptions,
  type Durability,
  type Transaction,
  type TransactionOptions,
} from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { Oracle, type State, type Write } from "./oracle.ts";
import { type Reading, type SimStructure, simStructures } from "./sim_structures.ts";
import { settle, StuckError } from "../settle.ts";
import { DamageFoundError, type Death } from "../subject.ts";

/** Where the database of every workload is. */
export const STORE_PATH = "/data/store.hold";

/** Opens the database of `disk`. `onOpen` is called at once, before any work that follows unasked. */
export function openStore(
  disk: SimulatedDisk,
  options: DatabaseOptions,
  onOpen: () => void = () => {},
): Promise<Database> {
  const opening = Database.open(STORE_PATH, { ...options, io: disk.io });
  opening.then(onOpen, () => {});
  return settle(disk, opening);
}

const NO_VALUE = new Uint8Array(0);

/** All entries of a database or snapshot, and what is in doubt. */
export function readState(
  from: Reading & Partial<Pick<Database, "prepared">>,
  structures: Readonly<Record<string, SimStructure>> = simStructures,
): State {
  const state: State = new Map();
  for (const [name, structure] of Object.entries(structures)) {
    for (const [key, value] of structure.read(from)) state.set(`${name}/${key}`, value);
  }
  for (const { transactionId } of from.prepared?.() ?? []) {
    state.set(`in doubt/${new TextDecoder().decode(transactionId)}`, NO_VALUE);
  }
  return state;
}

/** A snapshot with what it must go on to show. */
export interface HeldSnapshot {
  /** Compares, then releases. */
  verifyAndRelease(): void;
}

/** One database on one disk, from open to close or power cut. */
export class Session {
  readonly disk: SimulatedDisk;
  readonly oracle: Oracle;
  readonly random: Prng;
  readonly #options: DatabaseOptions;
  readonly #structures: Readonly<Record<string, SimStructure>>;
  #database: Database | undefined;
  #running: Promise<unknown>[] = [];

  constructor(
    disk: SimulatedDisk,
    options: DatabaseOptions,
    random: Prng,
    already?: { readonly database: Database; readonly oracle: Oracle },
    structures: Readonly<Record<string, SimStructure>> = simStructures,
  ) {
    this.disk = disk;
    this.random = random;
    this.oracle = already?.oracle ?? new Oracle();
    this.#database = already?.database;
    this.#options = options;
    this.#structures = structures;
  }

  /** Opening succeeded and closing was not asked for yet. */
  get isOpen(): boolean {
    return this.#database !== undefined;
  }

  get database(): Database {
    if (this.#database === undefined) throw new Error("the session is not open");
    return this.#database;
  }

  async open(): Promise<void> {
    this.#database = await openStore(this.disk, this.#options);
  }

  async close(): Promise<void> {
    const { database } = this;
    this.#database = undefined;
    await settle(this.disk, database.close());
  }

  /** Reproducible bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.random.fill(bytes);
    return bytes;
  }

  /** Sequences a commit now; resolves when it is acknowledged. */
  commit(writes: readonly Write[], durability: Durability = "disk"): Promise<void> {
    try {
      return this.#commit(writes, durability);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #commit(writes: readonly Write[], durability: Durability): Promise<void> {
    const { tx, done } = this.#begin(writes, { durability });
    return this.#follow(done, durability, tx.commit());
  }

  /**
   * Runs steps in a transaction of their own and commits it, unless `isKept` is false. The steps
   * return what they have changed.
   */
  async transact(
    steps: (tx: Transaction) => Promise<readonly Write[]>,
    isKept = true,
  ): Promise<void> {
    const tx = this.database.begin();
    let done: readonly Write[];
    try {
      done = await settle(this.disk, steps(tx));
    } catch (error) {
      tx.rollback();
      throw error;
    }
    if (!isKept) tx.rollback();
    else await this.#follow(done, "disk", tx.commit());
  }

  /**
   * Runs what makes these commits by itself, one after the other; `report` is to be called with how
   * many there have been.
   */
  async commitsOf(
    commits: readonly (readonly Write[])[],
    run: (report: (count: number) => void) => Promise<unknown>,
  ): Promise<void> {
    const prefixes = commits.map((writes) => this.oracle.attempt(writes));
    const running = run((count) => {
      const prefix = prefixes[count - 1];
      if (prefix !== undefined) this.oracle.acknowledge(prefix);
    });
    await settle(this.disk, running);
  }

  /** Begins a transaction of some writes. `done` is what they have changed. */
  #begin(
    writes: readonly Write[],
    options: TransactionOptions,
  ): { readonly tx: Transaction; readonly done: readonly Write[] } {
    const tx = this.database.begin(options);
    const done: Write[] = [];
    for (const write of writes) {
      if (write.structure === "in doubt") continue;
      const structure = this.#structures[write.structure]!;
      if (write.drop) {
        structure.drop(tx);
        done.push(write);
      } else done.push(...structure.write(tx, write));
    }
    return { tx, done };
  }

  /** Sequences a prepare now, under an id that says nothing but which one it is. */
  prepare(id: string, writes: readonly Write[]): Promise<void> {
    try {
      const { tx, done } = this.#begin(writes, { transactionId: new TextEncoder().encode(id) });
      this.oracle.prepared.set(id, done);
      const entry: Write = { structure: "in doubt", key: id, value: NO_VALUE };
      return this.#follow([entry], "disk", tx.prepare());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Decides everything that is in doubt now: commits what `choose` says, rolls the rest back. */
  async decide(choose: (id: string) => boolean): Promise<void> {
    // None may be under way any more when this ends: what follows may be the end of the process.
    const ends = await Promise.allSettled(
      this.database.prepared().map((one) => {
        const id = new TextDecoder().decode(one.transactionId);
        const gone: Write = { structure: "in doubt", key: id, value: undefined };
        if (!choose(id)) return this.#follow([gone], "disk", one.rollback());
        return this.#follow([...this.oracle.prepared.get(id) ?? [], gone], "disk", one.commit());
      }),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** Tells the oracle of something that has its place in the order of commits. */
  #follow(
    writes: readonly Write[],
    durability: Durability,
    sequenced: Promise<unknown>,
  ): Promise<void> {
    const prefix = this.oracle.attempt(writes);
    const done = sequenced.then(
      () => this.oracle.acknowledge(prefix, durability),
      (error) => {
        this.oracle.refuse(prefix);
        throw error;
      },
    );
    const result = settle(this.disk, done);
    this.#running.push(result.catch((error) => error));
    return result;
  }

  /** Whether a structure is there for a transaction that begins now. */
  has(structure: Write["structure"]): boolean {
    const tx = this.database.begin();
    const found = tx.list().some(({ name }) => name === structure);
    tx.rollback();
    return found;
  }

  /** Lets some turns of the event loop pass: what runs between commits gets on. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await new Promise<void>((resolve) => this.disk.io.nextTurn(resolve));
    }
  }

  checkpoint(): Promise<void> {
    const result = settle(this.disk, this.database.checkpoint());
    this.#running.push(result.catch((error) => error));
    return result;
  }

  compact(): Promise<unknown> {
    const result = settle(this.disk, this.database.compact());
    this.#running.push(result.catch((error) => error));
    return result;
  }

  /** Holds a snapshot of what is committed now; call when nothing is in flight. */
  hold(): HeldSnapshot {
    const snapshot = this.database.snapshot();
    const wanted = new Oracle(new Map(this.oracle.latest()));
    return {
      verifyAndRelease: (): void => {
        const state = readState(snapshot, this.#structures);
        if (wanted.match(state) === undefined) {
          throw new Error(`a held snapshot changed: ${wanted.explain(state)}`);
        }
        snapshot.release();
      },
    };
  }

  /**
   * Compares what readers see with all commits; call when nothing is in flight. Once the power is
   * gone or a call has failed, what was in flight is in doubt.
   */
  verify(): void {
    if (this.disk.isDark || this.disk.injected > 0) return;
    const state = readState(this.database, this.#structures);
    if (this.oracle.match(state) !== this.oracle.attempted) {
      throw new Error(`readers do not see all commits: ${this.oracle.explain(state)}`);
    }
  }

  /** Waits until everything started has ended; throws when something never does. */
  async drain(): Promise<void> {
    for (const error of await Promise.all(this.#running)) {
      if (error instanceof StuckError) throw error;
    }
  }
}

/**
 * Recovers a disk and compares it with the oracle.
 * @returns the open database, and how many commits it has.
 * @throws when the state must not be.
 */
export async function judge(
  disk: SimulatedDisk,
  options: DatabaseOptions,
  oracle: Oracle,
  death: Death = "power",
): Promise<{ readonly database: Database; readonly prefix: number }> {
  const database = await openStore(disk, options);
  const state = readState(database);
  const prefix = oracle.match(state, death);
  if (prefix === undefined) throw oracle.mismatch(state);
  const { ok, problems } = await database.check();
  if (!ok || problems.length > 0) throw new DamageFoundError(`check: ${JSON.stringify(problems)}`);
  return { database, prefix };
}
