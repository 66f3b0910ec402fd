/**
 * The damage campaign: small stores of every structure, each byte of them changed, cut at every
 * length, sectors zeroed, swapped and stale, files gone. What is read then is right, or an error with
 * a code that says so: never other data, no end that is missing after a clean close.
 */

import { type ErrorCode, isHoldfastError } from "../../../mod.ts";
import { Prng } from "../../../src/base/prng.ts";
import { DamageDisk } from "./damage_disk.ts";
import type { Golden, GoldenStore, Outcome } from "../golden/golden_store.ts";
import { type Kind, KINDS, mutate, type Mutation, Mutations, type Values } from "./mutations.ts";

/** What a campaign does. */
export interface DamageOptions {
  readonly stores: readonly GoldenStore[];
  /** How many mutations of each golden there are; default every one there is. */
  readonly share?: number;
  /** Instead of that: how many of all together. */
  readonly runs?: number;
  /** These alone; default all. */
  readonly kinds?: readonly Kind[];
  /** In how many ways each byte is changed. */
  readonly values?: Values;
  readonly seed?: number;
  /** This one of so many lanes, which share the work. */
  readonly lane?: number;
  readonly lanes?: number;
  /** Goldens that are passed over: those that were done before. */
  readonly from?: number;
  /** Mutations that are passed over: those that killed who did them. */
  readonly skips?: readonly DamagePlace[];
  /** Told before each mutation. */
  readonly onStep?: (place: DamagePlace) => void;
  /** Told after each golden. */
  readonly onRow?: (row: DamageRow) => void;
}

/** One mutation of one golden. */
export interface DamagePlace {
  /** Which golden, counted over all stores. */
  readonly golden: number;
  /** Which of its mutations. */
  readonly index: number;
}

/** What became of one golden. */
export interface DamageRow {
  readonly name: string;
  readonly structure: string;
  readonly state: Golden["state"];
  /** Bytes of its files, and how many of them nobody looks at. */
  readonly bytes: number;
  readonly unread: number;
  /** Mutations done, by what came of them. */
  readonly runs: number;
  /** Of them single bytes, and lengths that a file was cut to. */
  readonly changed: number;
  readonly cuts: number;
  readonly right: number;
  readonly errors: number;
  /** Errors by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** The tail that a crash may have cut, dropped and reported. */
  readonly tail: number;
  /** The same without a report: the file is as it was before its last write. */
  readonly lastWrite: number;
  /** Files that are created where there is none. */
  readonly absent: number;
  /** What must not be. */
  readonly violations: readonly string[];
}

/** What a campaign found. */
export interface DamageReport {
  readonly rows: readonly DamageRow[];
  readonly runs: number;
  readonly violations: number;
}

/** Codes that say what damage is; any other is a surprise. */
const SAYS_DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NOT_OUR_FILE",
  "CORRUPT_SUPERBLOCK",
  "CORRUPT_PAGE",
  "CORRUPT_BLOCKS",
  "CORRUPT_JOURNAL",
  "CORRUPT_LOG",
  "CORRUPT_VALUE",
  "CORRUPT_CONTENT",
]);

/** Damage that leaves a sector as it was before its last write, or without a trace of it. */
const UNDOES: ReadonlySet<Kind> = new Set<Kind>(["zeroed", "swapped", "stale"]);

/** One in so many stores is written to after it was damaged. */
const GOES_ON_EVERY = 8;

/** A kind gets so small a part of a sample: one in so many. */
const SHARE_OF: Readonly<Record<Kind, number>> = {
  "byte": 1,
  "length field": 8,
  "cut": 8,
  "zeroed": 16,
  "swapped": 16,
  "stale": 16,
  "garbage": 16,
  "removed": 16,
  "emptied": 16,
};

/** Runs it. */
export async function runDamage(options: DamageOptions): Promise<DamageReport> {
  const rows: DamageRow[] = [];
  const goldens = await goldensOf(options.stores);
  for (const [at, { store, golden }] of goldens.entries()) {
    if (at < (options.from ?? 0)) continue;
    const { runs, share = runs && Math.ceil(runs / goldens.length) } = options;
    const row = await damageGolden(store, golden, at, { ...options, share: share ?? Infinity });
    rows.push(row);
    options.onRow?.(row);
  }
  return {
    rows,
    runs: rows.reduce((sum, { runs }) => sum + runs, 0),
    violations: rows.reduce((sum, { violations }) => sum + violations.length, 0),
  };
}

/** All goldens of the stores, in order. */
export async function goldensOf(
  stores: readonly GoldenStore[],
): Promise<{ readonly store: GoldenStore; readonly golden: Golden }[]> {
  const goldens = [];
  for (const store of stores) {
    for (const golden of await store.build()) goldens.push({ store, golden });
  }
  return goldens;
}

async function damageGolden(
  store: GoldenStore,
  golden: Golden,
  at: number,
  options: DamageOptions,
): Promise<DamageRow> {
  const { values = 1, seed = 1, lane = 0, lanes = 1, share = Infinity, kinds = KINDS } = options;
  const disk = new DamageDisk(golden.files, 4);
  const isRead = await whatIsRead(disk, golden);
  const mutations = new Mutations(golden.files, golden.before, isRead, values);
  const random = new Prng(seed).fork(`${store.name} ${golden.state}`);
  const tally = new Tally(golden.state);
  const skips = options.skips?.filter((skip) => skip.golden === at).map(({ index }) => index);
  let index = -1;
  for (const { kind, number } of plan(mutations, kinds, share, random)) {
    index++;
    const goesOn = random.below(GOES_ON_EVERY) === 0;
    if (index % lanes !== lane || skips?.includes(index)) continue;
    const mutation = mutations.at(kind, number);
    if (mutation === undefined) continue;
    options.onStep?.({ golden: at, index });
    mutate(disk, mutation);
    try {
      tally.count(mutation, await golden.read(disk.io, goesOn));
    } catch (error) {
      tally.violate(mutation, describe(error), goesOn);
    }
    disk.restore();
  }
  const sizes = Array.from(golden.files.values(), ({ length }) => length);
  const bytes = sizes.reduce((sum, length) => sum + length, 0);
  let unread = bytes;
  for (const each of isRead.values()) for (const read of each) unread -= read;
  return {
    name: store.name,
    structure: store.structure,
    state: golden.state,
    bytes,
    unread,
    ...tally.row(),
  };
}

