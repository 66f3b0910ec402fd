/**
 * Which keys were committed while transactions were open: what conflicts are decided by. Kept only
 * while there is an open transaction, so it costs a lone caller nothing.
 *
 * @module
 */

import { DROPPED_TREE, treeOfKey } from "../tree/state.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** Entries from which on those that no open transaction can ask for are dropped. */
const TIDY_AT = 1024;

/** Last commit sequence by tree and key, and the keys in the order of their commits. */
export class CommitHistory {
  /** Trees that one of these commits dropped. */
  readonly dropped: Set<number> = new Set();
  readonly #open: Iterable<{ readonly since: number }>;
  readonly #last = new Map<string, number>();
  /** Keys in the order of their commits, with the sequences in `#sequences`, which only rise. */
  #keys: string[] = [];
  #sequences: number[] = [];
  #tidyAt = TIDY_AT;

  /** A history for the open transactions, each of which asks for no sequence below its `since`. */
  constructor(open: Iterable<{ readonly since: number }>) {
    this.#open = open;
  }

  /** Remembers the keys of a commit. */
  record(set: WriteSet, sequence: number): void {
    for (let op = 0; op < set.count; op++) {
      if (set.tree(op) === DROPPED_TREE) {
        this.dropped.add(treeOfKey(set.out.bytes, set.keyAt(op)));
      }
      const key = operationKey(set, op);
      if (this.#last.get(key) === sequence) continue;
      this.#last.set(key, sequence);
      this.#keys.push(key);
      this.#sequences.push(sequence);
    }
    if (this.#keys.length >= this.#tidyAt) this.#tidy();
  }

  /** Whether the key of `op` was committed at `since` or later. */
  changedSince(set: WriteSet, op: number, since: number): boolean {
    const last = this.#last.get(operationKey(set, op));
    return last !== undefined && last >= since;
  }

  /** Whether `test` holds for the text of a key that was committed at `since` or later. */
  someSince(since: number, test: (key: string) => boolean): boolean {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences[middle]! < since) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < this.#keys.length; at++) if (test(this.#keys[at]!)) return true;
    return false;
  }

  /** Whether any key of a tree was committed at `since` or later. */
  treeChangedSince(tree: number, since: number): boolean {
    const prefix = `${tree}:`;
    return this.someSince(since, (key) => key.startsWith(prefix));
  }

  /** Forgets everything: no transaction is open. */
  clear(): void {
    if (this.#last.size === 0) return;
    this.#last.clear();
    this.dropped.clear();
    this.#keys = [];
    this.#sequences = [];
    this.#tidyAt = TIDY_AT;
  }

  /** Number of keys that are remembered. */
  get size(): number {
    return this.#last.size;
  }

  /** Of each key the last commit is enough, and none from before the oldest open transaction. */
  #tidy(): void {
    let oldest = Infinity;
    for (const { since } of this.#open) if (since < oldest) oldest = since;
    let kept = 0;
    for (let at = 0; at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      const sequence = this.#sequences[at]!;
      if (this.#last.get(key) !== sequence) continue;
      if (sequence < oldest) {
        this.#last.delete(key);
        continue;
      }
      this.#keys[kept] = key;
      this.#sequences[kept++] = sequence;
    }
    this.#keys.length = kept;
    this.#sequences.length = kept;
    this.#tidyAt = Math.max(TIDY_AT, kept * 2);
  }
}

/** Tree and key as a text. Texts of one tree are in the order of their keys. */
export function keyText(tree: number, bytes: Uint8Array, begin: number, end: number): string {
  let text = `${tree}:`;
  for (let at = begin; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** The same of an operation. */
export function operationKey(set: WriteSet, op: number): string {
  const begin = set.keyAt(op);
  return keyText(set.tree(op), set.out.bytes, begin, begin + set.keyLength(op));
}
