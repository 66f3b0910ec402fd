/**
 * Runs the shares of lines as child processes, several at a time, and compares runtimes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Level, ProveLine } from "./prove_lines.ts";
import type { Share, ShareRow } from "./prove_record.ts";
import { keysOf, type Lane } from "./prove_table.ts";
import { addShares, isSameLine, type LineTotal } from "./prove_totals.ts";
import { CACHE } from "./repository.ts";
import { runCommand } from "./run_command.ts";
import { type Runtime, runWords } from "./runtimes.ts";

/** Several times what a share takes on a busy machine. */
const SHARE_TIMEOUT_MS = 3_600_000;

/** Memory for young objects: a state leaves much garbage behind. */
const V8_FLAG = "--max-semi-space-size=32";

/** A line is given up after so many shares that did not run to their end. */
const BROKEN_MAX = 2;

/** What to do. */
export interface RunPlan {
  readonly level: Level;
  readonly lanes: readonly Lane[];
  readonly runtimes: readonly Runtime[];
  /** Totals of other machines, to go on from. */
  readonly totals: readonly LineTotal[];
  /** Shares done before. */
  readonly before: readonly Share[];
  /** Shares at a time. */
  readonly width: number;
  /** No share begins after this moment of `performance.now()`. */
  readonly until: number;
  /** Called for each share that has ended, and again when another runtime agreed. */
  readonly onShare: (share: Share) => void;
  readonly onProgress: (text: string) => void;
  /** Called for each job that did not end well, with what it printed. */
  readonly onFailure: (text: string) => void;
}

interface Job {
  readonly lane: Lane;
  readonly seed: number;
  readonly runtime: Runtime;
  /** What another runtime found, to be compared. */
  readonly wanted?: Share;
}

function seededArgs({ args, once, seeds = 1 }: ProveLine, number: number): readonly string[] {
  return once ? args : [...args, "--seed", String((number - 1) * seeds + 1)];
}

function programWords(runtime: Runtime, line: ProveLine): string[] {
  const words = runWords(runtime.name, line.packages ? "installed" : "none");
  if (runtime.name === "node") return [V8_FLAG, ...words];
  return runtime.name === "deno" ? [...words, `--v8-flags=${V8_FLAG}`] : words;
}

interface Printed {
  readonly rows: readonly ShareRow[];
  readonly same?: string;
}

/** What a share says for us: a line of its own, or the closing line of every campaign. */
export function printedBy(stdout: string): Printed | undefined {
  const lines = stdout.trimEnd().split("\n");
  const line = lines.findLast((one) => one.startsWith('{"rows"'));
  if (line !== undefined) return JSON.parse(line) as Printed;
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/.exec(lines.at(-1) ?? "") ?? [];
  if (passed === undefined) return undefined;
  const same = createHash("sha256").update(stdout).digest("hex").slice(0, 16);
  return { rows: [{ done: Number(passed), violations: Number(failed) }], same };
}

