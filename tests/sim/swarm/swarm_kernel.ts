/** The swarm's databases: all structures in one, with all that befalls a database. */

import {
  collectGarbage,
  ContentId,
  type DatabaseOptions,
  type Durability,
  IoError,
  type Transaction,
} from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import { Oracle, type State, type StructureName, type Write } from "../kernel/oracle.ts";
import { type HeldSnapshot, openStore, readState, Session } from "../kernel/session.ts";
import { settle } from "../settle.ts";
import { blobStore } from "../kernel/sim_structures.ts";
import type { Death } from "../subject.ts";
import { forgive, isInTrouble, type SwarmLife, type SwarmWorld } from "./swarm_run.ts";
import { anyWrite, type Scene, swarmNames, swarmStructures } from "./swarm_structures.ts";

const LOOSE: readonly Durability[] = ["memory", "os"];

/** Those that their name drops: registers are two. */
const DROPPED: readonly string[] = swarmNames.filter((name) => name !== "registers");

class KernelLife implements SwarmLife {
  readonly #options: DatabaseOptions;
  readonly #structures: readonly string[];
  #disk: SimulatedDisk | undefined;
  #session: Session | undefined;
  #held: HeldSnapshot[] = [];
  #running: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #count = 0;

  constructor(random: Prng) {
    const isOn = (): boolean => random.below(2) === 0;
    this.#options = {
      cacheBytes: 1024 * 1024,
      logBytes: 256 * 1024,
      retainChangeBytes: isOn() ? 0 : 32_768,
    };
    const on = swarmNames.filter(isOn);
    this.#structures = on.length === 0 ? swarmNames : on;
  }

  async open(disk: SimulatedDisk, death: Death): Promise<void> {
    const oracle = this.#session?.oracle ?? new Oracle();
    const database = await openStore(disk, this.#options);
    const state = readState(database, swarmStructures);
    this.#compare(oracle, state, death);
    await this.#check(database, disk);
    const known = new Oracle(state);
    for (const [id, writes] of oracle.prepared) known.prepared.set(id, writes);
    const already = { database, oracle: known };
    const random = new Prng(this.#count);
    this.#session = new Session(disk, this.#options, random, already, swarmStructures);
    this.#disk = disk;
    this.#held = [];
  }

  async act(action: string, random: Prng): Promise<void> {
    try {
      await this.#act(this.#session!, action, random);
    } catch (error) {
      forgive(this.#disk!, error);
    }
    if (this.#running.length > 6) await this.settle();
  }

  async settle(): Promise<void> {
    for (const one of this.#running.splice(0)) await one;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  halt(): Promise<void> {
    return this.settle();
  }

  async close(): Promise<void> {
    const { oracle } = this.#session!;
    for (const held of this.#held.splice(0)) held.verifyAndRelease();
    await this.#session!.close();
    // Closed in order, nothing may be missing, whatever was asked for.
    oracle.acknowledge(oracle.attempted);
  }

  #compare(oracle: Oracle, state: State, death: Death): void {
    for (const one of oracle.withoutAnyRefused()) {
      if (one.match(state, death) !== undefined) return;
      if (this.#disk === undefined || this.#disk.injected === 0) break;
    }
    throw oracle.withoutRefused().mismatch(state);
  }

  async #act(session: Session, action: string, random: Prng): Promise<void> {
    switch (action) {
      case "commit":
        return this.#begin(session.commit(this.#writes(session, 1 + random.below(4), random)));
      case "commit much":
        return this.#begin(session.commit(this.#writes(session, 10 + random.below(20), random)));
      case "commit together":
        for (let one = 0; one < 3; one++) {
          this.#begin(session.commit(this.#writes(session, 1 + random.below(2), random)));
        }
        return;
      case "commit loosely": {
        const durability = LOOSE[random.below(2)]!;
        const writes = this.#writes(session, 1 + random.below(3), random);
        return this.#begin(session.commit(writes, durability));
      }
      case "roll back": {
        const writes = this.#writes(session, 1 + random.below(5), random);
        return await session.transact((tx) => Promise.resolve(write(tx, writes)), false);
      }
      case "put a stream":
        return await this.#putStream(session, random);
      case "collect garbage":
        return await this.#collectGarbage(session, random);
      case "prepare": {
        const key = `in doubt ${this.#count++}`;
        const value = bytes(random, 900);
        return this.#begin(session.prepare(key, [{ structure: "left", key, value }]));
      }
      case "decide":
        await this.settle();
        return this.#begin(session.decide(() => random.below(2) === 0));
      case "checkpoint":
        return this.#begin(session.checkpoint());
      case "compact":
        await this.settle();
        return this.#begin(session.compact());
      case "drop":
        return await this.#drop(session, random);
      case "hold":
        await this.settle();
        return this.#hold(session);
      case "let go":
        return this.#held.splice(random.below(this.#held.length + 1), 1)[0]?.verifyAndRelease();
      case "check":
        return await this.#check(session.database, this.#disk!);
      case "let turns pass":
        return await session.turns(random.below(4));
      case "look":
        await this.settle();
        if (!isInTrouble(this.#disk!)) session.verify();
        return;
      default:
        return await this.settle();
    }
  }

  #writes(session: Session, count: number, random: Prng): Write[] {
    const latest = session.oracle.latest();
    const scene: Scene = {
      random,
      keys: (structure) => {
        const prefix = `${structure}/`;
        const names = [...latest.keys()].filter((name) => name.startsWith(prefix));
        return names.map((name) => name.slice(prefix.length)).sort();
      },
    };
    const names = this.#structures;
    return Array.from({ length: count }, () => anyWrite(scene, names[random.below(names.length)]!));
  }

  async #putStream(session: Session, random: Prng): Promise<void> {
    await this.settle();
    const value = bytes(random, random.below(3) === 0 ? 90_000 : 6000);
    const pieces = Math.ceil(value.length / 3);
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(value.subarray(at, at += pieces));
        if (at >= value.length) controller.close();
      },
    }, { highWaterMark: 0 });
    await session.transact(async (tx) => {
      const key = `${await tx.open(blobStore).put(stream)}`;
      return [{ structure: "blobs", key, value }];
    });
  }

  /** Removes some blobs, one in each commit. */
  async #collectGarbage(session: Session, random: Prng): Promise<void> {
    await this.settle();
    // Which blobs there are is in doubt.
    if (isInTrouble(this.#disk!)) return;
    const { oracle } = session;
    const ids: string[] = [];
    for (const name of oracle.latest().keys()) {
      if (name.startsWith("blobs/")) ids.push(name.slice("blobs/".length));
    }
    const kept = new Set(ids.sort().filter(() => random.below(2) === 0));
    const prefixes = ids.filter((id) => !kept.has(id)).map((key) =>
      oracle.attempt([{ structure: "blobs", key, value: undefined }])
    );
    let done = 0;
    try {
      await settle(
        this.#disk!,
        collectGarbage(session.database, blobStore, {
          references: () => Array.from(kept, ContentId.parse),
          batch: 1,
          onProgress: ({ removed }) => {
            for (; done < removed; done++) oracle.acknowledge(prefixes[done]!);
          },
        }),
      );
    } catch (error) {
      for (const prefix of prefixes.slice(done)) oracle.refuse(prefix);
      throw error;
    }
  }

  /** Snapshots show nothing of what is in doubt. */
  #hold(session: Session): void {
    if (isInTrouble(this.#disk!) || this.#held.length >= 3) return;
    if (session.database.prepared().length === 0) this.#held.push(session.hold());
  }

  async #drop(session: Session, random: Prng): Promise<void> {
    await this.settle();
    const structure = DROPPED[random.below(DROPPED.length)]! as StructureName;
    // What is in doubt keeps its structures.
    if (session.database.prepared().length > 0 || !session.has(structure)) return;
    const gone: Write = { structure, key: "", value: undefined, drop: true };
    this.#begin(session.commit([gone, ...this.#writes(session, random.below(3), random)]));
  }

  async #check(database: Session["database"], disk: SimulatedDisk): Promise<void> {
    const { ok, problems } = await database.check();
    if (ok && problems.length === 0) return;
    const what = `check: ${JSON.stringify(problems)}`;
    if (disk.injected > 0) throw new IoError("IO_FAILED", what);
    throw new Error(what);
  }

  #begin(work: Promise<unknown>): void {
    const disk = this.#disk!;
    this.#running.push(work.then(() => {}, (error) => {
      try {
        forgive(disk, error);
      } catch (error) {
        this.#failure ??= { error };
      }
    }));
  }
}

function write(tx: Transaction, writes: readonly Write[]): Write[] {
  return writes.flatMap((one) => [...swarmStructures[one.structure]!.write(tx, one)]);
}

function bytes(random: Prng, below: number): Uint8Array {
  const value = new Uint8Array(random.below(below));
  random.fill(value);
  return value;
}

/** Databases with all structures. */
export const kernelWorld: SwarmWorld = {
  name: "database",
  actions: {
    commit: 12,
    "commit much": 1,
    "commit together": 5,
    "commit loosely": 5,
    "roll back": 2,
    "put a stream": 1,
    "collect garbage": 1,
    prepare: 2,
    decide: 2,
    checkpoint: 2,
    compact: 1,
    drop: 1,
    hold: 1,
    "let go": 1,
    check: 1,
    "let turns pass": 3,
    look: 1,
    rest: 3,
  },
  always: ["commit", "cut the power", "look", "rest"],
  begin: (random) => new KernelLife(random),
};
