/**
 * The index with secondary ones: its records, and in trees beside them what each of them has in a
 * secondary index. A unique one has the record's key as the value, the others have it in their key.
 *
 * @module
 */

import { SECONDARY, type Token, userOf } from "./definitions.ts";
import { pairName, planOf } from "./index_model.ts";
import { Refusal } from "./refusal.ts";
import type { RangeOptions } from "../../mod.ts";
import type { TransactionModel } from "./transaction_model.ts";
import type { ViewModel } from "./view_model.ts";

/** The secondary indexes. */
export type SecondaryName = keyof typeof SECONDARY;

/** Their names, in the order in which they follow. */
export const SECONDARY_NAMES = Object.keys(SECONDARY) as readonly SecondaryName[];

/** The entries of one record in one secondary index, by tree key. */
function entriesOf(
  name: SecondaryName,
  key: string,
  value: Token | undefined,
): Map<string, string> {
  const entries = new Map<string, string>();
  if (value === undefined) return entries;
  for (const each of SECONDARY[name](userOf(value))) {
    if (name === "byMail") entries.set(each, key);
    else entries.set(pairName(each, key), "");
  }
  return entries;
}

/** What a range of a secondary index has: secondary key, and key of the record. */
export function secondaryKeys(
  view: ViewModel,
  name: SecondaryName,
  range: RangeOptions<string>,
  visit?: (key: string) => void,
): [string, string][] {
  const isUnique = name === "byMail";
  const plan = planOf(range, (key) => isUnique ? key : key.slice(0, key.indexOf(",")));
  const offset = range.offset ?? 0;
  let passed = 0;
  const read = (key: string, value: string): [string, string] =>
    isUnique ? [key, value] : [key.slice(0, key.indexOf(",")), key.slice(key.indexOf(",") + 1)];
  const walked = view.walk(`users#${name}`, plan, (key, value) => {
    if (passed++ >= offset) visit?.(read(key, value)[1]);
  });
  return walked.slice(offset).map(([key, value]) => read(key, value));
}

/** The records of a range of a secondary index: secondary key, key and value. */
export function secondaryRange(
  view: ViewModel,
  name: SecondaryName,
  range: RangeOptions<string>,
): [string, string, string][] {
  const values: string[] = [];
  const keys = secondaryKeys(view, name, range, (key) => values.push(view.get("users", key)!));
  return keys.map(([secondary, key], at) => [secondary, key, values[at]!]);
}

/** What a secondary index gains and loses with a change of a record. */
interface PartChange {
  readonly name: SecondaryName;
  readonly added: ReadonlyMap<string, string>;
  readonly gone: readonly string[];
}

/** Changes the records. */
export class UsersModel {
  readonly #tx: TransactionModel;

  constructor(tx: TransactionModel) {
    this.#tx = tx;
  }

  put(key: string, value: Token): void {
    const changes = this.#changes(key, value);
    for (const { name, added } of changes) {
      if (name !== "byMail") continue;
      for (const entry of added.keys()) {
        if (this.#tx.probe(`users#${name}`, entry)) throw new Refusal("ALREADY_EXISTS");
      }
    }
    this.#tx.put("users", key, value, "unchanged");
    this.#follow(changes);
  }

  remove(key: string): boolean {
    const changes = this.#changes(key, undefined);
    if (!this.#tx.remove("users", key, "unchanged")) return false;
    this.#follow(changes);
    return true;
  }

  compareAndSet(key: string, expected: Token | undefined, next: Token | undefined): boolean {
    if (this.#tx.get("users", key) !== expected) return false;
    if (next === undefined) this.remove(key);
    else this.put(key, next);
    return true;
  }

  deleteRange(range: RangeOptions<string>): number {
    const offset = range.offset ?? 0;
    let passed = 0;
    this.#tx.walk("users", planOf(range), (key) => {
      if (passed++ >= offset) this.remove(key);
    });
    return Math.max(0, passed - offset);
  }

  #changes(key: string, next: Token | undefined): PartChange[] {
    const present = this.#tx.peek("users", key);
    return SECONDARY_NAMES.map((name) => {
      const before = entriesOf(name, key, present);
      const after = entriesOf(name, key, next);
      const added = new Map([...after].filter(([entry]) => !before.has(entry)));
      const gone = [...before.keys()].filter((entry) => !after.has(entry));
      return { name, added, gone };
    });
  }

  #follow(changes: readonly PartChange[]): void {
    for (const { name, added, gone } of changes) {
      for (const entry of gone) this.#tx.remove(`users#${name}`, entry, "unchanged");
      for (const [entry, held] of added) this.#tx.put(`users#${name}`, entry, held, "unchanged");
    }
  }
}
