/**
 * Values that the end of a log names by reference, when a store is opened. The last owner's sync may
 * have failed, or never have begun: the system's cache may hold their runs and the medium not. And
 * they may be all that there is of what was acknowledged, so that nothing may be written over them.
 *
 * So each gets a copy in a run of its own, and its record names that one from here on. Crash
 * argument: the copies are durable before the superblock that reaches them; until then the log and
 * the runs that it names are as they were. Those are freed as pending.
 *
 * Where there is no space for copies the values are written once more where they are. What a power
 * cut leaves of that is what was there before, except on a disk that leaves garbage.
 *
 * @module
 */

import { isHoldfastError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { PAGE_BYTES } from "../limits.ts";
import { referenceLength, referencePage, runPages } from "../page/overflow.ts";
import { setU32At } from "../page/page.ts";
import { IN_DOUBT_TREE } from "../tree/state.ts";
import { encodePrepared } from "../two_phase/prepared_set.ts";
import { referencesIn } from "../two_phase/prepared_sets.ts";
import { PUT, PUT_REFERENCE, type WriteSet } from "./write_set.ts";

/**
 * Renews the runs that the records behind the last known sync name. Called before any record is
 * applied, when all runs of the log are marked as used and what the image has in doubt is known.
 * @param settled how many of the records a later one says to be durable
 */
export function renewRuns(engine: Engine, sets: readonly WriteSet[], settled: number): void {
  const doubtful = new DoubtfulRuns(engine, sets.slice(0, settled));
  for (const set of sets.slice(settled)) doubtful.add(set);
  doubtful.renew();
}

/**
 * Leaves the runs of a record of a batch that was refused as torn alone until what is recovered is
 * durable: a copy of equal bytes that came to lie there would make the batch whole, and an opening
 * after a crash in this one would accept it. What the file does not reach cannot be left.
 */
export function leaveRuns(engine: Engine, set: WriteSet): void {
  const { space, pager } = engine;
  for (const one of [set, set.prepared]) {
    if (one === undefined) continue;
    for (const op of referencesIn(one)) {
      const first = pageOf({ set: one, op });
      const end = first + runPages(lengthOf({ set: one, op }));
      const reached = Math.min(end, Math.floor(engine.file.size() / PAGE_BYTES));
      if (reached > space.pageCount) space.extendTo(reached);
      for (let page = first; page < reached; page++) {
        if (space.isUsed(page)) continue;
        space.markRun(page, 1);
        space.freed.wait(page, 1, 0, pager.epoch, pager.generation);
      }
    }
  }
}

/** A reference: where it is, and whether it is to what a record prepares. */
interface Reference {
  readonly set: WriteSet;
  readonly op: number;
}

class DoubtfulRuns {
  readonly #engine: Engine;
  /** Runs that are durable, by their first page. */
  readonly #settled = new Set<number>();
  /** Values, in runs by their first page: a decision names what was prepared. */
  readonly #values = new Map<number, Reference[]>();
  /** Records that prepare, and what. */
  readonly #preparing: (readonly [record: WriteSet, prepared: WriteSet])[] = [];
  /** The runs of what is prepared are written anew, not copied. */
  readonly #kept: Reference[] = [];

  constructor(engine: Engine, settled: readonly WriteSet[]) {
    this.#engine = engine;
    for (const page of engine.prepared.runs.keys()) this.#settled.add(page);
    for (const set of settled) {
      for (const one of [set, set.prepared]) {
        if (one === undefined) continue;
        for (const op of referencesIn(one)) this.#settled.add(pageOf({ set: one, op }));
      }
    }
  }

  add(set: WriteSet): void {
    const { prepared } = set;
    if (prepared !== undefined) {
      this.#preparing.push([set, prepared]);
      for (const op of referencesIn(prepared)) this.#addValue({ set: prepared, op });
    }
    for (const op of referencesIn(set)) {
      if (set.tree(op) === IN_DOUBT_TREE) this.#kept.push({ set, op });
      else this.#addValue({ set, op });
    }
  }

  renew(): void {
    const all = [...this.#kept, ...Array.from(this.#values.values(), ([first]) => first!)];
    let pages = 0;
    for (const reference of all) pages += runPages(lengthOf(reference));
    if (pages === 0) return;
    if (!this.#makeRoom(pages)) return this.#writeAgain(all);
    for (const references of this.#values.values()) {
      const page = this.#copy(references[0]!);
      for (const { set, op } of references) setU32At(set.out.bytes, set.valueAt(op), page);
    }
    for (const [record, prepared] of this.#preparing) this.#keep(record, prepared);
  }

  #addValue(reference: Reference): void {
    const page = pageOf(reference);
    if (this.#settled.has(page)) return;
    const references = this.#values.get(page);
    if (references === undefined) this.#values.set(page, [reference]);
    else references.push(reference);
  }

  /** Beside what is free: replaying and the checkpoint behind it may need all of that. */
  #makeRoom(pages: number): boolean {
    const { space } = this.#engine;
    try {
      space.ensure(space.freeCount + pages);
      return true;
    } catch (error) {
      if (isHoldfastError(error) && error.code === "NO_SPACE") return false;
      throw error;
    }
  }

  #writeAgain(all: readonly Reference[]): void {
    const { file, overflow } = this.#engine;
    for (const reference of all) {
      const { set, op } = reference;
      const value = overflow.read(set.out.bytes, set.valueAt(op));
      file.writeAt(value, pageOf(reference) * PAGE_BYTES);
    }
  }

  /** @returns the first page of the copy */
  #copy({ set, op }: Reference): number {
    const { overflow } = this.#engine;
    const at = set.valueAt(op);
    const value = overflow.read(set.out.bytes, at);
    const page = referencePage(overflow.write(value, 0, value.length), 0);
    overflow.free(set.out.bytes, at);
    return page;
  }

  /** A record has what it prepares in two forms: both name the copies. */
  #keep(record: WriteSet, prepared: WriteSet): void {
    const { overflow } = this.#engine;
    const { bytes } = record.out;
    const kept = encodePrepared(prepared).toBytes();
    for (let op = 0; op < record.count; op++) {
      if (record.tree(op) !== IN_DOUBT_TREE) continue;
      const at = record.valueAt(op);
      if (record.kind(op) === PUT) bytes.set(kept, at);
      if (record.kind(op) !== PUT_REFERENCE) continue;
      const reference = overflow.write(kept, 0, kept.length);
      overflow.free(bytes, at);
      bytes.set(reference, at);
    }
  }
}

function pageOf({ set, op }: Reference): number {
  return referencePage(set.out.bytes, set.valueAt(op));
}

function lengthOf({ set, op }: Reference): number {
  return referenceLength(set.out.bytes, set.valueAt(op));
}
