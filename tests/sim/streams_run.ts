/** Cuts the operations of subjects, in the simplest way: for tests of the subjects themselves. */

import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import type { Recovered, Subject, Witness } from "./subject.ts";

/** What to run. */
export interface StreamsRunOptions {
  readonly subjects: readonly Subject[];
  /** Stops at the end of the first round that reaches this many states. */
  readonly states: number;
  readonly seed: number;
  readonly imagesPerCut: number;
  /** One image in this many is recovered under cuts, and one is gone on with. */
  readonly innerEvery: number;
  /** Takes each cut whose number this divides. Default 1. */
  readonly cutEvery?: number;
  readonly violationsMax: number;
}

/** What was found. */
export interface StreamsRunReport {
  readonly states: number;
  readonly rows: readonly { readonly subject: string; operations: number; states: number }[];
  readonly violations: readonly string[];
}

class Enough extends Error {}

class StreamsRun {
  readonly #options: StreamsRunOptions;
  readonly rows: { subject: string; operations: number; states: number }[];
  readonly violations: string[] = [];
  states = 0;
  #row: { subject: string; operations: number; states: number };
  #place = "";

  constructor(options: StreamsRunOptions) {
    this.#options = options;
    this.rows = options.subjects.map(({ name }) => ({ subject: name, operations: 0, states: 0 }));
    this.#row = this.rows[0]!;
  }

  async run(): Promise<void> {
    try {
      for (let round = 0; this.states < this.#options.states; round++) {
        for (const [at, subject] of this.#options.subjects.entries()) {
          this.#row = this.rows[at]!;
          await this.#round(subject, round);
        }
      }
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
  }

  async #round(subject: Subject, round: number): Promise<void> {
    const seed = new Prng(this.#options.seed).fork(`${subject.name} ${round}`).next();
    const disk = new SimulatedDisk({ ...subject.disk, seed });
    this.#place = `"${subject.name}", round ${round}`;
    await this.#guard(disk, () => subject.play(disk, new Prng(seed)));
    const { operations } = disk;
    this.#row.operations += operations;
    const { cutEvery = 1 } = this.#options;
    for (let cut = (round + operations) % cutEvery; cut <= operations; cut += cutEvery) {
      this.#place = `"${subject.name}", round ${round}, cut ${cut}`;
      await this.#cut(subject, seed, cut);
    }
  }

  async #cut(subject: Subject, seed: number, cut: number): Promise<void> {
    const { imagesPerCut, innerEvery } = this.#options;
    const random = new Prng(seed).fork(`cut ${cut}`);
    const disk = new SimulatedDisk({ ...subject.disk, seed });
    disk.cutAt(cut);
    const witness = await this.#guard(disk, () => subject.play(disk, new Prng(seed)));
    if (witness === undefined) return;
    for (const policy of disk.policies({ limit: imagesPerCut, seed: random.next() })) {
      const image = disk.crash(policy);
      const found = await this.#judge(image, witness);
      if (found === undefined) continue;
      if (random.below(innerEvery) === 0) await this.#goOn(image, found, random);
      if (random.below(innerEvery) > 0) continue;
      await this.#cutRecovery(() => disk.crash(policy), witness, found, random);
    }
    if (random.below(innerEvery) < 2) {
      const next = disk.processDeath();
      const found = await this.#judge(next, witness, "process");
      if (found !== undefined) await this.#goOn(next, found, random);
    }
  }

  async #goOn(disk: SimulatedDisk, found: Recovered, random: Prng): Promise<void> {
    disk.cutAt(disk.operations + random.below(40));
    const witness = await this.#guard(disk, () => found.proceed(random));
    if (witness === undefined) return;
    for (const { disk: image } of disk.images({ limit: 3, seed: random.next() })) {
      await this.#judge(image, witness);
    }
  }

  async #cutRecovery(
    image: () => SimulatedDisk,
    witness: Witness,
    found: Recovered,
    random: Prng,
  ): Promise<void> {
    const whole = image();
    await this.#guard(whole, () => witness.recover(whole));
    if (whole.operations === 0) return;
    const disk = image();
    disk.cutAt(random.below(whole.operations));
    await witness.recover(disk).catch((error) => {
      if (!disk.isDark) this.#violation(disk, error);
    });
    for (const { disk: second } of disk.images({ limit: 2, seed: random.next() })) {
      const again = await this.#judge(second, witness);
      if (again === undefined || again.content === found.content) continue;
      this.#violation(second, new Error("a crash in recovery led to another state"));
    }
  }

  async #judge(
    disk: SimulatedDisk,
    witness: Witness,
    death: "power" | "process" = "power",
  ): Promise<Recovered | undefined> {
    this.states++;
    this.#row.states++;
    return await this.#guard(disk, () => witness.judge(disk, death));
  }

  async #guard<T>(disk: SimulatedDisk, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      this.#violation(disk, error);
      return undefined;
    }
  }

  #violation(disk: SimulatedDisk, error: unknown): void {
    const text = error instanceof Error ? `${error.stack}` : String(error);
    this.violations.push([`${this.#place}: ${text}`, ...disk.trace()].join("\n  "));
    if (this.violations.length >= this.#options.violationsMax) throw new Enough();
  }
}

/** Runs. */
export async function runStreams(options: StreamsRunOptions): Promise<StreamsRunReport> {
  const run = new StreamsRun(options);
  await run.run();
  return run;
}
