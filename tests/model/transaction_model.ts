/**
 * A transaction of the model: its view, its changes, and what its isolation level keeps of its
 * reads, so that the end of its commit is known before.
 *
 * Positions count the commits that have changed something. A change conflicts with commits of its
 * entry from position `from` on, which the level says (docstring of `Isolation`).
 *
 * @module
 */

import type { Isolation } from "../../mod.ts";
import type { PreparedModel } from "./prepared_model.ts";
import { Refusal } from "./refusal.ts";
import { ScrapModel } from "./scrap_model.ts";
import { apply, type EntryChange, type State, treeOf } from "./state.ts";
import { ViewModel, type WalkedRange } from "./view_model.ts";

/** What must hold for a change at every level. */
export type Guard = "unchanged" | "present";

/** A change with what is in its way. */
export interface JudgedChange extends EntryChange {
  /** Commits of the entry from here on are conflicts. */
  readonly from: number;
  /** They are none if the entry is there after them. */
  readonly onlyPresence: boolean;
}

/** The order of commits, as transactions see it. */
export interface CommitOrder {
  /** How many commits there are. */
  readonly position: number;
  /** The state after so many commits. */
  stateAt(position: number): State;
  /** The entries that commit `position` has changed. */
  touchedBy(position: number): ReadonlySet<string>;
  /** The transactions in doubt. */
  readonly held: readonly PreparedModel[];
  /** The tree that whoever creates the scrap now gets. */
  createScrap(): string;
  /** The scrap was dropped: who creates it from now on gets another tree. */
  forgetScrap(): void;
}

/** How a commit or a prepare may end. */
export type Outcome = "ok" | "CONFLICT" | "IN_DOUBT";

/** A place in a transaction. */
interface Mark {
  readonly changes: number;
  open: boolean;
}

/** One transaction. */
export class TransactionModel extends ViewModel {
  readonly isolation: Isolation;
  readonly since: number;
  /** All savepoints ever made. */
  readonly marks: Mark[] = [];
  /** How often changes were taken back. */
  undone = 0;
  /** The structure that is dropped and created again. */
  readonly scrap: ScrapModel = new ScrapModel(this);
  readonly #order: CommitOrder;
  #changes: readonly JudgedChange[] = [];
  #view: State;
  #viewedAt: number;
  readonly #readAt = new Map<string, number>();
  readonly #keys = new Set<string>();
  readonly #ranges: WalkedRange[] = [];
  readonly #heldAtBeginning: readonly PreparedModel[];

  constructor(order: CommitOrder, isolation: Isolation) {
    super(new Map());
    this.#order = order;
    this.isolation = isolation;
    this.since = order.position;
    this.#heldAtBeginning = [...order.held];
    this.#viewedAt = this.since;
    this.#view = order.stateAt(this.since);
  }

  /** Whether reads see the newest commit. */
  get isLive(): boolean {
    return this.isolation !== "snapshot" && this.isolation !== "serializable";
  }

  /** The order that it takes its place in. */
  get order(): CommitOrder {
    return this.#order;
  }

  /** Its changes so far. */
  get changes(): readonly JudgedChange[] {
    return this.#changes;
  }

