/**
 * The fault campaign: fails each call of each workload in each way. Whatever the store then
 * answers, nothing acknowledged may be lost: not by a power cut at once, not by closing and opening
 * again without one, and not by a power cut after commits that followed.
 */

import type { DatabaseOptions } from "../../mod.ts";
import { type Fault, type FaultOperation, SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { isHoldfastError } from "../../src/errors.ts";
import { Oracle } from "./oracle.ts";
import { judge, Session } from "./session.ts";
import type { Workload } from "./workloads.ts";

/** What to run. */
export interface FaultCampaignOptions {
  readonly seed: number;
  readonly workloads: readonly Workload[];
  /** Most calls of each kind that fail, spread evenly. */
  readonly callsMax: number;
}

/** What a fault campaign found. */
export interface FaultReport {
  /** Number of runs with a fault. */
  readonly runs: number;
  /** Number of stores opened and compared. */
  readonly states: number;
  /** Full descriptions. */
  readonly violations: readonly string[];
}

const VARIANTS: readonly Omit<Fault, "at">[] = [
  { operation: "open" },
  { operation: "syncDirectory" },
  { operation: "truncate" },
  { operation: "read" },
  { operation: "write" },
  { operation: "write", shortWrite: 700 },
  { operation: "write", error: "NO_SPACE", shortWrite: 5000 },
  { operation: "write", error: "NO_SPACE", times: Infinity },
  { operation: "sync", mode: "F1" },
  { operation: "sync", mode: "F2" },
  { operation: "sync", mode: "F3" },
  { operation: "sync", mode: "F2", times: Infinity },
];

/** Fails calls of one workload, and judges what is left. */
class FaultRun {
  readonly #workload: Workload;
  readonly #fault: Fault;
  readonly #random: Prng;
  readonly #disk: SimulatedDisk;
  states = 0;

  constructor(workload: Workload, fault: Fault, seed: number) {
    this.#workload = workload;
    this.#fault = fault;
    this.#random = new Prng(seed).fork(`fault ${JSON.stringify(fault)}`);
    this.#disk = new SimulatedDisk({ ...workload.disk, seed });
    this.#disk.fail(fault);
  }

  /** Throws at the first state that must not be. */
  async run(seed: number): Promise<void> {
    const disk = this.#disk;
    const session = new Session(disk, this.#options(), new Prng(seed).fork("data"));
    try {
      await this.#workload.run(session);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    }
    disk.heal();
    if (session.isOpen) {
      const value = session.bytes(200);
      await expected(session.commit([{ structure: "left", key: "afterwards", value }]));
    }
    await session.drain();
    await this.#judgePowerCut(disk, session.oracle.withoutRefused());

    if (session.isOpen) await expected(session.close());
    const oracle = session.oracle.withoutRefused();
    const { database, prefix } = await this.#judge(disk, oracle);
    const next = new Session(disk, this.#options(), this.#random, {
      database,
      oracle: new Oracle(oracle.stateAfter(prefix)),
    });
    for (let commit = 0; commit < 3; commit++) {
      const value = next.bytes(this.#random.below(2000));
      await next.commit([{ structure: "right", key: `next-${commit}`, value }]);
    }
    await this.#judgePowerCut(disk, next.oracle);
    next.verify();
  }

  /** For people: the fault and all operations. */
  describe(error: unknown): string {
    return [
      `VIOLATION in "${this.#workload.name}", fault ${JSON.stringify(this.#fault)}: ${error}`,
      ...this.#disk.trace(),
      error instanceof Error ? error.stack ?? "" : "",
    ].join("\n  ");
  }

  #options(): DatabaseOptions {
    return this.#workload.database;
  }

  async #judgePowerCut(disk: SimulatedDisk, oracle: Oracle): Promise<void> {
    // All at once: work that goes on unasked changes the disk while they are judged.
    for (const { disk: image } of [...disk.images({ limit: 3, seed: this.#random.next() })]) {
      await this.#judge(image, oracle);
    }
  }

  #judge(disk: SimulatedDisk, oracle: Oracle): ReturnType<typeof judge> {
    this.states++;
    return judge(disk, this.#options(), oracle);
  }
}

/** Passes over the errors that a store may answer with after a fault. */
async function expected(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

async function countCalls(
  workload: Workload,
  seed: number,
): Promise<(kind: FaultOperation) => number> {
  const disk = new SimulatedDisk({ ...workload.disk, seed });
  await workload.run(new Session(disk, workload.database, new Prng(seed).fork("data")));
  return (kind) => disk.calls(kind);
}

/** Runs a fault campaign. */
export async function runFaultCampaign(options: FaultCampaignOptions): Promise<FaultReport> {
  const violations: string[] = [];
  let runs = 0;
  let states = 0;
  for (const workload of options.workloads) {
    const seed = new Prng(options.seed).fork(`faults ${workload.name}`).next();
    const calls = await countCalls(workload, seed);
    for (const variant of VARIANTS) {
      const count = calls(variant.operation);
      const stride = Math.max(1, count / options.callsMax);
      for (let at = 0; at < count; at += stride) {
        const run = new FaultRun(workload, { ...variant, at: Math.floor(at) }, seed);
        runs++;
        try {
          await run.run(seed);
        } catch (error) {
          violations.push(run.describe(error));
        }
        states += run.states;
      }
    }
  }
  return { runs, states, violations };
}
