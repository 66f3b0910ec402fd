/**
 * Feeds arbitrary bytes, and valid ones that were changed, to whatever reads bytes from outside. What
 * comes of it is right, or an error with a code; soon; and without memory that a few wrong bytes ask
 * for. Everything follows from the seed.
 */

import { isHoldfastError } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { allocatedBy } from "./allocations.ts";
import { changed } from "./changed_bytes.ts";

/** Something that reads bytes. */
export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs. */
  readonly seeds: readonly Uint8Array[];
  /** How much less often it runs than the cheapest. */
  readonly cost?: number;
  /** Codes that say that the bytes are bad. */
  readonly codes: readonly string[];
  /** Bytes that it may allocate beside 64 for each byte of the input. @default 256 KiB */
  readonly allocates?: number;
  /** Reads. @throws for what is not right */
  run(input: Uint8Array, random: Prng): void | Promise<void>;
}

/** What became of a target. */
export interface FuzzRow {
  readonly name: string;
  readonly runs: number;
  /** Inputs that were taken. */
  readonly taken: number;
  /** Inputs that were refused, by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Most bytes that one input made it allocate beyond what it may. */
  readonly violations: readonly string[];
}

/** Longest that one input may take: the machine may have other work. */
const SLOW_MS = 10_000;
const ALLOCATES = 256 * 1024;
const BYTES_SHOWN = 96;

/** Runs targets, each `runs` times divided by what it costs. */
export async function runFuzz(
  targets: readonly FuzzTarget[],
  runs: number,
  seed: number,
  onRow: (row: FuzzRow) => void = () => {},
): Promise<FuzzRow[]> {
  const rows: FuzzRow[] = [];
  for (const target of targets) {
    const row = await fuzz(target, Math.ceil(runs / (target.cost ?? 1)), new Prng(seed));
    rows.push(row);
    onRow(row);
  }
  return rows;
}

async function fuzz(target: FuzzTarget, runs: number, all: Prng): Promise<FuzzRow> {
  const random = all.fork(target.name);
  const codes: Record<string, number> = {};
  const violations: string[] = [];
  let taken = 0;
  for (const seed of target.seeds) await target.run(seed.slice(), random.fork("seed"));
  for (let run = 0; run < runs; run++) {
    const input = changed(target.seeds, random);
    const kept = input.slice();
    const violate = (what: string): void => {
      violations.push(`${target.name}, run ${run}, ${shown(kept)}: ${what}`);
    };
    const began = performance.now();
    try {
      const most = (target.allocates ?? ALLOCATES) + 64 * input.length;
      const allocated = await allocatedBy(() => target.run(input, random.fork(`${run}`)));
      if (allocated.bytes > most) violate(`${allocated.bytes} bytes were allocated`);
      if ("error" in allocated) throw allocated.error;
      taken++;
    } catch (error) {
      if (isHoldfastError(error) && target.codes.includes(error.code)) {
        codes[error.code] = (codes[error.code] ?? 0) + 1;
      } else violate(error instanceof Error ? error.stack ?? error.message : String(error));
    }
    if (performance.now() - began > SLOW_MS) violate("it took too long");
  }
  return { name: target.name, runs, taken, codes, violations };
}

function shown(bytes: Uint8Array): string {
  const hex = Array.from(
    bytes.subarray(0, BYTES_SHOWN),
    (byte) => byte.toString(16).padStart(2, "0"),
  );
  return `${bytes.length} bytes ${hex.join("")}${bytes.length > BYTES_SHOWN ? "..." : ""}`;
}
