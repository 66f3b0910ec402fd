/**
 * What a database may contain after a death: exactly the state after some prefix of the commit
 * order, and no shorter prefix than every commit acknowledged as durable needs.
 */

import { nodeChecksum } from "../../../adapters/node/node_checksums.ts";
import type { Durability } from "../../../mod.ts";
import { type Death, LostError } from "../subject.ts";

/** Entries by "structure/key". */
export type State = Map<string, Uint8Array>;

/** A structure that workloads write to. */
export type StructureName =
  | "left"
  | "right"
  | "log"
  | "once"
  | "registers"
  | "blobs"
  | "scores"
  | "vector";

/** One change of a commit. */
export interface Write {
  /** "in doubt": the ids of prepared transactions, which are no structure. */
  readonly structure: StructureName | "in doubt";
  readonly key: string;
  /** `undefined` removes the key. */
  readonly value: Uint8Array | undefined;
  /** Drops the structure, which is there, with all its keys. `key` and `value` mean nothing. */
  readonly drop?: true;
}

/** The keys in a state that a write is about. */
function namesOf(state: State, { structure, key, drop }: Write): readonly string[] {
  return drop ? [...state.keys()].filter((name) => name.startsWith(`${structure}/`)) : [
    `${structure}/${key}`,
  ];
}

/** Two 32-bit sums over all entries: equal states have equal ones, others with chance 2^-32. */
interface Digest {
  readonly low: number;
  readonly high: number;
  readonly entries: number;
}

/** From this length on the checksum of the platform is the sooner one. */
const NATIVE_FROM = 100;

const valueHashes = new WeakMap<Uint8Array, readonly [number, number]>();

function hashValue(value: Uint8Array): readonly [number, number] {
  const known = valueHashes.get(value);
  if (known !== undefined) return known;
  if (value.length >= NATIVE_FROM) {
    const sum = nodeChecksum(value);
    return [sum ^ value.length, Math.imul(sum, 0x85ebca6b) + value.length];
  }
  let low = 0x811c9dc5 ^ value.length;
  let high = 0x01000193 + value.length;
  for (const byte of value) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high + byte, 0x85ebca6b) ^ (high >>> 15);
  }
  const hash = [low, high] as const;
  valueHashes.set(value, hash);
  return hash;
}

function hashEntry(name: string, value: Uint8Array): readonly [number, number] {
  let [low, high] = hashValue(value);
  for (let i = 0; i < name.length; i++) {
    low = Math.imul(low ^ name.charCodeAt(i), 0x01000193);
    high = Math.imul(high + name.charCodeAt(i), 0xc2b2ae35) ^ (high >>> 13);
  }
  return [low, high];
}

function digest(state: State): Digest {
  let low = 0, high = 0;
  for (const [name, value] of state) {
    const [a, b] = hashEntry(name, value);
    low = (low + a) | 0;
    high = (high + b) | 0;
  }
  return { low, high, entries: state.size };
}

function same(a: Digest, b: Digest | undefined): boolean {
  return b !== undefined && a.low === b.low && a.high === b.high && a.entries === b.entries;
}

/** Most rejected commits of which every choice is tried. */
const REFUSED_MAX = 10;

/** The commits of one run, in commit order. */
export class Oracle {
  /** What prepared transactions write, by id. */
  readonly prepared: Map<string, readonly Write[]> = new Map();
  readonly #base: State;
  readonly #commits: (readonly Write[])[] = [];
  readonly #latest: State;
  readonly #digests: Digest[];
  readonly #refused = new Set<number>();
  #required = 0;
  #requiredByProcess = 0;
  #accepted = 0;

  /** A database that certainly contains `base`. */
  constructor(base: State = new Map()) {
    this.#base = base;
    this.#latest = new Map(base);
    this.#digests = [digest(base)];
  }

  /** Number of commits attempted. */
  get attempted(): number {
    return this.#commits.length;
  }

  /** Length of the shortest prefix that holds all commits acknowledged as durable. */
  get required(): number {
    return this.#required;
  }

