/**
 * The names of a simulated folder: what is durable, what programs see, and what is pending between.
 *
 * @module
 */

import type { OutcomeSource } from "./sector_write.ts";
import type { PagedBytes } from "./simulated_bytes.ts";
import { PendingDecision } from "./simulated_decision.ts";
import type { Fault } from "./simulated_fault.ts";
import type { Inode } from "./simulated_inode.ts";
import type { CrashDecision, Outcome } from "./simulated_policy.ts";
import type { Syncable } from "./simulated_sync.ts";

interface PendingName {
  readonly kind: "create" | "rename" | "remove";
  readonly operation: number;
  readonly name: string;
  /** The new name, of a rename. */
  readonly target: string;
  readonly inode: Inode;
}

/** The names of one folder. */
export class SimulatedDirectory implements Syncable {
  /** The names that programs see. */
  readonly names: Map<string, Inode>;
  owed: Fault | undefined;
  /** What the file had that was last removed or replaced: the next new one gets its blocks. */
  freed: PagedBytes | undefined;
  #durable: Map<string, Inode>;
  #pending: PendingName[] = [];
  /** Number of changes that are no longer pending. */
  #settled = 0;

  /** A folder whose durable and visible names are `names`. */
  constructor(names: ReadonlyMap<string, Inode> = new Map()) {
    this.names = new Map(names);
    this.#durable = new Map(names);
  }

  /** The same folder with the same pending changes, of the files that `copies` gives. */
  clone(copies: (inode: Inode) => Inode): SimulatedDirectory {
    const copy = new SimulatedDirectory();
    copy.owed = this.owed;
    copy.freed = this.freed;
    for (const [name, inode] of this.names) copy.names.set(name, copies(inode));
    for (const [name, inode] of this.#durable) copy.#durable.set(name, copies(inode));
    copy.#settled = this.#settled;
    copy.#pending = this.#pending.map((one) => ({ ...one, inode: copies(one.inode) }));
    return copy;
  }

  /** Adds the name of a new file. */
  create(operation: number, name: string, inode: Inode): void {
    this.names.set(name, inode);
    this.#pending.push({ kind: "create", operation, name, target: name, inode });
  }

  /** Moves a name over another, at once. */
  rename(operation: number, name: string, target: string, inode: Inode): void {
    this.names.delete(name);
    this.freed = this.names.get(target)?.memory.clone() ?? this.freed;
    this.names.set(target, inode);
    this.#pending.push({ kind: "rename", operation, name, target, inode });
  }

  /** Takes a name away. */
  remove(operation: number, name: string, inode: Inode): void {
    this.names.delete(name);
    this.freed = inode.memory.clone();
    this.#pending.push({ kind: "remove", operation, name, target: name, inode });
  }

  /** Number of changes made so far: what a sync that starts now will cover. */
  get issued(): number {
    return this.#settled + this.#pending.length;
  }

  /** Makes the changes durable that were made when `issued` was `mark`. */
  sync(mark: number): void {
    const covered = this.#pending.splice(0, Math.max(0, mark - this.#settled));
    this.#settled += covered.length;
    this.#durable = namesAfter(this.#durable, covered, () => "kept");
  }

  loseDirty(): void {
    this.#settled += this.#pending.length;
    this.#pending = [];
  }

  revert(): void {
    this.loseDirty();
    this.names.clear();
    for (const [name, inode] of this.#durable) this.names.set(name, inode);
  }

  /** Adds the pending decisions, in the order in which `crash` asks for them. */
  addDecisions(decisions: CrashDecision[], path: string): void {
    for (const { operation, kind, name, target } of this.#pending) {
      const what = `${kind} ${path}${name}${kind === "rename" ? ` -> ${target}` : ""}`;
      decisions.push(new PendingDecision(operation, "name", what));
    }
  }

  /** Every file that some outcome gives a name, with that name. */
  reachable(): Map<Inode, string> {
    const inodes = new Map<Inode, string>();
    for (const [name, inode] of this.#durable) inodes.set(inode, name);
    for (const change of this.#pending) inodes.set(change.inode, change.target);
    return inodes;
  }

  /**
   * The names after a power cut: any subset of the pending changes, except that a rename needs its
   * source name to have become durable. A rename is atomic: both names change or neither.
   */
  crash(source: OutcomeSource): Map<string, Inode> {
    return namesAfter(this.#durable, this.#pending, () => source.next());
  }
}

function namesAfter(
  durable: ReadonlyMap<string, Inode>,
  changes: readonly PendingName[],
  next: () => Outcome,
): Map<string, Inode> {
  const names = new Map(durable);
  for (const change of changes) {
    if (next() === "dropped") continue;
    if (change.kind === "create") {
      names.set(change.name, change.inode);
    } else if (names.get(change.name) === change.inode) {
      names.delete(change.name);
      if (change.kind === "rename") names.set(change.target, change.inode);
    }
  }
  return names;
}
