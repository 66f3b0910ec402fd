/**
 * Which keys were committed while transactions were open: what "first committer wins" is decided
 * by. Kept only while there is an open transaction, so it costs a lone caller nothing.
 *
 * @module
 */

import type { WriteSet } from "./write_set.ts";

/** Last commit sequence by tree and key. */
export class CommitHistory {
  readonly #last = new Map<string, number>();

  /** Remembers the keys of a commit. */
  record(set: WriteSet, sequence: number): void {
    for (let op = 0; op < set.count; op++) this.#last.set(keyText(set, op), sequence);
  }

  /** Whether a key of `op` was committed at `since` or later. */
  changedSince(set: WriteSet, op: number, since: number): boolean {
    const last = this.#last.get(keyText(set, op));
    return last !== undefined && last >= since;
  }

  /** Forgets everything: no transaction is open. */
  clear(): void {
    if (this.#last.size > 0) this.#last.clear();
  }
}

function keyText(set: WriteSet, op: number): string {
  const bytes = set.out.bytes;
  const begin = set.keyAt(op);
  const end = begin + set.keyLength(op);
  let text = `${set.tree(op)}:`;
  for (let at = begin; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
