/**
 * A simulated file without a name: what is durable, what programs see, and what is pending between.
 *
 * @module
 */

import { type OutcomeSource, sectorEnd, writeSectors } from "./sector_write.ts";
import type { SectorHistory } from "./sector_history.ts";
import type { PagedBytes } from "./simulated_bytes.ts";
import { PendingDecision } from "./simulated_decision.ts";
import type { Fault } from "./simulated_fault.ts";
import type { CrashDecision } from "./simulated_policy.ts";
import type { Syncable } from "./simulated_sync.ts";

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

/**
 * Invariant: unless a sync failed in between, applying `pending` in order to `durable` gives
 * `memory`.
 */
export class Inode implements Syncable {
  /** Number on its disk, in order of creation. */
  readonly id: number;
  /** What reads see. */
  memory: PagedBytes;
  owed: Fault | undefined;
  readonly #history: SectorHistory | undefined;
  #durable: PagedBytes;
  #pending: PendingChange[] = [];
  /** Number of changes that are no longer pending. */
  #settled = 0;

  /** A file whose durable and visible content is `content`. */
  constructor(id: number, content: PagedBytes, history: SectorHistory | undefined) {
    this.id = id;
    this.#durable = content;
    this.memory = content.clone();
    this.#history = history;
  }

  /** The same file, with the same pending changes, independent from now on. */
  clone(): Inode {
    const copy = new Inode(this.id, this.#durable.clone(), this.#history?.clone());
    copy.memory = this.memory.clone();
    copy.owed = this.owed;
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
    const copy = bytes.slice();
    this.#pending.push({ kind: "write", operation, offset, bytes: copy, grewFrom });
    this.memory.write(copy, offset);
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
      if (change.kind === "write") {
        const end = change.offset + change.bytes.length;
        this.#history?.keep(this.#durable, change.offset, end);
        this.#durable.write(change.bytes, change.offset);
      } else {
        this.#history?.keep(this.#durable, change.size, this.#durable.size);
        this.#durable.truncate(change.size);
      }
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

  /** Replaces bytes on the medium and in what reads see, as far as the file reaches. */
  overwrite(offset: number, bytes: Uint8Array): void {
    const copy = bytes.slice();
    for (const content of [this.memory, this.#durable]) {
      content.write(copy.subarray(0, Math.max(0, content.size - offset)), offset);
    }
  }

  /** Cuts off what is beyond `size`, on the medium and in what reads see. */
  cut(size: number): void {
    for (const content of [this.memory, this.#durable]) {
      if (size < content.size) content.truncate(size);
    }
  }

  /** Adds the pending decisions, in the order in which `crash` asks for them. */
  addDecisions(decisions: CrashDecision[], sectorBytes: number, name: string): void {
    for (const change of this.#pending) {
      const { operation } = change;
      if (change.kind === "truncate") {
        decisions.push(new PendingDecision(operation, "truncate", name, change.size));
        continue;
      }
      const end = change.offset + change.bytes.length;
      for (let at = change.offset; at < end; at = sectorEnd(at, sectorBytes)) {
        const sector = at - (at % sectorBytes);
        decisions.push(new PendingDecision(operation, "sector", name, sector));
      }
      if (change.grewFrom >= 0) {
        decisions.push(new PendingDecision(operation, "size", name, change.grewFrom, end));
      }
    }
  }

  /**
   * The file after a power cut. Sectors and sizes are decided apart: a size without its data reads
   * as zeros, data without its size is lost.
   */
  crash(sectorBytes: number, source: OutcomeSource): Inode {
    const content = this.#durable.clone();
    let size = content.size;
    for (const change of this.#pending) {
      if (change.kind === "truncate") {
        if (source.next() === "dropped") continue;
        if (change.size < content.size) content.truncate(change.size);
        size = change.size;
        continue;
      }
      const { bytes, offset, grewFrom } = change;
      writeSectors(content, bytes, offset, sectorBytes, source, this.#history);
      if (grewFrom >= 0) {
        const end = offset + bytes.length;
        const outcome = source.next();
        if (outcome === "torn") {
          const part = grewFrom + source.damage.below(end - grewFrom);
          size = Math.max(size, part - (part % sectorBytes));
        } else if (outcome !== "dropped") size = Math.max(size, end);
      }
    }
    if (size !== content.size) content.truncate(size);
    return new Inode(this.id, content, this.#history?.clone());
  }
}
