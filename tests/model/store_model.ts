/**
 * The model of a database: the state after each of its commits, and what is known of where they
 * are. A commit takes its place when it is called; what was told since says how many of them plain
 * reads show, and how many a crash leaves at least.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Durability } from "../../mod.ts";
import { type Decision, PreparedModel } from "./prepared_model.ts";
import { apply, doubtsIn, type EntryChange, observe, observeAll, type State } from "./state.ts";
import { type CommitOrder, TransactionModel } from "./transaction_model.ts";
import type { ViewModel } from "./view_model.ts";

/** How a process ends without a close. */
export type Death = "power" | "process";

/** A snapshot of the model. */
export interface SnapshotModel {
  readonly view: ViewModel;
  released: boolean;
}

/** All of it. */
export class StoreModel implements CommitOrder {
  /** Open transactions, in the order of the slots of the real side. */
  readonly transactions: TransactionModel[] = [];
  /** Snapshots ever taken since it was opened. */
  readonly snapshots: SnapshotModel[] = [];
  /** Numbers of records that were given since it was opened, and of those that are committed. */
  readonly given: Set<string> = new Set();
  readonly #states: State[];
  readonly #touched: ReadonlySet<string>[] = [];
  /** Least number of commits that plain reads show, that a dead process leaves, and a power cut. */
  readonly #least: Record<Durability, number> = { memory: 0, os: 0, disk: 0 };
  #numbers = 0;
  /** All that were ever prepared, by id. */
  readonly #prepared = new Map<string, PreparedModel>();
  #held: readonly PreparedModel[] = [];
  #scrap: string | undefined;

  /** A store that holds `base` and was closed. */
  constructor(base: State) {
    this.#states = [base];
  }

  get position(): number {
    return this.#states.length - 1;
  }

  stateAt(position: number): State {
    return this.#states[position]!;
  }

  touchedBy(position: number): ReadonlySet<string> {
    return this.#touched[position]!;
  }

  /** The state that transactions begin with. */
  get newest(): State {
    return this.#states.at(-1)!;
  }

  get held(): readonly PreparedModel[] {
    return this.#held;
  }

  createScrap(): string {
    return this.#scrap ??= `scrap@${this.nextNumber()}`;
  }

  forgetScrap(): void {
    this.#scrap = undefined;
  }

  /** A number that no other transaction has. */
  nextNumber(): number {
    return ++this.#numbers;
  }

  /** Adds a commit. */
  commit(changes: readonly EntryChange[]): void {
    this.#touched.push(new Set(changes.map(({ entry }) => entry)));
    this.#states.push(apply(this.newest, changes));
  }

  /** A transaction is in doubt from now on. */
  prepare(id: string, changes: readonly EntryChange[]): void {
    const prepared = new PreparedModel(id, changes);
    this.#prepared.set(id, prepared);
    this.#held = [...this.#held, prepared];
    this.commit([{ entry: `in doubt/${id}`, value: "" }]);
  }

  /** One in doubt is decided. */
  decide(prepared: PreparedModel, decision: Decision): void {
    prepared.decision = decision;
    this.#held = this.#held.filter((each) => each !== prepared);
    const gone: EntryChange = { entry: `in doubt/${prepared.id}`, value: undefined };
    this.commit(decision === "commit" ? [...prepared.changes, gone] : [gone]);
    if (decision === "commit" || !prepared.isInherited) return;
    // Numbers are never given twice by one opening, nor those that were committed: these may be.
    for (const { entry } of prepared.changes) {
      if (!this.newest.has(entry)) this.given.delete(entry);
    }
  }

  /** The first `position` commits are as durable as that. */
  reached(position: number, durability: Durability): void {
    const levels = ["memory", "os", "disk"] as const;
    for (const level of levels.slice(0, levels.indexOf(durability) + 1)) {
      this.#least[level] = Math.max(this.#least[level], position);
    }
  }

  /** The states that plain reads may show; one when nothing is `underWay`. */
  visible(underWay: boolean): readonly State[] {
    return this.#states.slice(underWay ? this.#least.memory : this.position);
  }

  /** The state among those that plain reads may show that was `shown`. */
  findVisible(shown: string, underWay: boolean): State {
    const found = this.visible(underWay).find((state) => observe(state) === shown);
    if (found !== undefined) return found;
    // Compared as a whole, so that the difference is in the message.
    assert.equal(shown, observe(this.newest), "plain reads show no committed state");
    return this.newest;
  }

  /** It was closed and opened again. */
  reopened(): void {
    this.reached(this.position, "disk");
    this.#begin();
  }

  /** It was opened after a crash and shows this: exactly a prefix, with all that had to survive. */
  recovered(death: Death, shown: string): void {
    const least = this.#least[death === "power" ? "disk" : "os"];
    let prefix = this.position;
    while (prefix >= least && observeAll(this.#states[prefix]!) !== shown) prefix--;
    if (prefix < least) {
      const older = this.#states.findLastIndex((state) => observeAll(state) === shown);
      assert.ok(older < 0, `${older} commits survived, but ${least} had to`);
      assert.equal(shown, observeAll(this.stateAt(least)), "no prefix of the commits");
    }
    this.#states.length = prefix + 1;
    this.#touched.length = prefix;
    this.#least.disk = death === "power" ? prefix : Math.min(this.#least.disk, prefix);
    this.#least.os = prefix;
    this.#least.memory = prefix;
    this.#begin();
  }

  /** Begins a transaction. */
  begin(isolation: TransactionModel["isolation"]): TransactionModel {
    return new TransactionModel(this, isolation);
  }

  #begin(): void {
    this.transactions.length = 0;
    this.snapshots.length = 0;
    this.#held = doubtsIn(this.newest).map((id) => this.#prepared.get(id)!);
    this.#scrap = undefined;
    for (const each of this.#held) {
      each.decision = undefined;
      each.isInherited = true;
      this.#scrap ??= each.created;
    }
    this.given.clear();
    const changes = this.#held.flatMap((each) => each.changes.map(({ entry }) => entry));
    const touched = this.#touched.flatMap((one) => [...one]);
    for (const entry of [...this.#states[0]!.keys(), ...touched, ...changes]) {
      if (entry.startsWith("notes/")) this.given.add(entry);
    }
  }
}
