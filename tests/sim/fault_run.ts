/**
 * One run of the fault campaign: a subject meets one fault, and what it leaves is judged now, in its
 * next life, and after that.
 *
 * @module
 */

import { type CrashPolicy, type Fault, SimulatedDisk } from "../../adapters/simulated.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { FaultKind } from "./fault_kinds.ts";
import type { Subject, Witness } from "./subject.ts";

/** How many states a run has judged. */
export interface Tally {
  states: number;
}

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
    this.#disk = new SimulatedDisk({ ...subject.disk, seed });
  }

  /** Throws at the first state that must not be. `random` is for all but the subject. */
  async run(data: Prng, random: Prng): Promise<void> {
    const disk = this.#disk;
    disk.fail(this.#fault);
    const witness = await this.#subject.play(disk, data);
    disk.heal();
    await this.#judgePowerCut(disk, witness, random);
    const next = disk.processDeath();
    this.#disk = next;
    this.#tally.states++;
    const recovered = await witness.judge(next, this.#kind.afterDeath);
    await this.#judgePowerCut(next, await recovered.proceed(random), random);
  }

  /** For people: the fault and all operations. */
  describe(error: unknown): string {
    return [
      `VIOLATION in "${this.#subject.name}", ${this.#kind.name}, call ${this.#fault.at}: ${error}`,
      ...this.#disk.trace(),
      error instanceof Error ? error.stack ?? "" : "",
    ].join("\n  ");
  }

  async #judgePowerCut(disk: SimulatedDisk, witness: Witness, random: Prng): Promise<void> {
    const image = disk.crash(anyPolicy(disk, random));
    this.#disk = image;
    this.#tally.states++;
    await witness.judge(image, "power");
    this.#disk = disk;
  }
}

/** Nothing kept, which loses most, or anything that a power cut may leave. */
export function anyPolicy(disk: SimulatedDisk, random: Prng): CrashPolicy {
  const policies = disk.policies({ limit: random.below(3) === 0 ? 1 : 12, seed: random.next() });
  return policies[random.below(policies.length)]!;
}