/** What of each kind is done, out of `share`: all there is of the rare ones, bytes most. */
function* plan(
  mutations: Mutations,
  kinds: readonly Kind[],
  share: number,
  random: Prng,
): Generator<{ readonly kind: Kind; readonly number: number }> {
  let left = share;
  // The last ones take what the others leave.
  for (const kind of kinds.toReversed()) {
    const count = mutations.countOf(kind);
    const isRest = kind === kinds[0] || share === Infinity;
    const most = isRest ? left : Math.ceil(share / SHARE_OF[kind]);
    const done = Math.min(count, most, left);
    left -= done;
    for (let step = 0; step < done; step++) {
      const number = done === count
        ? step
        : Math.floor((step + random.below(1000) / 1000) * count / done);
      yield { kind, number };
    }
  }
}

/** Which bytes opening, reading and going on look at. No other one can change what they see. */
async function whatIsRead(disk: DamageDisk, golden: Golden): Promise<Map<string, Uint8Array>> {
  const isRead = new Map<string, Uint8Array>();
  for (const [path, { length }] of golden.files) isRead.set(path, new Uint8Array(length));
  for (const goesOn of [false, true]) {
    // What was written over before it is read does not count.
    const isWritten = new Map<string, Uint8Array>();
    for (const [path, { length }] of golden.files) isWritten.set(path, new Uint8Array(length));
    disk.onUse = (path, use, begin, end) => {
      const read = isRead.get(path);
      const written = isWritten.get(path);
      if (use === "write") written?.fill(1, begin, end);
      else if (read !== undefined) {
        for (let at = begin; at < Math.min(end, read.length); at++) {
          if (written![at] === 0) read[at] = 1;
        }
      }
    };
    const { codes, lost } = await golden.read(disk.io, goesOn);
    disk.onUse = undefined;
    disk.restore();
    if (codes.length > 0 || lost !== undefined) {
      throw new Error(`a golden store is not whole: ${codes} ${lost ?? ""}`);
    }
  }
  return isRead;
}

/** Counts what came of mutations. */
class Tally {
  readonly #state: Golden["state"];
  readonly #codes: Record<string, number> = {};
  readonly #violations: string[] = [];
  #runs = 0;
  #changed = 0;
  #cuts = 0;
  #right = 0;
  #errors = 0;
  #tail = 0;
  #lastWrite = 0;
  #absent = 0;

  constructor(state: Golden["state"]) {
    this.#state = state;
  }

  count(mutation: Mutation, { codes, lost }: Outcome): void {
    const problem = this.#problemOf(mutation, { codes, ...(lost === undefined ? {} : { lost }) });
    if (problem !== undefined) return this.violate(mutation, problem, false);
    this.#begin(mutation);
    for (const code of codes) this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    if (codes.length > 0) this.#errors++;
    else if (lost === "tail") this.#tail++;
    else if (lost === "last write") this.#lastWrite++;
    else if (lost === "file") this.#absent++;
    else this.#right++;
  }

  violate({ kind, path, at, bytes, other }: Mutation, problem: string, goesOn: boolean): void {
    this.#begin({ kind });
    const place = other === undefined ? "" : ` with ${other}`;
    const to = bytes.length <= 8 ? `: ${bytes.join(" ")}` : `: ${bytes.length} bytes`;
    this.#violations.push(
      `${kind} at ${at} of ${path}${place}${to}${goesOn ? ", going on" : ""}: ${problem}`,
    );
  }

  row(): Omit<DamageRow, "name" | "structure" | "state" | "bytes" | "unread"> {
    return {
      runs: this.#runs,
      changed: this.#changed,
      cuts: this.#cuts,
      right: this.#right,
      errors: this.#errors,
      codes: this.#codes,
      tail: this.#tail,
      lastWrite: this.#lastWrite,
      absent: this.#absent,
      violations: this.#violations,
    };
  }

  #begin({ kind }: Pick<Mutation, "kind">): void {
    this.#runs++;
    if (kind === "byte") this.#changed++;
    if (kind === "cut") this.#cuts++;
  }

  #problemOf({ kind }: Mutation, { codes, lost }: Outcome): string | undefined {
    for (const code of codes) {
      const isGone = kind === "removed" && (code === "NOT_FOUND" || code === "IO_NOT_FOUND");
      const isDamage = SAYS_DAMAGE.has(code.replace("check ", "") as ErrorCode);
      if (!isGone && !isDamage) return `the code ${code}`;
    }
    if (lost === "file") {
      return kind === "removed" ? undefined : "a file that is there was made anew";
    }
    if (lost === undefined) return undefined;
    if (this.#state === "closed") return `lost after a clean close: ${lost}`;
    return lost === "tail" || UNDOES.has(kind) ? undefined : "lost and not reported";
  }
}

function describe(error: unknown): string {
  if (isHoldfastError(error)) return `${error.code}, which nobody expected: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
