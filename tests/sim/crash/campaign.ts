/**
 * The crash campaign: cuts every operation of every subject, recovers every image, crashes inside
 * recoveries, and goes on with new operations that are cut again. Deterministic in its options:
 * equal counts on every runtime.
 */

import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import { Prng } from "../../../src/base/prng.ts";
import {
  type CampaignReport,
  RunningDigest,
  type SubjectRow,
  type Violation,
} from "./campaign_report.ts";
import {
  type CrashStep,
  type Ended,
  playSubject,
  powerStep,
  recoverUntil,
  replayCase,
} from "./crash_case.ts";
import type { Death, Recovered, Subject, Witness } from "../subject.ts";

/** What to run. */
export interface CampaignOptions {
  readonly subjects: readonly Subject[];
  /** Stops at the end of the first round of all subjects that reaches this many states. */
  readonly states: number;
  readonly seed: number;
  /** Most images of one cut. */
  readonly imagesPerCut: number;
  /** One image in this many is crashed again in recovery, and one gets a second generation. */
  readonly innerEvery: number;
  /** Takes each cut whose number this divides. Default 1: all. */
  readonly cutEvery?: number;
  /** Stops at this many violations. Default 5. */
  readonly violationsMax?: number;
  /** The first round. Default 0. */
  readonly round?: number;
  /** Runs these rounds of subjects only, both by number: one share of a larger campaign. */
  readonly share?: readonly (readonly [subject: number, round: number])[] | undefined;
  /** Runs this cut of the first round only, to look at one violation again. */
  readonly onlyCut?: number | undefined;
  readonly progress?: (states: number, violations: number) => void;
}

/** Cuts whose number this divides count for the digest. */
export const SAMPLE_EVERY = 10;

/** The power goes at one of so many operations after a recovery. */
const SECOND_OPERATIONS = 12;

/** Most images of that power cut: with these a fifth of all states are of a second generation. */
const SECOND_IMAGES = 6;

/** Of so many images of a power cut in a recovery, that with nothing kept and another one are taken. */
const RECOVERY_IMAGES = 12;

/** Where in the campaign a state is. */
interface Place {
  readonly subject: Subject;
  readonly round: number;
  readonly seed: number;
  readonly cut: number | null;
  readonly steps: readonly CrashStep[];
}

/** What the states of a place count for, besides all. */
type Kind = "first" | "second" | "recovery";

