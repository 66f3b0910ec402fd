/**
 * A plain model of keys and values under transactions of every isolation: what they read, and
 * whether they commit.
 *
 * @module
 */

import type { Isolation } from "../../mod.ts";
import { Refusal } from "./refusal.ts";

/** Why a key is read: to learn its value, for the sake of a change of it, or neither. */
export type Purpose = "read" | "probe" | "aside";

/** A change, and from which sequence on a commit of its key by another one is in its way. */
interface Change {
  readonly key: string;
  readonly from: number;
}

/** Where a transaction was. */
interface Mark {
  readonly own: ReadonlyMap<string, string | undefined>;
  readonly changes: number;
  readonly claims: readonly string[];
}

/** What is committed. */
export class KeyedModel {
  /** The newest committed values. */
  values: ReadonlyMap<string, string> = new Map();
  /** The sequence of the next commit. */
  sequence = 0;
  /** The sequence of the last commit of each key. */
  readonly last: Map<string, number> = new Map();

  /** Begins a transaction. */
  begin(level: Isolation): KeyedTransaction {
    return new KeyedTransaction(this, level);
  }

  /** Begins again with what a crash has left. */
  restart(values: ReadonlyMap<string, string>): void {
    this.values = values;
  }
}

/** A transaction of the model. */
export class KeyedTransaction {
  readonly #model: KeyedModel;
  readonly #level: Isolation;
  readonly #base: ReadonlyMap<string, string>;
  readonly #since: number;
  readonly #reads = new Map<string, number>();
  #own = new Map<string, string | undefined>();
  #changes: Change[] = [];
  #hasReadAll = false;
  #claims: readonly string[] = [];

  constructor(model: KeyedModel, level: Isolation) {
    this.#model = model;
    this.#level = level;
    this.#base = model.values;
    this.#since = model.sequence;
  }

  /** The value of a key. */
  get(key: string, purpose: Purpose): string | undefined {
    if (this.#own.has(key)) return this.#own.get(key);
    const counts = purpose === "read" || purpose === "probe" && this.#level === "serializable";
    if (counts) this.#reads.set(key, this.#model.sequence);
    return this.#view.get(key);
  }

  /** All entries, by key. */
  entries(): [string, string][] {
    const all = new Map(this.#view);
    for (const key of all.keys()) {
      if (!this.#own.has(key)) this.#reads.set(key, this.#model.sequence);
    }
    this.#hasReadAll = true;
    for (const [key, value] of this.#own) {
      if (value === undefined) all.delete(key);
      else all.set(key, value);
    }
    return [...all].sort(([a], [b]) => a < b ? -1 : 1);
  }

  /** Sets or removes a value. `isGuarded`: nobody else may change the key before the commit. */
  set(key: string, value: string | undefined, isGuarded: boolean): void {
    this.#own.set(key, value);
    this.#changes.push({ key, from: this.#from(key, isGuarded) });
  }

  /** Nobody else may have changed a key since the beginning. */
  claim(key: string): void {
    this.#claims = [...this.#claims, key];
  }

  /** Where it is. */
  mark(): Mark {
    return {
      own: new Map(this.#own),
      changes: this.#changes.length,
      claims: this.#claims,
    };
  }

  /** Goes back to where it was. */
  undo({ own, changes, claims }: Mark): void {
    this.#own = new Map(own);
    this.#changes = this.#changes.slice(0, changes);
    this.#claims = claims;
  }

  /** Commits. @throws {Refusal} `CONFLICT` */
  commit(): void {
    const { last, sequence } = this.#model;
    if (this.#changes.length === 0) return;
    const isLater = (key: string, from: number): boolean => (last.get(key) ?? -1) >= from;
    const keys = [...last.keys()];
    if (
      this.#changes.some(({ key, from }) => isLater(key, from)) ||
      this.#claims.some((key) => isLater(key, this.#since)) ||
      this.#level === "serializable" &&
        keys.some((key) => (this.#hasReadAll || this.#reads.has(key)) && isLater(key, this.#since))
    ) throw new Refusal("CONFLICT");
    const values = new Map(this.#model.values);
    for (const [key, value] of this.#own) {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
    }
    for (const { key } of this.#changes) last.set(key, sequence);
    this.#model.values = values;
    this.#model.sequence++;
  }

  get #view(): ReadonlyMap<string, string> {
    const isFixed = this.#level === "snapshot" || this.#level === "serializable";
    return isFixed ? this.#base : this.#model.values;
  }

  #from(key: string, isGuarded: boolean): number {
    const { sequence } = this.#model;
    switch (this.#level) {
      case "snapshot":
      case "serializable":
        return this.#since;
      case "last-win":
        return isGuarded ? sequence : Infinity;
      case "version-on-write":
        return sequence;
      case "version-on-read":
        return this.#reads.get(key) ?? sequence;
    }
  }
}
