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
import type { OutcomeSource } from "./simulated/sector_write.ts";
import type { SimulatedDirectory } from "./simulated/simulated_directory.ts";
import type { Fault, FaultOperation } from "./simulated/simulated_fault.ts";
import { FaultPlan } from "./simulated/simulated_fault_plan.ts";
import type { Inode } from "./simulated/simulated_inode.ts";
import { type NamesHost, SimulatedNames } from "./simulated/simulated_names.ts";
import {
  type CrashDecision,
  type CrashPolicy,
  describePolicy,
  enumeratePolicies,
  type EnumerationOptions,
  type Outcome,
} from "./simulated/simulated_policy.ts";
import {
  type ProfileRules,
  rulesOf,
  type SimulatedProfile,
} from "./simulated/simulated_profile.ts";
import { SimulatedVolume } from "./simulated/simulated_volume.ts";

export type {
  Errno,
  Fault,
  FaultKind,
  FaultOperation,
  SyncFailure,
} from "./simulated/simulated_fault.ts";
export type { SimulatedProfile } from "./simulated/simulated_profile.ts";
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
  /** What a power cut may do to writes that were on their way. Default "sector512". */
  readonly profile?: SimulatedProfile;
  /**
   * The unit that is kept or dropped: for "hostile", "no-psow", "prefix" and "stale"; the other two
   * have it in their names. Default 512.
   */
  readonly sectorBytes?: 512 | 4096;
  /** Bytes that files may take, in pages of 4 KiB; holes are free. Default: no limit. */
  readonly capacityBytes?: number;
  /**
   * Milliseconds of simulated time that a sync takes. When above 0 the adapter has the capability
   * `asyncSync`. Default 0.
   */
  readonly syncMilliseconds?: number;
  /**
   * The checksums that the adapter supplies, for example native ones, which are faster. Default:
   * none, so that Holdfast takes its own.
   */
  readonly checksums?: Pick<IoAdapter, "crc32" | "digest">;
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
  readonly #rules: ProfileRules;
  readonly #faults = new FaultPlan();
  readonly #trace: string[] = [];
  #volume: SimulatedVolume;
  #past: readonly (readonly string[])[] = [];
  #entropy: Prng;
  /** Where damage goes that a fault leaves open. */
  #damage: Prng | undefined;
  #capacity: number;
  #elapsed = 0;
  #operations = 0;
  #injected = 0;
  #cutAt = Infinity;
  #dark = false;

  /**
   * An empty disk.
   * @throws {TypeError} for an unknown profile.
   * @throws {RangeError} for sectors of another size than the profile's.
   */
  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options;
    this.#rules = rulesOf(options.profile, options.sectorBytes);
    this.#volume = new SimulatedVolume(this.#rules);
    this.#entropy = new Prng(options.seed ?? 0);
    this.#capacity = options.capacityBytes ?? Infinity;
    const asyncSync = (options.syncMilliseconds ?? 0) > 0;
    this.io = new SimulatedNames(this.#host(), asyncSync, options.checksums);
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

  /**
   * Inverts bit 0 to 7 of the byte at `offset`, on the medium and in what reads see.
   * @throws {RangeError} when there is no such byte.
   */
  flipBit(path: string, offset: number, bit: number): void {
    this.#stored(path, offset, 1).flip(offset, bit);
  }

  /**
   * Replaces bytes of a file, on the medium and in what reads see, also of one that is open: those
   * of an older `contents` make sectors stale, others anything.
   * @throws {RangeError} when the file does not reach as far.
   */
  overwrite(path: string, offset: number, bytes: Uint8Array): void {
    this.#stored(path, offset, bytes.length).overwrite(offset, bytes);
  }

  /**
   * Fills sector number `sector` with zeros, on the medium and in what reads see.
   * @throws {RangeError} when there is no such sector.
   */
  zeroSector(path: string, sector: number): void {
    const { sectorBytes } = this.#rules;
    this.#stored(path, sector * sectorBytes, 1)
      .overwrite(sector * sectorBytes, new Uint8Array(sectorBytes));
  }

  /**
   * Gives two sectors each other's bytes, as far as the file reaches, on the medium and in what
   * reads see.
   * @throws {RangeError} when there is no such sector.
   */
  swapSectors(path: string, one: number, other: number): void {
    const { sectorBytes } = this.#rules;
    const [first, second] = [one * sectorBytes, other * sectorBytes];
    const inode = this.#stored(path, Math.min(first, second), 1);
    this.#stored(path, Math.max(first, second), 1);
    const bytes = inode.memory.bytes(first, first + sectorBytes);
    inode.overwrite(first, inode.memory.bytes(second, second + sectorBytes));
    inode.overwrite(second, bytes);
  }

  /**
   * Cuts a file off at `size`, on the medium and in what reads see.
   * @throws {RangeError} when it is no longer than that.
   */
  cutFile(path: string, size: number): void {
    this.#stored(path, size, 1).cut(size);
  }

  /** A copy of what reads of the file see, or `undefined` when there is no such file. */
  contents(path: string): Uint8Array | undefined {
    return this.#volume.find(path)?.memory.bytes();
  }

  /** Everything that a power cut now could decide either way. */
  decisions(): CrashDecision[] {
    return this.#volume.decisions();
  }

  /** The policies that `images` takes. */
  policies(options: EnumerationOptions = {}): CrashPolicy[] {
    return enumeratePolicies(this.decisions(), this.#rules, options);
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
    const source: OutcomeSource = {
      wholeSectors: this.#rules.wholeSectors,
      next: (): Outcome => outcomes === undefined ? all : outcomes[index++] ?? "dropped",
      damage: new Prng(typeof policy === "string" ? 0 : policy.seed),
    };
    const image = this.#successor(`power cut: ${label}`);
    image.#volume = this.#volume.crash(source);
    if (outcomes !== undefined && index !== outcomes.length) {
      throw new RangeError(`the policy has ${outcomes.length} outcomes for ${index} decisions`);
    }
    return image;
  }

  /**
   * The disk as the next process finds it when the present one dies and the system lives on: what
   * is pending stays pending and is seen, locks are free. Changes nothing here.
   */
  processDeath(): SimulatedDisk {
    const next = this.#successor("process death");
    next.#volume = this.#volume.clone();
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
    next.#past = [...this.#past, this.#trace, [`-- ${why}`]];
    return next;
  }

  #host(): NamesHost {
    return {
      directory: (path): SimulatedDirectory => this.#volume.directory(path),
      locks: new LockTable(),
      random: (bytes): void => this.#entropy.fill(bytes),
      begin: (text): number => this.#begin(text),
      alive: (): void => this.#alive(),
      meet: (operation, path): Fault | undefined => this.#meet(operation, path),
      draw: (limit): number => this.#draw(limit),
      find: (path): Inode | undefined => this.#volume.find(path),
      free: (): number => this.#free(),
      elapse: (): void => this.advance(this.#options.syncMilliseconds ?? 0),
      turn: (callback): void => {
        if (runtime.setImmediate !== undefined) runtime.setImmediate(callback);
        else setTimeout(callback, 0);
      },
      newFile: (directory): Inode => this.#volume.newFile(directory),
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

  #meet(operation: FaultOperation, path: string): Fault | undefined {
    const fault = this.#faults.meet(operation, path);
    if (fault === undefined) return undefined;
    this.#injected++;
    this.#trace.push(`   injected ${fault.kind ?? "failure"} of ${operation}`);
    return fault;
  }

  #draw(limit: number): number {
    this.#damage ??= this.#entropy.fork("damage");
    return this.#damage.below(limit);
  }

  #free(): number {
    return this.#capacity === Infinity ? Infinity : this.#capacity - this.#volume.allocated;
  }

  /** The file, which has `length` bytes at `offset`. */
  #stored(path: string, offset: number, length: number): Inode {
    const inode = this.#volume.find(path);
    if (inode !== undefined && offset >= 0 && offset + length <= inode.memory.size) return inode;
    throw new RangeError(`no ${length} bytes at ${offset} in ${path}`);
  }
}
