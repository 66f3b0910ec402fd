/**
 * A simulated file without a name: what is durable, what programs see, and what is pending between.
 *
 * @module
 */

import type { Prng } from "../../src/base/prng.ts";
import type { PagedBytes } from "./simulated_bytes.ts";
import type { CrashDecision, Outcome } from "./simulated_policy.ts";

interface PendingWrite {
  readonly kind: "write";
  readonly operation: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Size before a write that grew the file, else -1: growth is a decision of its own. */
  readonly grewFrom: number;
}

interface PendingTruncate {
  readonly kind: "truncate";
  readonly operation: number;
  readonly size: number;
}

type PendingChange = PendingWrite | PendingTruncate;

/** Gives the outcomes of consecutive decisions, and where damaged ones are cut. */
export interface OutcomeSource {
  /** Garbage fills all of a sector, also the bytes beside the written range. */
  readonly wholeSectors: boolean;
  /** The outcome of the next decision. */
  next(): Outcome;
  /** Randomness for the decision just given. */
  readonly damage: Prng;
}

/**
 * Invariant: unless a sync failed in between, applying `pending` in order to `durable` gives
 * `memory`.
 */
export class Inode {
  /** Number on its disk, in order of creation. */
  readonly id: number;
  /** What reads see. */
  memory: PagedBytes;
  #durable: PagedBytes;
  #pending: PendingChange[] = [];
  /** Number of changes that are no longer pending. */
  #settled = 0;

  /** A file whose durable and visible content is `content`. */
  constructor(id: number, content: PagedBytes) {
    this.id = id;
    this.#durable = content;
    this.memory = content.clone();
  }

  /** The same file, with the same pending changes, independent from now on. */
  clone(): Inode {
    const copy = new Inode(this.id, this.#durable.clone());
    copy.memory = this.memory.clone();
    copy.#pending = this.#pending.slice();
    copy.#settled = this.#settled;
    return copy;
  }

  /** Number of changes made so far: what a sync that starts now will cover. */
  get issued(): number {
    return this.#settled + this.#pending.length;
  }

  /** Applies a write to what reads see, and remembers it as pending. */
  write(operation: number, bytes: Uint8Array, offset: number): void {
    const size = this.memory.size;
    const grewFrom = offset + bytes.length > size ? size : -1;
    this.#pending.push({ kind: "write", operation, offset, bytes: bytes.slice(), grewFrom });
    this.memory.write(bytes, offset);
  }

  /** Applies a new size to what reads see, and remembers it as pending. */
  truncate(operation: number, size: number): void {
    this.#pending.push({ kind: "truncate", operation, size });
    this.memory.truncate(size);
  }

  /** Makes the changes durable that were made when `issued` was `mark`. */
  sync(mark: number): void {
    const count = Math.max(0, mark - this.#settled);
    this.#settled += count;
    for (const change of this.#pending.splice(0, count)) {
      if (change.kind === "write") this.#durable.write(change.bytes, change.offset);
      else this.#durable.truncate(change.size);
    }
  }

  /** Forgets that anything is pending; reads still see it, the medium never gets it. */
  loseDirty(): void {
    this.#settled += this.#pending.length;
    this.#pending = [];
  }

  /** Forgets what is pending, also from the view of reads. */
  revert(): void {
    this.loseDirty();
    this.memory = this.#durable.clone();
  }

  /** Inverts one bit on the medium and in what reads see. */
  flip(offset: number, bit: number): void {
    if (offset < this.memory.size) this.memory.flip(offset, bit);
    if (offset < this.#durable.size) this.#durable.flip(offset, bit);
  }

  /** Lists the pending decisions, in the order in which `crash` asks for them. */
  decisions(sectorBytes: number, name: string): CrashDecision[] {
    const decisions: CrashDecision[] = [];
    for (const change of this.#pending) {
      const { operation } = change;
      if (change.kind === "truncate") {
        const label = `#${operation} ${name} truncate ${change.size}`;
        decisions.push({ operation, kind: "truncate", label });
        continue;
      }
      const end = change.offset + change.bytes.length;
      for (let at = change.offset; at < end; at = sectorEnd(at, sectorBytes)) {
        const label = `#${operation} ${name} sector at ${at - (at % sectorBytes)}`;
        decisions.push({ operation, kind: "sector", label });
      }
      if (change.grewFrom >= 0) {
        const label = `#${operation} ${name} size ${change.grewFrom} -> ${end}`;
        decisions.push({ operation, kind: "size", label });
      }
    }
    return decisions;
  }

  /**
   * The content after a power cut. Sectors and sizes are decided apart: a size without its data
   * reads as zeros, data without its size is lost.
   */
  crash(sectorBytes: number, source: OutcomeSource): PagedBytes {
    const content = this.#durable.clone();
    let size = content.size;
    for (const change of this.#pending) {
      if (change.kind === "truncate") {
        if (source.next() === "dropped") continue;
        if (change.size < content.size) content.truncate(change.size);
        size = change.size;
        continue;
      }
      const end = change.offset + change.bytes.length;
      for (let at = change.offset; at < end; at = sectorEnd(at, sectorBytes)) {
        const stop = Math.min(end, sectorEnd(at, sectorBytes));
        const bytes = change.bytes.subarray(at - change.offset, stop - change.offset);
        writeSector(content, bytes, at, sectorBytes, source);
      }
      if (change.grewFrom >= 0) {
        const outcome = source.next();
        if (outcome === "kept" || outcome === "garbage") size = Math.max(size, end);
        else if (outcome === "torn") {
          const part = change.grewFrom + source.damage.below(end - change.grewFrom);
          size = Math.max(size, part - (part % sectorBytes));
        }
      }
    }
    content.truncate(size);
    return content;
  }
}

function sectorEnd(at: number, sectorBytes: number): number {
  return at - (at % sectorBytes) + sectorBytes;
}

function writeSector(
  content: PagedBytes,
  bytes: Uint8Array,
  offset: number,
  sectorBytes: number,
  source: OutcomeSource,
): void {
  const outcome = source.next();
  if (outcome === "kept") content.write(bytes, offset);
  else if (outcome === "garbage") {
    const garbage = new Uint8Array(source.wholeSectors ? sectorBytes : bytes.length);
    source.damage.fill(garbage);
    content.write(garbage, source.wholeSectors ? offset - (offset % sectorBytes) : offset);
  } else if (outcome === "torn") {
    const cut = source.damage.below(bytes.length + 1);
    if (source.damage.below(2) === 0) content.write(bytes.subarray(0, cut), offset);
    else content.write(bytes.subarray(cut), offset + cut);
  }
}
