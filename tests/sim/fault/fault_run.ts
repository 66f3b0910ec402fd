/**
 * One run of the fault campaign: a subject meets one fault, and what it leaves is judged now, in its
 * next life, and after that.
 *
 * @module
 */

import type { CrashPolicy, Fault, SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { recoverUntil } from "../crash/crash_case.ts";
import { nativeDisk } from "../native_disk.ts";
import type { FaultKind, Promised } from "./fault_kinds.ts";
import {
  DamageFoundError,
  LostError,
  type Recovered,
  type Subject,
  type Witness,
} from "../subject.ts";

/** How many states a run has judged. */
export interface Tally {
  states: number;
}

/** The power goes at one of so many operations of a recovery. */
const RECOVERY_OPERATIONS = 12;

/** Plays a subject whose disk fails one call, or from one call on. */
export class FaultRun {
  readonly #subject: Subject;
  readonly #kind: FaultKind;
  readonly #fault: Fault;
  readonly #tally: Tally;
  #disk: SimulatedDisk;

  constructor(subject: Subject, kind: FaultKind, at: number, seed: number, tally: Tally) {
    this.#subject = subject;
    this.#kind = kind;
    this.#fault = { ...kind.fault, at };
    this.#tally = tally;
    this.#disk = nativeDisk(subject.disk, seed);
  }

  /** Throws at the first state that must not be. `random` is for all but the subject. */
  async run(data: Prng, random: Prng): Promise<void> {
    const { afterPower, afterDeath } = this.#kind;
    const disk = this.#disk;
    disk.fail(this.#fault);
    const witness = await tolerate(afterPower, () => this.#subject.play(disk, data));
    disk.heal();
    if (witness === undefined) return;
    await this.#judgePowerCut(disk, witness, random);
    if (afterDeath === "durable") await this.#cutRecovery(disk, witness, random);
    const next = disk.processDeath();
    const recovered = await this.#judge(next, witness, afterDeath);
    if (recovered === undefined) return;
    const later = await tolerate(afterPower, () => recovered.proceed(random));
    if (later !== undefined) await this.#judgePowerCut(next, later, random);
  }

  /** For people: the fault and all operations. */
  describe(error: unknown): string {
    return [
      `VIOLATION in "${this.#subject.name}", ${this.#kind.name}, call ${this.#fault.at}: ${error}`,
      ...this.#disk.trace(),
      error instanceof Error ? error.stack ?? "" : "",
    ].join("\n  ");
  }

  /** What the cache shows is not what the medium holds: the next owner trusts it, and the power goes. */
  async #cutRecovery(disk: SimulatedDisk, witness: Witness, random: Prng): Promise<void> {
    const next = disk.processDeath();
    await recoverUntil(witness, next, random.below(RECOVERY_OPERATIONS));
    await this.#judgePowerCut(next, witness, random);
  }

  async #judgePowerCut(disk: SimulatedDisk, witness: Witness, random: Prng): Promise<void> {
    const image = disk.crash(anyPolicy(disk, random));
    await this.#judge(image, witness, this.#kind.afterPower);
  }

  #judge(
    disk: SimulatedDisk,
    witness: Witness,
    promised: Promised,
  ): Promise<Recovered | undefined> {
    this.#disk = disk;
    this.#tally.states++;
    const death = promised === "handed over" ? "process" : "power";
    return tolerate(promised, () => witness.judge(disk, death));
  }
}

/** Passes over what a disk that lies may lead to, and gives nothing then. */
export async function tolerate<T>(
  promised: Promised,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (promised !== "no wrong data") throw error;
    if (error instanceof LostError || error instanceof DamageFoundError) return undefined;
    if (isHoldfastError(error) && error.code !== "INVARIANT") return undefined;
    throw error;
  }
}

/** Nothing kept, which loses most, or anything that a power cut may leave. */
export function anyPolicy(disk: SimulatedDisk, random: Prng): CrashPolicy {
  const policies = disk.policies({ limit: random.below(3) === 0 ? 1 : 12, seed: random.next() });
  return policies[random.below(policies.length)]!;
}