/** Runs all that a plan wants. */
export class ProveRun {
  /** Jobs that ended well. */
  passed = 0;
  /** Jobs that did not: a violation, no end, other counts on another runtime. */
  failed = 0;
  readonly #plan: RunPlan;
  readonly #totals: Map<string, LineTotal>;
  readonly #shares: Map<string, Map<number, Share>>;
  /** Seeds that run now or could not be run, by lane. */
  readonly #taken = new Map<string, Set<number>>();
  readonly #running = new Map<string, number>();
  /** Shares that did not run to their end, by lane. */
  readonly #broken = new Map<string, number>();
  readonly #samples: Job[] = [];

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#totals = new Map(plan.lanes.map((lane) => {
      const keys = keysOf(lane);
      const total = plan.totals.find((one) => isSameLine(one, keys));
      return [lane.line.name, total ?? addShares(keys, undefined, [])];
    }));
    this.#shares = new Map(plan.lanes.map((lane) => {
      const keys = keysOf(lane);
      const { upTo } = this.#totals.get(lane.line.name)!;
      const ours = plan.before.filter((one) => isSameLine(one, keys) && one.seed > upTo);
      return [lane.line.name, new Map(ours.map((share) => [share.seed, share]))];
    }));
    for (const lane of plan.lanes) {
      for (const share of this.#shares.get(lane.line.name)!.values()) {
        this.#compareLater(lane, share);
      }
    }
  }

  /** All that is done of a lane. */
  total(lane: Lane): LineTotal {
    const { name } = lane.line;
    return addShares(keysOf(lane), this.#totals.get(name), [...this.#shares.get(name)!.values()]);
  }

  async run(): Promise<void> {
    const work = async (isAlone: boolean): Promise<void> => {
      for (let job = this.#next(isAlone); job !== undefined; job = this.#next(isAlone)) {
        await this.#do(job);
      }
    };
    await Promise.all(Array.from({ length: this.#plan.width }, () => work(false)));
    await work(true);
  }

  #next(isAlone: boolean): Job | undefined {
    if (performance.now() > this.#plan.until) return undefined;
    const sample = this.#samples.shift();
    if (sample !== undefined) return sample;
    const ours = this.#plan.lanes.filter(({ line }) => (line.alone ?? false) === isAlone);
    // What a share of a line does is known when the first one has ended: until then others go first.
    const known = ours.filter((lane) =>
      this.#shares.get(lane.line.name)!.size > 0 || !this.#running.get(lane.line.name)
    );
    for (const lane of new Set([...known, ...ours])) {
      if (!this.#isWanted(lane)) continue;
      const shares = this.#shares.get(lane.line.name)!;
      const taken = this.#taken.get(lane.line.name) ?? new Set();
      let seed = this.#totals.get(lane.line.name)!.upTo + 1;
      while (shares.has(seed) || taken.has(seed)) seed++;
      if (lane.line.once && seed > 1) continue;
      this.#taken.set(lane.line.name, taken.add(seed));
      this.#running.set(lane.line.name, (this.#running.get(lane.line.name) ?? 0) + 1);
      const runtime = this.#plan.runtimes.find(({ name }) => name === lane.runtime)!;
      return { lane, seed, runtime };
    }
    return undefined;
  }

  /** Whether more is wanted than is done, or will be when what runs now has ended. */
  #isWanted(lane: Lane): boolean {
    const running = this.#running.get(lane.line.name) ?? 0;
    // A line that does not run will not get better.
    if ((this.#broken.get(lane.line.name) ?? 0) >= BROKEN_MAX) return false;
    const { done, shares } = this.total(lane);
    const mean = shares === 0 ? 0 : done / shares;
    return done + running * mean < lane.line.goals[this.#plan.level];
  }

  async #do(job: Job): Promise<void> {
    const { lane, seed, runtime, wanted } = job;
    const { line } = lane;
    const args = [
      ...seededArgs(line, seed),
      ...(wanted === undefined ? [] : line.sample ?? []),
    ];
    const result = await runCommand(runtime.path, [
      ...programWords(runtime, line),
      line.file,
      ...args,
    ], {
      timeoutMs: SHARE_TIMEOUT_MS,
      env: { NODE_COMPILE_CACHE: join(CACHE, "node-compile") },
    });
    if (wanted === undefined) {
      this.#running.set(lane.line.name, this.#running.get(lane.line.name)! - 1);
    }
    const printed = printedBy(result.stdout);
    const command = `${runtime.name} ${line.file} ${args.join(" ")}`;
    if (printed === undefined || result.code === undefined || result.code > 1) {
      const why = result.timedOut ? "no end in time" : `exit code ${result.code}`;
      this.#break(lane, `${command}: ${why}\n${result.output.trimEnd()}`);
      return;
    }
    const violations = printed.rows.reduce((all, row) => all + row.violations, 0);
    if (printed.rows.every(({ done }) => done === 0) && violations === 0) {
      this.#break(lane, `${command}: it counts nothing`);
      return;
    }
    if (violations > 0 || result.code !== 0) {
      this.#fail(`${command}: ${violations} violations\n${result.output.trimEnd()}`);
    } else this.passed++;
    const same = printed.same ?? JSON.stringify(printed.rows);
    if (wanted === undefined) this.#ended(job, printed.rows, same, result.elapsedMs);
    else if (same === wanted.same) this.#agreed(lane, seed, runtime);
    else this.#fail(`${command}: not what ${wanted.runtime} found\n${same}\n${wanted.same}`);
  }

  #agreed(lane: Lane, seed: number, runtime: Runtime): void {
    const share = this.#shares.get(lane.line.name)!.get(seed)!;
    this.#keep({ ...share, comparedWith: [...share.comparedWith, runtime.name] }, lane);
  }

  #ended(job: Job, rows: readonly ShareRow[], same: string, elapsedMs: number): void {
    const { lane, seed } = job;
    const share: Share = {
      ...keysOf(lane),
      seed,
      seconds: Math.round(elapsedMs / 1000),
      rows,
      same,
      comparedWith: [],
    };
    this.#keep(share, lane);
    this.#compareLater(lane, share);
  }

  /** Other runtimes are to find the same, if they have not yet. */
  #compareLater(lane: Lane, share: Share): void {
    const { line } = lane;
    const { level, runtimes } = this.#plan;
    if (line.alone || line.isCompared === false) return;
    // A tenth; of a release even the samples are taken of each tenth share only.
    const every = line.sample === undefined || level === "release" ? 10 : 2;
    if (share.seed % every !== 1) return;
    for (const runtime of runtimes) {
      if (runtime.name === share.runtime || share.comparedWith.includes(runtime.name)) continue;
      this.#samples.push({ lane, seed: share.seed, runtime, wanted: share });
    }
  }

  #keep(share: Share, lane: Lane): void {
    this.#shares.get(lane.line.name)!.set(share.seed, share);
    this.#plan.onShare(share);
    const goal = lane.line.goals[this.#plan.level];
    const done =
      this.#plan.lanes.filter((one) => this.total(one).done >= one.line.goals[this.#plan.level])
        .length;
    this.#plan.onProgress(
      `${lane.line.name}: ${this.total(lane).done} of ${goal} ${lane.line.unit}; ` +
        `${done} of ${this.#plan.lanes.length} lines, ${this.failed} failed`,
    );
  }

  /** A share did not run to its end. */
  #break({ line }: Lane, text: string): void {
    this.#broken.set(line.name, (this.#broken.get(line.name) ?? 0) + 1);
    this.#fail(text);
  }

  #fail(text: string): void {
    this.failed++;
    this.#plan.onFailure(text);
  }
}
