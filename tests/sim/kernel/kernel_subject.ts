/** The workloads of the kernel as subjects of the campaigns. */

import type { Database, DatabaseOptions } from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { Oracle } from "./oracle.ts";
import { judge, openStore, Session } from "./session.ts";
import type { Death, Recovered, Structure, Subject, Witness } from "../subject.ts";
import { type Workload, workloads } from "./workloads.ts";

/** A database that was opened after a death and equals a prefix of the commits before it. */
class KernelRecovered implements Recovered {
  readonly content: string;
  readonly #database: Database;
  readonly #options: DatabaseOptions;
  readonly #disk: SimulatedDisk;
  readonly #before: Oracle;
  readonly #prefix: number;

  constructor(
    disk: SimulatedDisk,
    options: DatabaseOptions,
    before: Oracle,
    judged: { readonly database: Database; readonly prefix: number },
  ) {
    this.#disk = disk;
    this.#options = options;
    this.#before = before;
    this.#database = judged.database;
    this.#prefix = judged.prefix;
    this.content = before.contentAfter(judged.prefix);
  }

  async proceed(random: Prng): Promise<Witness> {
    const oracle = new Oracle(this.#before.stateAfter(this.#prefix));
    for (const [id, writes] of this.#before.prepared) oracle.prepared.set(id, writes);
    const already = { database: this.#database, oracle };
    const session = new Session(this.#disk, this.#options, random, already);
    return await witnessOf(session, this.#options, () => this.#goOn(session));
  }

  async #goOn(session: Session): Promise<void> {
    const { random } = session;
    // What is in doubt holds keys that are written below.
    await session.decide(() => random.below(2) === 0);
    // Sized like what was lost, so that the first new record ends where the lost one ended.
    const lost = (this.#before.commitAfter(this.#prefix) ?? []).filter(({ structure, drop }) =>
      structure !== "in doubt" && (!drop || session.has(structure))
    );
    if (lost.length > 0) {
      await session.commit(lost.map((write) => ({
        ...write,
        value: write.value === undefined ? undefined : session.bytes(write.value.length),
      })));
    }
    for (let round = 0; round < 2; round++) {
      await Promise.all(Array.from({ length: 3 }, (_, commit) =>
        session.commit([{
          structure: "right",
          key: `again-${commit}`,
          value: session.bytes(random.below(1500)),
        }])));
      if (round === 0 && random.below(2) === 0) await session.checkpoint();
    }
    session.verify();
    if (random.below(2) === 0) await session.close();
  }
}

/** What a session was asked and what it acknowledged. */
class KernelWitness implements Witness {
  readonly #options: DatabaseOptions;
  readonly #oracle: Oracle;

  constructor(options: DatabaseOptions, oracle: Oracle) {
    this.#options = options;
    this.#oracle = oracle;
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const judged = await judge(disk, this.#options, this.#oracle, death);
    return new KernelRecovered(disk, this.#options, this.#oracle, judged);
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    let isIgnored = false;
    await openStore(disk, this.#options, () => {
      isIgnored = disk.isDark;
    });
    if (isIgnored) throw new Error("opening succeeded although the power was gone");
  }
}

/** Passes over the errors that a store may answer with after a power cut or a failure. */
async function expected(disk: SimulatedDisk, promise: Promise<unknown>): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch (error) {
    if (!isHoldfastError(error) || (!disk.isDark && disk.injected === 0)) throw error;
    return false;
  }
}

/** Runs a course to its end, or to where nothing goes on. */
async function witnessOf(
  session: Session,
  options: DatabaseOptions,
  course: () => Promise<void>,
): Promise<Witness> {
  const { disk, random } = session;
  const isWhole = await expected(disk, course());
  if (!isWhole && !disk.isDark && session.isOpen) {
    // A handle that met a failure: it refuses, or keeps what it acknowledges.
    const value = session.bytes(200);
    await expected(disk, session.commit([{ structure: "left", key: "afterwards", value }]));
    if (random.below(2) === 0) await expected(disk, session.close());
  }
  await session.drain();
  // Some work goes on unasked: from here on it changes nothing.
  if (!disk.isDark) disk.cutAt(disk.operations);
  // The file may have failed to grow for a commit, and one of nothing be acknowledged behind it.
  return new KernelWitness(options, session.oracle.withoutRefused());
}

/** A workload as a subject. Its states count for `structure`. */
export function kernelSubject(workload: Workload, structure: Structure = "kernel"): Subject {
  const { name, disk, database, run } = workload;
  return {
    name,
    structure,
    disk,
    async play(disk, random) {
      const session = new Session(disk, database, random);
      return await witnessOf(session, database, () => run(session));
    },
  };
}

const OTHERS: Readonly<Record<string, Structure>> = {
  "vector": "vector",
  "content store": "content",
};

/** The workloads of the kernel. */
export const kernelSubjects: readonly Subject[] = workloads.map((workload) =>
  kernelSubject(workload, OTHERS[workload.name])
);