  /** Adds a commit at the end of the commit order; returns the length of the prefix with it. */
  attempt(writes: readonly Write[]): number {
    this.#commits.push(writes);
    const before = this.#digests[this.#digests.length - 1]!;
    let { low, high } = before;
    for (const write of writes) {
      const { value } = write;
      for (const name of namesOf(this.#latest, write)) {
        const old = this.#latest.get(name);
        if (old !== undefined) {
          const [a, b] = hashEntry(name, old);
          low = (low - a) | 0;
          high = (high - b) | 0;
        }
        if (value === undefined) this.#latest.delete(name);
        else {
          const [a, b] = hashEntry(name, value);
          low = (low + a) | 0;
          high = (high + b) | 0;
          this.#latest.set(name, value);
        }
      }
    }
    this.#digests.push({ low, high, entries: this.#latest.size });
    return this.#commits.length;
  }

  /** The commit that ended the prefix of this length was acknowledged. */
  acknowledge(prefix: number, durability: Durability = "disk"): void {
    this.#accepted = Math.max(this.#accepted, prefix);
    if (durability === "memory") return;
    this.#requiredByProcess = Math.max(this.#requiredByProcess, prefix);
    if (durability === "disk") this.#required = Math.max(this.#required, prefix);
  }

  /** The commit that ended the prefix of this length was rejected. */
  refuse(prefix: number): void {
    this.#refused.add(prefix);
  }

  /**
   * The same run without the rejected commits that an acknowledged one followed: the store went on
   * without them, so that they may never show. Rejected ones at the end remain in doubt.
   */
  withoutRefused(): Oracle {
    return this.#without((prefix) => this.#refused.has(prefix) && prefix < this.#accepted);
  }

  /**
   * Likewise, and without any choice of those at the end, as long as these are few: where calls
   * fail, one may be rejected for itself while a later one comes further.
   */
  *withoutAnyRefused(): Generator<Oracle> {
    const tail = [...this.#refused].filter((prefix) => prefix > this.#accepted).slice(-REFUSED_MAX);
    for (let bits = 0; bits < 2 ** tail.length; bits++) {
      const gone = new Set(tail.filter((_, at) => ((bits >> at) & 1) === 1));
      yield this.#without((prefix) =>
        gone.has(prefix) || (this.#refused.has(prefix) && prefix < this.#accepted)
      );
    }
  }

  #without(isGone: (prefix: number) => boolean): Oracle {
    const oracle = new Oracle(this.#base);
    for (const [id, writes] of this.prepared) oracle.prepared.set(id, writes);
    for (const [at, writes] of this.#commits.entries()) {
      const prefix = at + 1;
      if (isGone(prefix)) continue;
      const moved = oracle.attempt(writes);
      if (prefix <= this.#required) oracle.acknowledge(moved, "disk");
      else if (prefix <= this.#requiredByProcess) oracle.acknowledge(moved, "os");
      else if (prefix <= this.#accepted) oracle.acknowledge(moved, "memory");
    }
    return oracle;
  }

  /** The writes of the first commit beyond a prefix. */
  commitAfter(prefix: number): readonly Write[] | undefined {
    return this.#commits[prefix];
  }

  /** The state after all attempted commits. */
  latest(): State {
    return this.#latest;
  }

  /** The longest prefix that `state` equals and that loses nothing which had to survive. */
  match(state: State, death: Death = "power"): number | undefined {
    const found = digest(state);
    const required = death === "power" ? this.#required : this.#requiredByProcess;
    for (let prefix = this.#commits.length; prefix >= required; prefix--) {
      if (same(found, this.#digests[prefix])) return prefix;
    }
    return undefined;
  }

  /** A text for the state after the first `prefix` commits, equal for equal ones. */
  contentAfter(prefix: number): string {
    const { low, high, entries } = this.#digests[prefix]!;
    return `${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}-${entries}`;
  }

  /** The state after the first `prefix` commits. */
  stateAfter(prefix: number): State {
    const state = new Map(this.#base);
    for (const write of this.#commits.slice(0, prefix).flat()) {
      for (const name of namesOf(state, write)) {
        if (write.value === undefined) state.delete(name);
        else state.set(name, write.value);
      }
    }
    return state;
  }

  /** What to throw for a state that matches nothing. */
  mismatch(state: State): Error {
    const found = digest(state);
    const older = this.#digests.findLastIndex((one) => same(found, one));
    if (older < 0) return new Error(this.explain(state));
    return new LostError(
      `the state is that after ${older} commits, but ${this.#required} were acknowledged`,
    );
  }

  /** Says how `state`, which matches nothing, differs from the nearest prefixes. */
  explain(state: State): string {
    let best = "";
    let fewest = Infinity;
    for (let prefix = this.#commits.length; prefix >= this.#required; prefix--) {
      const differences = differ(this.stateAfter(prefix), state);
      if (differences.length >= fewest) continue;
      fewest = differences.length;
      best = `nearest is prefix ${prefix} of ${this.#required}..${this.#commits.length}: ` +
        differences.slice(0, 6).join("; ");
    }
    return `the state (${state.size} entries) is that after no prefix; ${best}`;
  }
}

function differ(wanted: State, found: State): string[] {
  const differences: string[] = [];
  for (const [name, value] of wanted) {
    const other = found.get(name);
    if (other === undefined) differences.push(`${name} is missing`);
    else if (hashValue(other).join() !== hashValue(value).join()) {
      differences.push(`${name} has another value`);
    }
  }
  for (const name of found.keys()) if (!wanted.has(name)) differences.push(`${name} is extra`);
  return differences;
}
