/**
 * The changes of the newest commits, kept in memory so that a watch can begin in the past. Gone
 * with the handle.
 *
 * What is kept are copies, not write sets: a large value may leave the file with the next commit.
 * Trees are known by number, and structures by name may come and go, so each commit says where the
 * structures were that it created, dropped or gave another definition.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { catalogCodec, type CatalogEntry, catalogName } from "../catalog/catalog.ts";
import type { Change } from "./change.ts";
import { changesOf } from "./committed_changes.ts";
import type { Engine } from "../engine.ts";
import { referenceLength } from "../page/overflow.ts";
import { CATALOG_TREE, FIRST_TREE } from "../tree/state.ts";
import { readStructures } from "../catalog/structure_stats.ts";
import { PUT_REFERENCE, type WriteSet } from "../commit/write_set.ts";

/** What a commit did to a name in the catalog. */
export interface NameChange {
  /** The tree that had the name before it, -1 for none. */
  readonly former: number;
  /** What has the name since, `undefined` for nothing. */
  readonly entry: CatalogEntry | undefined;
}

/** A commit that is kept. Its bytes are shared: who gives them away copies them. */
export interface RetainedCommit {
  /** Its number. */
  readonly sequence: number;
  /** Its changes by tree, in the order of the keys. */
  readonly trees: ReadonlyMap<number, readonly Change[]>;
  /** What it did to names. */
  readonly names: ReadonlyMap<string, NameChange>;
  /** What it counts for. */
  readonly bytes: number;
}

/** What a change counts for beside its key and value, about what it takes. */
const CHANGE_BYTES = 128;

/** What a commit counts for beside its changes. */
const COMMIT_BYTES = 256;

/** Keeps commits up to a number of bytes, the newest ones. */
export class RetainedChanges {
  /** Number of the newest commit that plain reads see. */
  newest = 0;
  readonly #engine: Engine;
  readonly #commits: RetainedCommit[] = [];
  /** Of these, so many at the front are let go. */
  #gone = 0;
  /** Trees by name, as of the newest commit. */
  readonly #names = new Map<string, number>();
  /** All changes after this commit are here. */
  #floor = 0;
  #bytes = 0;
  /** Why the newest of what is not here is not, when it was damage. */
  #cause: unknown;

  /** Keeps nothing yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Begins behind the commit that opening has found last. */
  begin(sequence: number): void {
    this.newest = this.#floor = sequence;
    const { states, options } = this.#engine;
    if (options.retainChangeBytes === 0) return;
    for (const { name, number } of readStructures(this.#engine, states.working)) {
      this.#names.set(name, number);
    }
  }

  /** Takes a commit that plain reads see now. Never throws. */
  take(set: WriteSet): void {
    this.newest = set.sequence;
    const limit = this.#engine.options.retainChangeBytes;
    if (limit === 0) {
      this.#floor = set.sequence;
      return;
    }
    const bytes = COMMIT_BYTES + bytesOf(set);
    try {
      const names = this.#namesOf(set);
      if (bytes > limit) return this.#clear(set.sequence);
      this.#commits.push({ sequence: set.sequence, trees: this.#treesOf(set), names, bytes });
    } catch (error) {
      // The commit is done, whether or not its values can be read back.
      this.#clear(set.sequence, error);
      return;
    }
    this.#bytes += bytes;
    while (this.#bytes > limit) {
      const oldest = this.#commits[this.#gone++]!;
      this.#bytes -= oldest.bytes;
      this.#floor = oldest.sequence;
    }
    // What was let go is still referred to: at most as much again as is kept.
    if (this.#gone * 2 > this.#commits.length) {
      this.#commits.splice(0, this.#gone);
      this.#gone = 0;
    }
  }

  /**
   * The commits after `sequence`, oldest first.
   * @throws {RangeError} unless it is a whole number from 0 on
   * @throws {StateError} `LAGGED`: they are not all here
   */
  after(sequence: number): readonly RetainedCommit[] {
    if (!Number.isSafeInteger(sequence) || sequence < 0) {
      throw new RangeError("The option from of a watch is the number of a commit");
    }
    if (sequence < this.#floor || sequence > this.newest) {
      const message = `Cannot watch from commit ${sequence}: this handle knows what followed ` +
        `commits ${this.#floor} to ${this.newest}; read the structure, then watch again`;
      throw new StateError("LAGGED", message, { cause: this.#cause });
    }
    return this.#commits.slice(this.#gone).filter((commit) => commit.sequence > sequence);
  }

  #clear(floor: number, cause?: unknown): void {
    this.#commits.length = this.#gone = this.#bytes = 0;
    this.#floor = floor;
    this.#cause = cause;
  }

  #treesOf(set: WriteSet): Map<number, Change[]> {
    const trees = new Map<number, Change[]>();
    for (let op = 0; op < set.count; op++) {
      const tree = set.tree(op);
      if (tree < FIRST_TREE || trees.has(tree)) continue;
      trees.set(tree, [...changesOf(set, tree, {}, this.#engine.overflow)]);
    }
    return trees;
  }

  #namesOf(set: WriteSet): Map<string, NameChange> {
    const names = new Map<string, NameChange>();
    // The log has entries of the catalog as they are (limits.ts): none is a reference.
    for (const change of changesOf(set, CATALOG_TREE, {}, this.#engine.overflow)) {
      const { key, value } = change;
      const name = catalogName(key, 0, key.length);
      const entry = value && catalogCodec.decode(value, 0, value.length);
      names.set(name, { former: this.#names.get(name) ?? -1, entry });
      if (entry === undefined) this.#names.delete(name);
      else this.#names.set(name, entry.tree);
    }
    return names;
  }
}

/** What the changes of structures count for: at least the bytes of all copies. */
function bytesOf(set: WriteSet): number {
  let bytes = 0;
  for (let op = 0; op < set.count; op++) {
    if (set.tree(op) < FIRST_TREE) continue;
    const value = set.kind(op) === PUT_REFERENCE
      ? referenceLength(set.out.bytes, set.valueAt(op))
      : set.valueLength(op);
    bytes += CHANGE_BYTES + set.keyLength(op) + value;
  }
  return bytes;
}
