/**
 * Compound failures: the power goes, and the recovery of what is left meets a fault. Recovered once
 * more, without one, it must be what it would have been.
 *
 * @module
 */

import type {
  CrashPolicy,
  Fault,
  FaultOperation,
  SimulatedDisk,
} from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { nativeDisk } from "../native_disk.ts";
import { type FaultKind, kindsFor, type Promised } from "./fault_kinds.ts";
import { anyPolicy, type Tally, tolerate } from "./fault_run.ts";
import type { Subject, Witness } from "../subject.ts";

/** What a power cut left, ready to be recovered many times. */
export class CompoundRun {
  readonly #subject: Subject;
  readonly #tally: Tally;
  readonly #cutDisk: SimulatedDisk;
  readonly #policy: CrashPolicy;
  readonly #witness: Witness;
  readonly #contents: readonly string[];
  /** The kinds that a recovery can meet, with how many calls there are to fail. */
  readonly kinds: readonly (readonly [FaultKind, number])[];
  #fault = "";
  #disk: SimulatedDisk;

  private constructor(
    subject: Subject,
    tally: Tally,
    cut: { readonly disk: SimulatedDisk; readonly policy: CrashPolicy; readonly witness: Witness },
    clean: {
      readonly contents: readonly string[];
      readonly calls: (operation: FaultOperation) => number;
    },
  ) {
    this.#subject = subject;
    this.#tally = tally;
    this.#cutDisk = cut.disk;
    this.#disk = cut.disk;
    this.#policy = cut.policy;
    this.#witness = cut.witness;
    this.#contents = clean.contents;
    this.kinds = kindsFor(subject.name)
      .map((kind) => [kind, clean.calls(kind.fault.operation)] as const)
      .filter(([, calls]) => calls > 0);
  }

  /** Plays until the power cut, and recovers one image of it without a fault. */
  static async of(
    subject: Subject,
    operations: number,
    { seed, data, random, tally }: {
      readonly seed: number;
      readonly data: Prng;
      readonly random: Prng;
      readonly tally: Tally;
    },
  ): Promise<CompoundRun> {
    const disk = nativeDisk(subject.disk, seed);
    disk.cutAt(random.below(operations + 1));
    const witness = await subject.play(disk, data);
    const policy = anyPolicy(disk, random);
    tally.states += 2;
    const { content } = await witness.judge(disk.crash(policy), "power");
    const counted = disk.crash(policy);
    await witness.recover(counted);
    // Some stores let go of more each time they are opened.
    const again = await witness.judge(counted.processDeath(), "power");
    return new CompoundRun(subject, tally, { disk, policy, witness }, {
      contents: [content, again.content],
      calls: (operation) => counted.calls(operation),
    });
  }

  /** Fails one call of a recovery. Throws at the first state that must not be. */
  async run(kind: FaultKind, at: number, random: Prng): Promise<void> {
    const fault: Fault = { ...kind.fault, at };
    this.#fault = `${kind.name}, call ${at}`;
    const disk = this.#cutDisk.crash(this.#policy);
    this.#disk = disk;
    disk.fail(fault);
    try {
      await this.#witness.recover(disk);
    } catch (error) {
      if (!isHoldfastError(error) || disk.injected === 0) throw error;
    }
    disk.heal();
    await this.#judge(disk.crash(anyPolicy(disk, random)), kind.afterPower);
    await this.#judge(disk.processDeath(), kind.afterDeath);
  }

  /** For people: the fault and all operations. */
  describe(error: unknown): string {
    const { name } = this.#subject;
    return [
      `VIOLATION in "${name}", recovery of "${this.#policy.label}", ${this.#fault}: ${error}`,
      ...this.#cutDisk.describe(this.#policy),
      ...this.#disk.trace(),
      error instanceof Error ? error.stack ?? "" : "",
    ].join("\n  ");
  }

  async #judge(disk: SimulatedDisk, promised: Promised): Promise<void> {
    this.#disk = disk;
    this.#tally.states++;
    const recovered = await tolerate(promised, () => this.#witness.judge(disk, "power"));
    if (recovered === undefined || promised === "no wrong data") return;
    const { content } = recovered;
    if (this.#contents.includes(content)) return;
    throw new Error(`recovered to other content: ${content}, not ${this.#contents[0]}`);
  }
}
