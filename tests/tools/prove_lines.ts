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
  /** The size of one share: ten seconds to some minutes on one core. */
  readonly args: readonly string[];
  /** How a share is told its number, from 1. Default: `--seed N`. */
  readonly seedArgs?: (seed: number) => readonly string[];
  /** How many are wanted. */
  readonly goals: Readonly<Record<Level, number>>;
  /** More arguments of the quick level. */
  readonly quickArgs?: readonly string[];
  /** The structure whose states these are. */
  readonly structure?: string;
  /** The goal holds for each runtime, and what they find is not compared. */
  readonly eachRuntime?: boolean;
  /** One process does all of it, and there are no seeds. */
  readonly once?: boolean;
  /** It needs the folder of packages. */
  readonly packages?: boolean;
  /**
   * What makes a share a tenth of itself, which is what the other runtimes run and compare. Default:
   * they run every tenth share, whole.
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
    structure,
    unit: "states",
    file: MAIN,
    args: ["--json", "--structure", structure, "--group", String(group)],
    goals: { quick, release },
    sample: ["--every", "10"],
  };
}

/** All lines, in the order in which they are run. */
export const proveLines: readonly ProveLine[] = [
  crashes("kernel", 50_000, 1_000_000),
  crashes("log", 50_000, 1_000_000),
  crashes("streams", 50_000, 1_000_000),
  ...["blocks", "journal", "index", "segment", "once map", "register", "vector", "content"].map(
    (structure) => crashes(structure, 10_000, 100_000),
  ),
];
