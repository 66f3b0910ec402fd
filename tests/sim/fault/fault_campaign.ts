/**
 * The fault campaign: fails calls of every kind in every way, while a subject plays (a single fault)
 * and while what a power cut left of it recovers (a compound one). Whatever the store then answers,
 * it answers with a typed error, and nothing acknowledged may be lost: not by a power cut at once, not
 * by closing and opening again without one, and not by a power cut after changes that followed. What
 * exactly holds after which fault is the table of `fault_kinds.ts`.
 *
 * Deterministic in its options: equal counts on every runtime.
 *
 * @module
 */

import { Prng } from "../../../src/base/prng.ts";
import { nativeDisk } from "../native_disk.ts";
import { CompoundRun } from "./compound_run.ts";
import { type FaultKind, kindsFor } from "./fault_kinds.ts";
import { FaultRun } from "./fault_run.ts";
import type { Subject } from "../subject.ts";

/** What to run. */
export interface FaultCampaignOptions {
  readonly seed: number;
  readonly subjects: readonly Subject[];
  /** Runs with a fault, shared evenly among the subjects and the kinds that they can meet. */
  readonly runs: number;
  /** Stops at this many violations. Default 5. */
  readonly violationsMax?: number;
  readonly progress?: (runs: number, violations: number) => void;
}

/** Counts of one subject. */
export interface FaultRow {
  readonly subject: string;
  /** Runs with a fault in a life that began on an empty disk. */
  single: number;
  /** Runs with a fault in the recovery after a power cut. */
  compound: number;
  /** Stores opened and compared. */
  states: number;
  violations: number;
}

/** What a fault campaign found. */
export interface FaultReport {
  readonly runs: number;
  readonly states: number;
  readonly rows: readonly FaultRow[];
  /** Full descriptions. */
  readonly violations: readonly string[];
}

/** One run in this many is compound. */
const COMPOUND_EVERY = 3;

/** Recoveries of one image that meet a fault. */
const COMPOUND_RUNS = 12;

/** Nothing here takes that long, unless it never ends. */
const HANG_MILLISECONDS = 120_000;

/** Takes `count` numbers below `below`, evenly spread from a random one on. */
function* spread(below: number, count: number, random: Prng): Generator<number> {
  const stride = below / Math.min(below, count);
  const first = random.next() / 2 ** 32 * stride;
  for (let at = first; at < below; at += stride) yield Math.floor(at);
}

class FaultCampaign {
  readonly #options: FaultCampaignOptions;
  readonly #rows: FaultRow[] = [];
  readonly #violations: string[] = [];
  #runs = 0;

  constructor(options: FaultCampaignOptions) {
    this.#options = options;
  }

  async run(): Promise<FaultReport> {
    const { subjects, runs } = this.#options;
    for (const [number, subject] of subjects.entries()) {
      if (this.#isOver()) break;
      const wanted = Math.ceil((runs - this.#runs) / (subjects.length - number));
      const row = { subject: subject.name, single: 0, compound: 0, states: 0, violations: 0 };
      this.#rows.push(row);
      for (let round = 0; row.single + row.compound < wanted && !this.#isOver(); round++) {
        await this.#round(subject, row, round, wanted - row.single - row.compound);
      }
    }
    const states = this.#rows.reduce((sum, row) => sum + row.states, 0);
    return { runs: this.#runs, states, rows: this.#rows, violations: this.#violations };
  }

  #isOver(): boolean {
    return this.#violations.length >= (this.#options.violationsMax ?? 5);
  }

  /** At most `wanted` runs, all with the same operations. */
  async #round(subject: Subject, row: FaultRow, round: number, wanted: number): Promise<void> {
    const root = new Prng(this.#options.seed).fork(`faults ${subject.name} ${round}`);
    const seed = root.next();
    const whole = nativeDisk(subject.disk, seed);
    await subject.play(whole, root.fork("data"));

    const met = kindsFor(subject.name).filter(({ fault }) => whole.calls(fault.operation) > 0);
    const singles = wanted - Math.floor(wanted / COMPOUND_EVERY);
    const random = root.fork("faults");
    let left = singles;
    for (const [number, kind] of met.entries()) {
      const calls = whole.calls(kind.fault.operation);
      const share = Math.min(calls, Math.ceil(left / (met.length - number)));
      if (share === 0 || this.#isOver()) break;
      for (const at of spread(calls, share, random)) {
        await this.#single({ subject, row, kind, at, seed, root });
        left--;
      }
    }
    for (let compounds = Math.floor((singles - left) / (COMPOUND_EVERY - 1)); compounds > 0;) {
      const count = Math.min(compounds, COMPOUND_RUNS);
      compounds -= count;
      if (this.#isOver()) break;
      await this.#compound({ subject, row, seed, root, random }, whole.operations, count);
    }
  }

  async #single(
    { subject, row, kind, at, seed, root }: {
      readonly subject: Subject;
      readonly row: FaultRow;
      readonly kind: FaultKind;
      readonly at: number;
      readonly seed: number;
      readonly root: Prng;
    },
  ): Promise<void> {
    const run = new FaultRun(subject, kind, at, seed, row);
    row.single++;
    const random = root.fork(`${kind.name} ${at}`);
    await this.#guard(row, run, () => run.run(root.fork("data"), random));
  }

  async #compound(
    { subject, row, seed, root, random }: {
      readonly subject: Subject;
      readonly row: FaultRow;
      readonly seed: number;
      readonly root: Prng;
      readonly random: Prng;
    },
    operations: number,
    count: number,
  ): Promise<void> {
    const image = { seed, data: root.fork("data"), random, tally: row };
    const run = await CompoundRun.of(subject, operations, image);
    for (let each = 0; each < count; each++) {
      const [kind, calls] = run.kinds[random.below(run.kinds.length)]!;
      const at = random.below(calls);
      row.compound++;
      await this.#guard(row, run, () => run.run(kind, at, random));
    }
  }

  async #guard(
    row: FaultRow,
    run: { describe(error: unknown): string },
    work: () => Promise<void>,
  ): Promise<void> {
    if (++this.#runs % 100 === 0) {
      this.#options.progress?.(this.#runs, this.#violations.length);
    }
    try {
      await withinTime(work());
    } catch (error) {
      row.violations++;
      this.#violations.push(run.describe(error));
    }
  }
}

/** Rejects when work never ends. The timer keeps a process alive whose work waits for nothing. */
async function withinTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs")), HANG_MILLISECONDS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a fault campaign. */
export function runFaultCampaign(options: FaultCampaignOptions): Promise<FaultReport> {
  return new FaultCampaign(options).run();
}

/** The counts as lines of text. */
export function faultTable({ rows }: FaultReport): string {
  const columns = ["single", "compound", "states", "violations"] as const;
  const line = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(32) + cells.map((cell) => String(cell).padStart(12)).join("");
  return [
    line("subject", columns),
    ...rows.map((row) => line(row.subject, columns.map((name) => row[name]))),
  ].join("\n");
}