class Enough extends Error {}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #violations: Violation[] = [];
  readonly #rows: readonly SubjectRow[];
  readonly #digest = new RunningDigest();
  #row: SubjectRow;
  #states = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#rows = options.subjects.map(({ name, structure }) => ({
      subject: name,
      structure,
      operations: 0,
      cuts: 0,
      states: 0,
      recovery: 0,
      second: 0,
      violations: 0,
    }));
    this.#row = this.#rows[0]!;
  }

  async run(): Promise<CampaignReport> {
    const { onlyCut, states, subjects, share } = this.#options;
    try {
      for (const [number, round] of share ?? []) await this.#round(number, round);
      for (
        let round = this.#options.round ?? 0;
        share === undefined && this.#states < states;
        round++
      ) {
        for (const number of subjects.keys()) await this.#round(number, round);
        if (onlyCut !== undefined) break;
      }
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return {
      states: this.#states,
      rows: this.#rows,
      violations: this.#violations,
      digest: this.#digest.value,
    };
  }

  async #round(number: number, round: number): Promise<void> {
    const { onlyCut, cutEvery = 1, subjects } = this.#options;
    const subject = subjects[number]!;
    this.#row = this.#rows[number]!;
    const seed = new Prng(this.#options.seed).fork(`${subject.name} ${round}`).next();
    const place: Place = { subject, round, seed, cut: null, steps: [] };
    const whole = await this.#play(place);
    if (whole === undefined) return;
    const { operations } = whole.disk;
    this.#sign(whole.disk);
    this.#row.operations += operations;
    for (let cut = onlyCut ?? 0; cut <= operations; cut += cutEvery) {
      await this.#cut({ ...place, cut });
      if (onlyCut !== undefined) break;
    }
    await this.#playAgain(place, whole.disk);
  }

  async #cut(place: Place): Promise<void> {
    const ended = await this.#play(place);
    this.#row.cuts++;
    if (ended === undefined) return;
    const random = new Prng(place.seed).fork(`cut ${place.cut}`);
    await this.#judgeImages(place, ended, random);
    if (random.below(this.#options.innerEvery) < 2) {
      const next = ended.disk.processDeath();
      const here = withStep(place, { kind: "process" });
      const recovered = await this.#judge(here, next, ended.witness, "first", "process");
      if (recovered !== undefined) await this.#secondGeneration(here, next, recovered, random);
    }
  }

  /** Runs the subject until its end or the power cut. */
  async #play(place: Place): Promise<Ended | undefined> {
    try {
      return await playSubject(place.subject, place.seed, place.cut);
    } catch (error) {
      await this.#violation(place, error);
      return undefined;
    }
  }

  async #judgeImages(place: Place, { disk, witness }: Ended, random: Prng): Promise<void> {
    const policies = disk.policies({ limit: this.#options.imagesPerCut, seed: random.next() });
    for (const [number, policy] of policies.entries()) {
      const inner = random.fork(`image ${number}`);
      const here = withStep(place, powerStep(policy));
      const image = disk.crash(policy);
      const recovered = await this.#judge(here, image, witness, "first");
      if (recovered === undefined) continue;
      const { operations } = image;
      if (inner.below(this.#options.innerEvery) === 0) {
        await this.#secondGeneration(here, image, recovered, inner);
      }
      if (operations > 0 && inner.below(this.#options.innerEvery) === 0) {
        const again = (): Ended => ({ disk: disk.crash(policy), witness });
        await this.#crashInRecovery(here, again, operations, recovered.content, inner);
      }
    }
  }

  /** Recovers one image and compares it with what was witnessed. Counts one state. */
  async #judge(
    place: Place,
    disk: SimulatedDisk,
    witness: Witness,
    kind: Kind,
    death: Death = "power",
  ): Promise<Recovered | undefined> {
    this.#states++;
    this.#row.states++;
    if (kind !== "first") this.#row[kind]++;
    if (this.#states % 500 === 0) {
      this.#options.progress?.(this.#states, this.#violations.length);
    }
    try {
      const recovered = await witness.judge(disk, death);
      if (place.cut !== null && place.cut % SAMPLE_EVERY === 0) {
        this.#digest.text(recovered.content);
      }
      return recovered;
    } catch (error) {
      await this.#violation(place, error);
      return undefined;
    }
  }

  /** Crashes the recovery of an image at each of its operations, and recovers again. */
  async #crashInRecovery(
    place: Place,
    image: () => Ended,
    operations: number,
    content: string,
    random: Prng,
  ): Promise<void> {
    const stride = Math.max(1, Math.ceil(operations / 6));
    for (let cut = random.below(stride); cut < operations; cut += stride) {
      const { disk, witness } = image();
      const here = withStep(place, { kind: "recover", cut });
      try {
        // Judging takes more than opening does.
        if (!await recoverUntil(witness, disk, cut)) return;
      } catch (error) {
        await this.#violation(here, error);
        continue;
      }
      const policies = disk.policies({ limit: RECOVERY_IMAGES, seed: random.next() });
      // Nothing kept, and another one, if there is.
      const other = 1 + random.below(RECOVERY_IMAGES - 1) % Math.max(1, policies.length - 1);
      for (const policy of [policies[0], policies[other]]) {
        if (policy === undefined) continue;
        const there = withStep(here, powerStep(policy));
        const recovered = await this.#judge(there, disk.crash(policy), witness, "recovery");
        if (recovered !== undefined && recovered.content !== content) {
          const why = `recovered ${content}, but ${recovered.content} after a crash in recovery`;
          await this.#violation(there, new Error(why));
        }
      }
    }
  }

  /** Goes on with new operations after a recovery, cuts the power again, and recovers again. */
  async #secondGeneration(
    place: Place,
    disk: SimulatedDisk,
    recovered: Recovered,
    random: Prng,
  ): Promise<void> {
    const step = {
      kind: "proceed",
      cut: random.below(SECOND_OPERATIONS),
      seed: random.next(),
    } as const;
    const here = withStep(place, step);
    disk.cutAt(disk.operations + step.cut);
    let witness: Witness;
    try {
      witness = await recovered.proceed(new Prng(step.seed));
    } catch (error) {
      await this.#violation(here, error);
      return;
    }
    for (const policy of disk.policies({ limit: SECOND_IMAGES, seed: random.next() })) {
      const there = withStep(here, powerStep(policy));
      await this.#judge(there, disk.crash(policy), witness, "second");
    }
  }

  /** The same seed gives the same operations. */
  async #playAgain(place: Place, before: SimulatedDisk): Promise<void> {
    const again = await this.#play(place);
    if (again === undefined) return;
    const wanted = before.trace().join("\n");
    if (again.disk.trace().join("\n") === wanted) return;
    await this.#violation(place, new Error("the second run has another trace"));
  }

  /** Adds a whole run to the digest: its trace and its files. */
  #sign(disk: SimulatedDisk): void {
    const trace = disk.trace();
    for (const line of trace) this.#digest.text(line);
    for (const path of pathsIn(trace)) {
      this.#digest.text(path);
      this.#digest.bytes(disk.contents(path) ?? new Uint8Array(0));
    }
  }

  async #violation(place: Place, error: unknown): Promise<void> {
    const { subject, round, seed, cut, steps } = place;
    const wanted = { subject: subject.name, seed, cut, steps };
    this.#row.violations++;
    this.#violations.push({
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      round,
      case: wanted,
      details: [
        ...(await replayCase(subject, wanted)).details,
        error instanceof Error ? error.stack ?? "" : "",
      ],
    });
    if (this.#violations.length >= (this.#options.violationsMax ?? 5)) throw new Enough();
  }
}

function withStep(place: Place, step: CrashStep): Place {
  return { ...place, steps: [...place.steps, step] };
}

/** Every path that a file had, in order. */
function pathsIn(trace: readonly string[]): Set<string> {
  const paths = new Set<string>();
  for (const line of trace) {
    const [, created, from, to] = /create (\S+)|rename (\S+) -> (\S+)/.exec(line) ?? [];
    if (created !== undefined) paths.add(created);
    if (from !== undefined) paths.add(`${from.slice(0, from.lastIndexOf("/"))}/${to}`);
  }
  return paths;
}

/** Runs a campaign. */
export function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  return new Campaign(options).run();
}
