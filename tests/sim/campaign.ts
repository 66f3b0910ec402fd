/**
 * The crash campaign: cuts every operation of every workload, recovers every image, crashes inside
 * recoveries, and goes on with new commits that are cut again. Deterministic in its options: equal
 * counts on every runtime.
 */

import type { Database } from "../../mod.ts";
import { type CrashPolicy, SimulatedDisk } from "../../adapters/simulated.ts";
import { Prng } from "../../src/base/prng.ts";
import { type Death, Oracle } from "./oracle.ts";
import { judge, openStore, Session, StuckError } from "./session.ts";
import { type Workload, workloads as allWorkloads } from "./workloads.ts";

/** What to run. */
export interface CampaignOptions {
  /** Stops at the end of the first round of all workloads that reaches this many states. */
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
  /** Default: all. */
  readonly workloads?: readonly Workload[];
  /** Runs this round and cut only, to look at one violation again. */
  readonly only?: { readonly round: number; readonly cut: number } | undefined;
  readonly progress?: (states: number, violations: number) => void;
}

/** A state that must not be. */
export interface Violation {
  readonly workload: string;
  readonly round: number;
  readonly cut: number;
  readonly message: string;
  /** How to get there: the outcomes of each power cut, and all operations. */
  readonly details: readonly string[];
}

/** Counts of one workload over all rounds. */
export interface WorkloadRow {
  readonly workload: string;
  operations: number;
  states: number;
  violations: number;
}

/** What a campaign found. */
export interface CampaignReport {
  readonly states: number;
  readonly rows: readonly WorkloadRow[];
  readonly violations: readonly Violation[];
}

/** Where in the campaign a state is. */
interface Place {
  readonly workload: Workload;
  readonly round: number;
  readonly cut: number;
  /** Outcomes of the power cuts so far, as text. */
  readonly policies: readonly string[];
}

interface Judged {
  readonly database: Database;
  readonly prefix: number;
  /** What recovery took. */
  readonly operations: number;
}

