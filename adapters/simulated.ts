/**
 * A disk in memory that can lose power: the strictest reading of what a file system promises, far
 * stricter than real ones, and deterministic. The same seed and calls give the same trace on every
 * runtime.
 *
 * - `sync` makes a file's writes and size durable, never its name; `syncDirectory` makes names
 *   durable, never contents.
 * - At a power cut everything pending is decided apart and in any order: each sector of each write
 *   kept, dropped or torn inside; each size; each truncate; each name, where a rename needs its
 *   source to have become durable and is atomic.
 *
 * @module
 */

import { Prng } from "../src/base/prng.ts";
import { IoError } from "../src/errors.ts";
import type { IoAdapter } from "../src/io/adapter.ts";
import { LockTable } from "./shared/lock_table.ts";
import { SimulatedDirectory } from "./simulated/simulated_directory.ts";
import { type Fault, type FaultOperation, FaultPlan } from "./simulated/simulated_fault.ts";
import { Inode } from "./simulated/simulated_inode.ts";
import { type NamesHost, SimulatedNames, splitPath } from "./simulated/simulated_names.ts";
import {
  type CrashDecision,
  type CrashPolicy,
  describePolicy,
  enumeratePolicies,
  type EnumerationOptions,
  type Outcome,
} from "./simulated/simulated_policy.ts";

export type { Fault, FaultOperation, SyncFailure } from "./simulated/simulated_fault.ts";
export type {
  CrashDecision,
  CrashPolicy,
  EnumerationOptions,
  Outcome,
} from "./simulated/simulated_policy.ts";

/** How to build a simulated disk. */
export interface SimulatedDiskOptions {
  /** Seed of the entropy that the adapter supplies. Default 0. */
  readonly seed?: number | bigint;
  /**
   * "strict" (default): sectors are kept, dropped or torn. "hostile": random policies also fill
   * the written part of a sector with garbage. "no-psow" (no powersafe overwrite): the garbage
   * fills the whole sector, so that a write damages older bytes beside it.
   */
  readonly profile?: "strict" | "hostile" | "no-psow";
  /** The unit that is kept or dropped. Default 512. */
  readonly sectorBytes?: 512 | 4096;
  /** Bytes that files may take, in pages of 4 KiB; holes are free. Default: no limit. */
  readonly capacityBytes?: number;
  /**
   * Milliseconds of simulated time that a sync takes. When above 0 the adapter has the capability
   * `asyncSync`. Default 0.
   */
  readonly syncMilliseconds?: number;
}

/** One possible state after a power cut. */
export interface CrashImage {
  /** The outcomes that lead to it. */
  readonly policy: CrashPolicy;
  /** The disk, powered up again. */
  readonly disk: SimulatedDisk;
}

/** What every call meets from the moment of the power cut. */
class PowerCut extends IoError {}

const FIRST_MOMENT = 1_700_000_000_000;

const runtime = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** A simulated disk. See the module's text for its rules. */
export class SimulatedDisk {
  /** The adapter to hand to the code under test. */
  readonly io: IoAdapter;
  readonly #options: SimulatedDiskOptions;
  readonly #sectorBytes: number;
  readonly #faults = new FaultPlan();
  readonly #directories = new Map<string, SimulatedDirectory>();
  readonly #trace: string[] = [];
  #past: readonly (readonly string[])[] = [];
  #entropy: Prng;
  #capacity: number;
  #elapsed = 0;
  #operations = 0;
  #injected = 0;
  #inodes = 0;
  #cutAt = Infinity;
  #dark = false;

  /** An empty disk. */
  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options;
    this.#sectorBytes = options.sectorBytes ?? 512;
    this.#entropy = new Prng(options.seed ?? 0);
    this.#capacity = options.capacityBytes ?? Infinity;
    this.io = new SimulatedNames(this.#host(), (options.syncMilliseconds ?? 0) > 0);
  }

  /** Number of mutating calls so far: creating opens, writes, truncates, syncs, renames, ... */
  get operations(): number {
    return this.#operations;
  }

  /** The power is gone: every call on the adapter throws, only its clock and turns go on. */
  get isDark(): boolean {
    return this.#dark;
  }

  /** Cuts the power at mutating call number `operation`, from 0: it has no effect and throws. */
  cutAt(operation: number): void {
    this.#cutAt = operation;
  }

  /** Number of planned failures met so far. */
  get injected(): number {
    return this.#injected;
  }

