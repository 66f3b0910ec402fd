/**
 * The names of a simulated folder: what is durable, what programs see, and what is pending between.
 *
 * @module
 */

import type { Inode, OutcomeSource } from "./simulated_inode.ts";
import type { CrashDecision } from "./simulated_policy.ts";

interface PendingName {
  readonly kind: "create" | "rename" | "remove";
  readonly operation: number;
  readonly name: string;
  /** The new name, of a rename. */
  readonly target: string;
  readonly inode: Inode;
}

/** The names of one folder. */
export class SimulatedDirectory {
  /** The names that programs see. */
  readonly names: Map<string, Inode>;
  #durable: Map<string, Inode>;
  #pending: PendingName[] = [];

  /** A folder whose durable and visible names are `names`. */
  constructor(names: ReadonlyMap<string, Inode> = new Map()) {
    this.names = new Map(names);
    this.#durable = new Map(names);
  }

  /** The same folder with the same pending changes, of the files that `copies` gives. */
  clone(copies: (inode: Inode) => Inode): SimulatedDirectory {
    const copy = new SimulatedDirectory();
    for (const [name, inode] of this.names) copy.names.set(name, copies(inode));
    for (const [name, inode] of this.#durable) copy.#durable.set(name, copies(inode));
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
    this.names.set(target, inode);
    this.#pending.push({ kind: "rename", operation, name, target, inode });
  }

  /** Takes a name away. */
  remove(operation: number, name: string, inode: Inode): void {
    this.names.delete(name);
    this.#pending.push({ kind: "remove", operation, name, target: name, inode });
  }

  /** Makes all name changes durable. */
  sync(): void {
    this.#durable = new Map(this.names);
    this.#pending = [];
  }

  /** Lists the pending decisions, in the order in which `crash` asks for them. */
  decisions(path: string): CrashDecision[] {
    return this.#pending.map((change) => ({
      operation: change.operation,
      kind: "name" as const,
      label: `#${change.operation} ${change.kind} ${path}${change.name}` +
        (change.kind === "rename" ? ` -> ${change.target}` : ""),
    }));
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
    const names = new Map(this.#durable);
    for (const change of this.#pending) {
      if (source.next() === "dropped") continue;
      if (change.kind === "create") {
        names.set(change.name, change.inode);
      } else if (names.get(change.name) === change.inode) {
        names.delete(change.name);
        if (change.kind === "rename") names.set(change.target, change.inode);
      }
    }
    return names;
  }
}