  override get state(): State {
    if (this.moment !== this.#viewedAt) this.#renew();
    return this.#view;
  }

  override get moment(): number {
    return this.isLive ? this.#order.position : this.since;
  }

  /** Whether an entry is there, asked for the sake of its change. */
  probe(tree: string, key: string): boolean {
    this.noticeKey(`${tree}/${key}`, true);
    return this.peek(tree, key) !== undefined;
  }

  /** Puts an entry. */
  put(tree: string, key: string, value: string, guard?: Guard): void {
    this.#refuseHeld({ entry: `${tree}/${key}`, value });
    this.#change(`${tree}/${key}`, value, guard);
  }

  /** Removes an entry. @returns whether it was there */
  remove(tree: string, key: string, guard?: Guard): boolean {
    this.#refuseHeld({ entry: `${tree}/${key}`, value: undefined });
    if (!this.probe(tree, key)) return false;
    this.#change(`${tree}/${key}`, undefined, guard);
    return true;
  }

  /** Makes a savepoint. */
  savepoint(): void {
    this.marks.push({ changes: this.#changes.length, open: true });
  }

  /** Rolls back to a savepoint, or releases it. */
  endSavepoint(at: number, how: "rollback" | "release"): void {
    const mark = this.marks[at]!;
    if (!mark.open) throw new Refusal("TRANSACTION_DONE");
    for (const later of this.marks.slice(at + 1)) later.open = false;
    if (how === "release") {
      mark.open = false;
      return;
    }
    this.#takeBack(mark.changes);
  }

  /** Runs changes: if they are refused in the middle, none was made. */
  whole<T>(body: () => T): T {
    const count = this.#changes.length;
    try {
      return body();
    } catch (error) {
      if (this.#changes.length > count) this.#takeBack(count);
      throw error;
    }
  }

  /** How a commit or a prepare now ends: one of these. */
  outcome(): readonly Outcome[] {
    const held = this.#heldOutcome();
    if (held.length > 0) return held;
    if (this.#changes.length === 0) return ["ok"];
    if (this.#changes.some((change) => this.#isOvertaken(change))) return ["CONFLICT"];
    const isOutdated = this.isolation === "serializable" &&
      this.#isTouched(this.since, (entry) => this.#hasRead(entry));
    return [isOutdated ? "CONFLICT" : "ok"];
  }

  /** How it ends because of what is in doubt, or was when it began; empty if it is not. */
  #heldOutcome(): Outcome[] {
    const { held } = this.#order;
    const changes = this.#changes;
    if (changes.some((change) => held.some((each) => each.holds(change)))) return ["IN_DOUBT"];
    if (this.isolation !== "serializable") return [];
    // In the serial order a prepared one has its place at the prepare.
    return (changes.length > 0 ? held : this.#heldAtBeginning)
      .filter((each) => each.decision !== "rollback")
      .filter((each) => each.changes.some(({ entry }) => this.#hasRead(entry)))
      .map((each) => each.decision === undefined ? "IN_DOUBT" : "CONFLICT");
  }

  /** Whether a commit of somebody else is in the way of a change. */
  #isOvertaken({ entry, value, from, onlyPresence }: JudgedChange): boolean {
    const newest = this.#order.stateAt(this.#order.position);
    const tree = treeOf(entry);
    const dropped = tree === "dropped" ? entry.slice(tree.length + 1) : undefined;
    if (newest.has(`dropped/${dropped ?? tree}`)) return true;
    if (dropped !== undefined && this.#isTouched(this.since, (each) => treeOf(each) === dropped)) {
      return true;
    }
    if (!this.#isTouched(from, (each) => each === entry)) return false;
    const isSame = tree === "catalog" && value !== undefined && newest.get(entry) === value;
    return !isSame && !(onlyPresence && newest.has(entry));
  }

  #refuseHeld(change: EntryChange): void {
    if (this.#order.held.some((each) => each.holds(change))) throw new Refusal("IN_DOUBT");
  }

  #takeBack(count: number): void {
    this.#changes = this.#changes.slice(0, count);
    this.undone++;
    this.scrap.undo(count);
    this.#renew();
  }

  protected override noticeKey(entry: string, probed: boolean): void {
    // What opening a structure reads is judged by what it enters.
    const isCatalog = treeOf(entry) === "catalog";
    if (!isCatalog) this.#keys.add(`dropped/${treeOf(entry)}`);
    if (this.#isOwn(entry)) return;
    if (!isCatalog) this.#keys.add(entry);
    if (!probed) this.#read(entry, this.#order.position);
  }

  override noticePassed(entry: string, moment: number): void {
    if (!this.#isOwn(entry)) this.#read(entry, moment);
  }

  protected override noticeRange(range: WalkedRange): void {
    this.#keys.add(`dropped/${range.tree}`);
    this.#ranges.push(range);
  }

  #read(entry: string, position: number): void {
    if (this.isolation !== "version-on-read") return;
    this.#readAt.set(entry, Math.max(position, this.#readAt.get(entry) ?? 0));
  }

  #change(entry: string, value: string | undefined, guard: Guard | undefined): void {
    const { isolation } = this;
    const isLastWin = isolation === "last-win";
    const now = this.isLive ? this.#readAt.get(entry) ?? this.#order.position : this.since;
    const from = isLastWin && guard === undefined ? Infinity : now;
    const change = { entry, value, from, onlyPresence: isLastWin && guard === "present" };
    this.#view = apply(this.state, [change]);
    this.#changes = [...this.#changes, change];
  }

  #renew(): void {
    this.#viewedAt = this.moment;
    this.#view = apply(this.#order.stateAt(this.#viewedAt), this.#changes);
  }

  #isOwn(entry: string): boolean {
    return this.#changes.some((change) => change.entry === entry);
  }

  #isTouched(from: number, test: (entry: string) => boolean): boolean {
    for (let at = from; at < this.#order.position; at++) {
      for (const entry of this.#order.touchedBy(at)) if (test(entry)) return true;
    }
    return false;
  }

  #hasRead(entry: string): boolean {
    if (this.#keys.has(entry)) return true;
    const tree = treeOf(entry);
    const key = entry.slice(tree.length + 1);
    return this.#ranges.some((range) =>
      range.tree === tree && range.within(key) &&
      (range.edge === undefined || (range.reverse ? key >= range.edge : key <= range.edge))
    );
  }
}