  /** Plans a failure. */
  fail(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Number of calls of this kind so far, failed ones included. */
  calls(operation: FaultOperation): number {
    return this.#faults.calls(operation);
  }

  /** Forgets the planned failures. */
  heal(): void {
    this.#faults.clear();
  }

  /** Sets how many bytes files may take. */
  setCapacity(bytes: number): void {
    this.#capacity = bytes;
  }

  /** Lets `milliseconds` pass. */
  advance(milliseconds: number): void {
    this.#elapsed += milliseconds;
  }

  /** Inverts bit 0 to 7 of the byte at `offset`, on the medium and in what reads see. */
  flipBit(path: string, offset: number, bit: number): void {
    const inode = this.#inode(path);
    if (inode === undefined || offset >= inode.memory.size) {
      throw new RangeError(`no byte ${offset} in ${path}`);
    }
    inode.flip(offset, bit);
  }

  /** A copy of what reads of the file see, or `undefined` when there is no such file. */
  contents(path: string): Uint8Array | undefined {
    return this.#inode(path)?.memory.bytes();
  }

  /** Everything that a power cut now could decide either way. */
  decisions(): CrashDecision[] {
    const decisions: CrashDecision[] = [];
    for (const [path, directory] of this.#directories) decisions.push(...directory.decisions(path));
    for (const [inode, path] of this.#reachable()) {
      decisions.push(...inode.decisions(this.#sectorBytes, path));
    }
    return decisions;
  }

  /** The policies that `images` takes. */
  policies(options: EnumerationOptions = {}): CrashPolicy[] {
    return enumeratePolicies(
      this.decisions(),
      (this.#options.profile ?? "strict") !== "strict",
      options,
    );
  }

  /**
   * The disk as it would come up again if the power went now. Changes nothing here: may be called
   * many times, for different images of the same moment, also while the power is on.
   * @throws {RangeError} when the policy is for another list of decisions.
   */
  crash(policy: CrashPolicy | "everything kept" | "nothing kept"): SimulatedDisk {
    const all: Outcome = policy === "everything kept" ? "kept" : "dropped";
    const outcomes = typeof policy === "string" ? undefined : policy.outcomes;
    const label = typeof policy === "string" ? policy : policy.label;
    let index = 0;
    const source = {
      wholeSectors: this.#options.profile === "no-psow",
      next: (): Outcome => outcomes === undefined ? all : outcomes[index++] ?? "dropped",
      damage: new Prng(typeof policy === "string" ? 0 : policy.seed),
    };
    const image = this.#successor(`power cut: ${label}`);
    const names = new Map<string, Map<string, Inode>>();
    for (const [path, directory] of this.#directories) names.set(path, directory.crash(source));
    const contents = new Map<Inode, Inode>();
    for (const inode of this.#reachable().keys()) {
      contents.set(inode, new Inode(inode.id, inode.crash(this.#sectorBytes, source)));
    }
    if (outcomes !== undefined && index !== outcomes.length) {
      throw new RangeError(`the policy has ${outcomes.length} outcomes for ${index} decisions`);
    }
    for (const [path, entries] of names) {
      const kept = new Map<string, Inode>();
      for (const [name, inode] of entries) kept.set(name, contents.get(inode) ?? inode);
      image.#directories.set(path, new SimulatedDirectory(kept));
    }
    return image;
  }

  /**
   * The disk as the next process finds it when the present one dies and the system lives on: what
   * is pending stays pending and is seen, locks are free. Changes nothing here.
   */
  processDeath(): SimulatedDisk {
    const next = this.#successor("process death");
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? inode.clone();
      copies.set(inode, copy);
      return copy;
    };
    for (const [path, directory] of this.#directories) {
      next.#directories.set(path, directory.clone(copyOf));
    }
    return next;
  }

  /** Enumerates states that a power cut now may leave behind. */
  *images(options: EnumerationOptions = {}): Generator<CrashImage> {
    for (const policy of this.policies(options)) yield { policy, disk: this.crash(policy) };
  }

  /** The policy's outcomes as text lines. */
  describe(policy: CrashPolicy): string[] {
    return describePolicy(this.decisions(), policy);
  }

  /** All mutating calls as text lines, those before earlier power cuts included. */
  trace(): string[] {
    return [...this.#past.flat(), ...this.#trace];
  }

  #successor(why: string): SimulatedDisk {
    const next = new SimulatedDisk(this.#options);
    next.#entropy = this.#entropy.fork(why);
    next.#capacity = this.#capacity;
    next.#elapsed = this.#elapsed;
    next.#inodes = this.#inodes;
    next.#past = [...this.#past, this.#trace, [`-- ${why}`]];
    return next;
  }

  #host(): NamesHost {
    return {
      directories: this.#directories,
      locks: new LockTable(),
      random: (bytes): void => this.#entropy.fill(bytes),
      begin: (text): number => this.#begin(text),
      alive: (): void => this.#alive(),
      meet: (operation): Fault | undefined => this.#meet(operation),
      free: (): number => this.#capacity - this.#allocated(),
      elapse: (): void => this.advance(this.#options.syncMilliseconds ?? 0),
      turn: (callback): void => {
        if (runtime.setImmediate !== undefined) runtime.setImmediate(callback);
        else setTimeout(callback, 0);
      },
      nextInode: (): number => this.#inodes++,
      now: (): number => FIRST_MOMENT + this.#elapsed,
      monotonic: (): number => this.#elapsed,
    };
  }

  #begin(text: string): number {
    this.#alive();
    const operation = this.#operations++;
    if (operation >= this.#cutAt) {
      this.#trace.push(`#${operation} ${text}: power cut`);
      this.#dark = true;
      this.#alive();
    }
    this.#trace.push(`#${operation} ${text}`);
    return operation;
  }

  #alive(): void {
    if (this.#dark) throw new PowerCut("IO_FAILED", "the simulated power is gone");
  }

  #meet(operation: FaultOperation): Fault | undefined {
    const fault = this.#faults.meet(operation);
    if (fault === undefined) return undefined;
    this.#injected++;
    this.#trace.push(`   injected failure of ${operation}`);
    return fault;
  }

  #allocated(): number {
    if (this.#capacity === Infinity) return 0;
    let sum = 0;
    for (const directory of this.#directories.values()) {
      for (const inode of directory.names.values()) sum += inode.memory.allocated;
    }
    return sum;
  }

  #reachable(): Map<Inode, string> {
    const inodes = new Map<Inode, string>();
    for (const [path, directory] of this.#directories) {
      for (const [inode, name] of directory.reachable()) inodes.set(inode, path + name);
    }
    return inodes;
  }

  #inode(path: string): Inode | undefined {
    const at = splitPath(path);
    return this.#directories.get(at.directory)?.names.get(at.name);
  }
}