class Enough extends Error {}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #violations: Violation[] = [];
  readonly #rows: WorkloadRow[];
  #row: WorkloadRow;
  #states = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#rows = this.#workloads().map(({ name }) => ({
      workload: name,
      operations: 0,
      states: 0,
      violations: 0,
    }));
    this.#row = this.#rows[0]!;
  }

  async run(): Promise<CampaignReport> {
    const { only, states } = this.#options;
    try {
      for (let round = only?.round ?? 0; this.#states < states; round++) {
        for (const [number, workload] of this.#workloads().entries()) {
          this.#row = this.#rows[number]!;
          await this.#round(workload, round);
        }
        if (only !== undefined) break;
      }
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return { states: this.#states, rows: this.#rows, violations: this.#violations };
  }

  #workloads(): readonly Workload[] {
    return this.#options.workloads ?? allWorkloads;
  }

  async #round(workload: Workload, round: number): Promise<void> {
    const { only, cutEvery = 1 } = this.#options;
    const seed = new Prng(this.#options.seed).fork(`${workload.name} ${round}`).next();
    const whole = await this.#play({ workload, round, cut: Infinity, policies: [] }, seed);
    const operations = whole.disk.operations;
    this.#row.operations += operations;
    for (let cut = only?.cut ?? 0; cut <= operations; cut += cutEvery) {
      const place: Place = { workload, round, cut, policies: [] };
      const { disk, oracle } = await this.#play(place, seed);
      const random = new Prng(seed).fork(`cut ${cut}`);
      await this.#judgeImages(place, disk, oracle, random);
      if (random.below(this.#options.innerEvery) < 2) {
        await this.#judgeProcessDeath(place, disk, oracle, random);
      }
      if (only !== undefined) break;
    }
  }

  /** Runs the workload until its end or the power cut. */
  async #play(place: Place, seed: number): Promise<{ disk: SimulatedDisk; oracle: Oracle }> {
    const { workload, cut } = place;
    const disk = new SimulatedDisk({ ...workload.disk, seed });
    disk.cutAt(cut);
    const session = new Session(disk, workload.database, new Prng(seed).fork("data"));
    try {
      await workload.run(session);
    } catch (error) {
      if (!disk.isDark || error instanceof StuckError) this.#violation(place, disk, error);
    }
    await this.#drain(place, session);
    return { disk, oracle: session.oracle };
  }

  async #judgeImages(
    place: Place,
    disk: SimulatedDisk,
    oracle: Oracle,
    random: Prng,
  ): Promise<void> {
    const policies = disk.policies({ limit: this.#options.imagesPerCut, seed: random.next() });
    for (const [number, policy] of policies.entries()) {
      const inner = random.fork(`image ${number}`);
      const here = withPolicy(place, disk, policy);
      const image = disk.crash(policy);
      const judged = await this.#judge(here, image, oracle);
      if (judged === undefined) continue;
      const { operations } = judged;
      if (inner.below(this.#options.innerEvery) === 0) {
        await this.#secondGeneration(here, image, judged, oracle, inner);
      }
      if (operations > 0 && inner.below(this.#options.innerEvery) === 0) {
        const again = (): SimulatedDisk => disk.crash(policy);
        await this.#crashInRecovery(here, again, operations, judged.prefix, oracle, inner);
      }
    }
  }

  /** The process dies and the system lives on; the power goes after more commits. */
  async #judgeProcessDeath(
    place: Place,
    disk: SimulatedDisk,
    oracle: Oracle,
    random: Prng,
  ): Promise<void> {
    const here = { ...place, policies: ["process death"] };
    const next = disk.processDeath();
    const judged = await this.#judge(here, next, oracle, "process");
    if (judged !== undefined) await this.#secondGeneration(here, next, judged, oracle, random);
  }

  /** Recovers one image and compares it with the oracle. Counts one state. */
  async #judge(
    place: Place,
    disk: SimulatedDisk,
    oracle: Oracle,
    death: Death = "power",
  ): Promise<Judged | undefined> {
    this.#states++;
    this.#row.states++;
    if (this.#states % 500 === 0) {
      this.#options.progress?.(this.#states, this.#violations.length);
    }
    try {
      return await judge(disk, place.workload.database, oracle, death);
    } catch (error) {
      this.#violation(place, disk, error);
      return undefined;
    }
  }

  /** Crashes the recovery of an image at each of its operations, and recovers again. */
  async #crashInRecovery(
    place: Place,
    image: () => SimulatedDisk,
    operations: number,
    prefix: number,
    oracle: Oracle,
    random: Prng,
  ): Promise<void> {
    const stride = Math.max(1, Math.ceil(operations / 6));
    for (let cut = random.below(stride); cut < operations; cut += stride) {
      const disk = image();
      disk.cutAt(cut);
      let opened = false;
      try {
        await openStore(disk, place.workload.database);
        opened = true;
      } catch (error) {
        if (!disk.isDark || error instanceof StuckError) this.#violation(place, disk, error);
      }
      if (opened) {
        const why =
          `recovery did not reach operation ${cut} of ${operations}, or ignored its error`;
        this.#violation(place, disk, new Error(why));
        continue;
      }
      for (const policy of disk.policies({ limit: 2, seed: random.next() })) {
        const here = withPolicy(place, disk, policy);
        const second = disk.crash(policy);
        const judged = await this.#judge(here, second, oracle);
        if (judged !== undefined && judged.prefix !== prefix) {
          const why = `recovered ${prefix} commits, but ${judged.prefix} after a crash in recovery`;
          this.#violation(here, second, new Error(why));
        }
      }
    }
  }

  /** Goes on with new commits after a recovery, cuts the power again, and recovers again. */
  async #secondGeneration(
    place: Place,
    disk: SimulatedDisk,
    judged: Judged,
    before: Oracle,
    random: Prng,
  ): Promise<void> {
    const oracle = new Oracle(before.stateAfter(judged.prefix));
    for (const [id, writes] of before.prepared) oracle.prepared.set(id, writes);
    disk.cutAt(disk.operations + random.below(12));
    const session = new Session(disk, place.workload.database, random, {
      database: judged.database,
      oracle,
    });
    try {
      // What is in doubt holds keys that are written below.
      await session.decide(() => random.below(2) === 0);
      // Sized like what was lost, so that the first new record ends where the lost one ended.
      const lost = (before.commitAfter(judged.prefix) ?? []).filter(({ structure, drop }) =>
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
    } catch (error) {
      if (!disk.isDark || error instanceof StuckError) this.#violation(place, disk, error);
    }
    await this.#drain(place, session);
    for (const policy of disk.policies({ limit: 4, seed: random.next() })) {
      await this.#judge(withPolicy(place, disk, policy), disk.crash(policy), oracle);
    }
  }

  /** Lets what was started end, and then keeps the disk as it is: some work goes on unasked. */
  async #drain(place: Place, session: Session): Promise<void> {
    const { disk } = session;
    try {
      await session.drain();
    } catch (error) {
      this.#violation(place, disk, error);
    }
    if (!disk.isDark) disk.cutAt(disk.operations);
  }

  #violation(place: Place, disk: SimulatedDisk, error: unknown): void {
    this.#row.violations++;
    this.#violations.push({
      workload: place.workload.name,
      round: place.round,
      cut: place.cut,
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      details: [
        ...place.policies,
        "trace:",
        ...disk.trace(),
        error instanceof Error ? error.stack ?? "" : "",
      ],
    });
    if (this.#violations.length >= (this.#options.violationsMax ?? 5)) throw new Enough();
  }
}

function withPolicy(place: Place, disk: SimulatedDisk, policy: CrashPolicy): Place {
  return {
    ...place,
    get policies(): string[] {
      return [...place.policies, ...disk.describe(policy)];
    },
  };
}

/** Runs a campaign. */
export function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  return new Campaign(options).run();
}

/** One violation as text, with the command that shows it again. */
export function describeViolation(violation: Violation, seed: number): string {
  const { workload, round, cut, message, details } = violation;
  return [
    `VIOLATION in "${workload}", cut ${cut}: ${message}`,
    `again: tests/sim/main.ts --seed ${seed} --workload "${workload}" --round ${round} --cut ${cut}`,
    ...details.map((line) => `  ${line}`),
  ].join("\n");
}
