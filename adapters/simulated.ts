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
 * To test a program of your own: give it `disk.io` as its adapter, cut the power before each of its
 * operations (`cutAt`), and look at every state that this may leave (`images`). Then make calls fail
 * (`fail`) and damage what is at rest (`flipBit`, `zeroSector`, `swapSectors`, `overwrite`,
 * `cutFile`). `profile` chooses how nasty power cuts are.
 *
 * @example Every state after a power cut
 * ```ts
 * import { codec, Database, index } from "@holdfast/holdfast";
 * import { SimulatedDisk } from "@holdfast/holdfast/adapters/simulated";
 *
 * const words = index("words", { key: codec.string, value: codec.u32 });
 * const disk = new SimulatedDisk({ seed: 1, profile: "hostile" });
 * const db = await Database.open("/words.hold", { io: disk.io });
 * await db.update((tx) => tx.open(words).put("acknowledged", 1));
 *
 * disk.cutAt(disk.operations + 1); // one more operation, then the power goes
 * await db.update((tx) => tx.open(words).put("on its way", 2)).catch(() => {});
 * for (const { disk: image, policy } of disk.images()) {
 *   const after = await Database.open("/words.hold", { io: image.io });
 *   const found = [...after.open(words).keys()].join(", ");
 *   if (!/^acknowledged(, on its way)?$/.test(found)) throw new Error(`${policy.label}: ${found}`);
 *   await after.close();
 * }
 * ```
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
import type { SimulatedDiskOptions } from "./simulated/simulated_options.ts";
import { type ProfileRules, rulesOf } from "./simulated/simulated_profile.ts";
import { SimulatedVolume } from "./simulated/simulated_volume.ts";

export type {
  Errno,
  Fault,
  FaultKind,
  FaultOperation,
  SyncFailure,
} from "./simulated/simulated_fault.ts";
export type { SimulatedDiskOptions } from "./simulated/simulated_options.ts";
export type { SimulatedProfile } from "./simulated/simulated_profile.ts";
export type {
  CrashDecision,
  CrashPolicy,
  EnumerationOptions,
  Outcome,
} from "./simulated/simulated_policy.ts";

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

/**
 * A simulated disk. See the module's text for its rules. It has no wall clock and no hidden state:
 * one that does the same calls with the same options has the same decisions, images and trace.
 *
 * Not shared between threads. Every folder exists; there are no links. Its time stands still but for
 * `advance`, `syncMilliseconds` and `writeMilliseconds`; only turns of the event loop are the real ones.
 *
 * @example A sync that fails
 * ```ts
 * import { SimulatedDisk } from "@holdfast/holdfast/adapters/simulated";
 *
 * const disk = new SimulatedDisk();
 * const file = await disk.io.open("/notes", "create");
 * await disk.io.syncDirectory("/notes");
 * disk.fail({ operation: "sync", error: "EIO", mode: "F2" });
 * file.writeAt(new TextEncoder().encode("hello"), 0);
 * try {
 *   file.sync();
 * } catch (error) {
 *   console.log((error as { code?: string }).code); // IO_FAILED
 * }
 * file.sync(); // succeeds, and yet:
 * console.log(disk.contents("/notes")?.length, disk.crash("nothing kept").contents("/notes")?.length);
 * // 5 0
 * ```
 */
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

  /**
   * Cuts the power at mutating call number `operation`, from 0: it has no effect and throws, and so
   * does every later call. What was written up to then is what `images` decides about.
   */
  cutAt(operation: number): void {
    this.#cutAt = operation;
  }

  /** Number of planned failures met so far. */
  get injected(): number {
    return this.#injected;
  }

  /**
   * Plans a failure. Several may be planned; a call that meets more than one has the first. They are
   * of this disk alone: an image or the next process starts without any.
   */
  fail(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Number of calls of this kind so far, failed ones included. */
  calls(operation: FaultOperation): number {
    return this.#faults.calls(operation);
  }

  /** Forgets the planned failures; the error that an "F4" owes still comes. */
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

  /**
   * Enumerates states that a power cut now may leave behind: nothing and everything kept, all
   * subsets where they are few, else a sample that has single decisions flipped, whole operations
   * and random damage. Each image is independent of the others and of this disk.
   */
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
      elapse: (call): void => {
        const { syncMilliseconds = 0, writeMilliseconds = 0 } = this.#options;
        this.advance(call === "sync" ? syncMilliseconds : writeMilliseconds);
      },
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
    if (fault.cutAfter !== undefined) {
      this.#cutAt = Math.min(this.#cutAt, this.#operations + fault.cutAfter);
    }
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
