/**
 * What a transaction must have read and how its commit must have ended, said by a plain model: the
 * states between commits as maps, and each transaction as a list of what it did and was answered.
 *
 * @module
 */

import type { Isolation } from "../../mod.ts";

/** Entries by key: "w..." is a word, "l..." a record of the log by its padded offset. */
export type Model = ReadonlyMap<string, number>;

/** Bounds of a walk over the words. */
export interface Walk {
  readonly gte?: string;
  readonly lt?: string;
  readonly reverse: boolean;
  readonly limit: number;
}

/** What a transaction does. */
export type Deed =
  | { readonly kind: "get" | "has" | "remove"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: number }
  | { readonly kind: "append"; readonly value: number }
  | { readonly kind: "walk"; readonly walk: Walk }
  | { readonly kind: "count" | "head" | "savepoint" | "rollback" };

/** A deed, what it was answered, and how many commits had their place in the order before. */
export interface Done {
  readonly deed: Deed;
  readonly answer: unknown;
  readonly position: number;
}

/** A transaction from its beginning to its end. */
export interface Life {
  readonly isolation: Isolation;
  /** Commits before its beginning. */
  readonly begun: number;
  readonly deeds: Done[];
  /** Commits before its own; `undefined` if it was rolled back. */
  ended: number | undefined;
  outcome: string;
}

/** The key of a log's record. */
export function logKey(offset: number): string {
  return `l${String(offset).padStart(9, "0")}`;
}

/** The offset behind the last record of the log. */
export function headOf(model: Model): number {
  let head = 0;
  for (const key of model.keys()) {
    if (key.startsWith("l")) head = Math.max(head, Number(key.slice(1)) + 1);
  }
  return head;
}

/** The words of a walk. */
export function wordsOf(model: Model, { gte, lt, reverse, limit }: Walk): [string, number][] {
  const found = [...model]
    .filter(([key]) => key.startsWith("w") && (gte ?? "") <= key && (lt === undefined || key < lt))
    .sort(([a], [b]) => a < b ? -1 : 1);
  if (reverse) found.reverse();
  return found.slice(0, limit);
}

/** Every word. */
export const EVERYTHING: Walk = { reverse: false, limit: Infinity };

/** A change that is in the write set at the commit. */
interface Change {
  readonly key: string;
  readonly value: number | undefined;
  /** Commits from here on that touch the key are conflicts at the levels that compare versions. */
  readonly versions: Readonly<Record<"last-win" | "version-on-write" | "version-on-read", number>>;
}

/** What a transaction's deeds come to over the states that it saw. */
export interface Replay {
  /** Answers that a state of `see` would have given. */
  readonly answers: readonly unknown[];
  /** What it changed, in order. */
  readonly changes: readonly Change[];
}

/** Does the deeds again; `see` is the committed state at a position. */
export function replay(life: Life, see: (position: number) => Model): Replay {
  let changes: Change[] = [];
  const marks: Change[][] = [];
  const reads = new Map<string, number>();
  const answers: unknown[] = [];
  for (const { deed, position } of life.deeds) {
    const view = new Map(see(position));
    for (const { key, value } of changes) {
      if (value === undefined) view.delete(key);
      else view.set(key, value);
    }
    const isOwn = (key: string): boolean => changes.some((change) => change.key === key);
    const read = (key: string): void => {
      if (!isOwn(key)) reads.set(key, position);
    };
    const change = (key: string, value: number | undefined, strict: boolean): void => {
      changes = [...changes, {
        key,
        value,
        versions: {
          "last-win": strict ? position : Infinity,
          "version-on-write": position,
          "version-on-read": reads.get(key) ?? position,
        },
      }];
    };
    let answer: unknown;
    if (deed.kind === "get" || deed.kind === "has") {
      read(deed.key);
      answer = deed.kind === "get" ? view.get(deed.key) : view.has(deed.key);
    } else if (deed.kind === "remove") {
      answer = view.has(deed.key);
      if (answer) change(deed.key, undefined, false);
    } else if (deed.kind === "put") {
      change(deed.key, deed.value, false);
    } else if (deed.kind === "append") {
      answer = headOf(view);
      change(logKey(answer as number), deed.value, true);
    } else if (deed.kind === "walk") {
      const found = wordsOf(view, deed.walk);
      for (const [key] of found) read(key);
      answer = found;
    } else if (deed.kind === "count") {
      answer = wordsOf(view, EVERYTHING).length;
    } else if (deed.kind === "head") {
      answer = headOf(view);
    } else if (deed.kind === "savepoint") {
      marks.push(changes);
    } else {
      changes = marks.at(-1)!;
    }
    answers.push(answer);
  }
  return { answers, changes };
}

/** The state after changes. */
export function apply(model: Model, changes: readonly Change[]): Model {
  const next = new Map(model);
  for (const { key, value } of changes) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

/**
 * How a commit must end; `undefined` where only the equivalence to a serial order tells.
 * `committed[i]`: the keys that commit `i` changed.
 */
export function outcomeOf(
  life: Life,
  changes: readonly Change[],
  committed: readonly ReadonlySet<string>[],
): string | undefined {
  const touched = (key: string, from: number): boolean =>
    committed.slice(Math.min(from, life.ended!), life.ended!).some((keys) => keys.has(key));
  const { isolation } = life;
  if (isolation === "snapshot" || isolation === "serializable") {
    if (changes.some(({ key }) => touched(key, life.begun))) return "CONFLICT";
    const isAlone = committed.slice(life.begun, life.ended).every((keys) => keys.size === 0);
    return isolation === "snapshot" || changes.length === 0 || isAlone ? "ok" : undefined;
  }
  return changes.some(({ key, versions }) => touched(key, versions[isolation])) ? "CONFLICT" : "ok";
}
