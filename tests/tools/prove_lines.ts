/**
 * What `deno task prove` runs: each campaign is a line with a goal of its own. prove.ts says what a
 * campaign prints.
 *
 * @module
 */

/** How much is proved: what CI does, or what a release needs. */
export type Level = "quick" | "release";

/** One campaign of prove. */
export interface ProveLine {
  readonly name: string;
  /** What is counted: "states", "runs", ... */
  readonly unit: string;
  readonly file: string;
  /**
   * The size of one share: ten seconds to some minutes on one core. `--seed N` is added, from 1 on.
   */
  readonly args: readonly string[];
  /** A share takes so many seeds from its own on. Default 1. */
  readonly seeds?: number;
  /** How many are wanted. */
  readonly goals: Readonly<Record<Level, number>>;
  /** Other runtimes run some of it and must find the same. Default true. */
  readonly isCompared?: boolean;
  /** One process does all of it, and there are no seeds. */
  readonly once?: boolean;
  /** It keeps all cores busy: it runs alone, after the others. */
  readonly alone?: boolean;
  /** It needs the folder of packages. */
  readonly packages?: boolean;
  /**
   * What makes a share a fifth of itself: of every other share that is what the other runtimes run
   * and compare. Default: they run every tenth share, whole.
   */
  readonly sample?: readonly string[];
}

const MAIN = "tests/sim/main.ts";

/** Crash states of one structure: a share is one round of so many subjects, all operations cut. */
function crashes(
  structure: string,
  quick: number,
  release: number,
  group: number = 3,
): ProveLine {
  return {
    name: structure,
    unit: "states",
    file: MAIN,
    args: ["--json", "--quiet", "--structure", structure, "--group", String(group)],
    goals: { quick, release },
    sample: ["--every", "5"],
  };
}

/** All lines, in the order in which they are run. */
export const proveLines: readonly ProveLine[] = [
  {
    name: "corpus",
    unit: "cases",
    file: "tests/sim/crash/corpus_main.ts",
    args: [],
    goals: { quick: 20, release: 20 },
    once: true,
  },
  crashes("kernel", 50_000, 1_000_000),
  crashes("log", 50_000, 1_000_000, 6),
  crashes("streams", 50_000, 1_000_000, 6),
  crashes("journal", 10_000, 100_000, 6),
  ...["blocks", "index", "segment", "once map", "register", "vector", "content"].map(
    (structure) => crashes(structure, 10_000, 100_000),
  ),
  // Failing system calls where there is strace, and a large store in a small heap.
  {
    name: "real files",
    unit: "runs",
    file: "tests/system/main.ts",
    args: ["--rounds", "0", "--faults", "1"],
    goals: { quick: 3, release: 100 },
    packages: true,
    isCompared: false,
  },
  {
    name: "faults",
    unit: "runs",
    file: MAIN,
    args: ["--json", "--quiet", "--faults", "1000"],
    goals: { quick: 10_000, release: 100_000 },
  },
  {
    name: "damage",
    unit: "mutations",
    file: "tests/sim/damage/damage_main.ts",
    args: ["--quiet", "--lanes", "1", "--runs", "3000"],
    goals: { quick: 30_000, release: 500_000 },
  },
  {
    name: "swarm",
    unit: "seeds",
    file: MAIN,
    args: ["--json", "--quiet", "--swarm", "25"],
    seeds: 25,
    goals: { quick: 500, release: 20_000 },
  },
  // As many of each of the three runtimes.
  {
    name: "kill -9",
    unit: "rounds",
    file: "tests/system/main.ts",
    args: ["--json", "--rounds", "10", "--faults", "0", "--no-heap"],
    goals: { quick: 90, release: 6000 },
    packages: true,
    isCompared: false,
  },
  {
    name: "mutants",
    unit: "mutants",
    file: "tests/sim/mutants/mutants.ts",
    args: ["--share", "3"],
    goals: { quick: 25, release: 77 },
    alone: true,
  },
];
