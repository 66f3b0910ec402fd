/**
 * The levels that compare versions operation by operation: "last-win", "version-on-write" and
 * "version-on-read". Every read sees the newest sequenced commit; of each change it is kept from
 * which sequence on a commit of its key by another transaction is in its way.
 *
 * | level              | a change conflicts with commits of its key later than            |
 * | ------------------ | ---------------------------------------------------------------- |
 * | "last-win"         | none                                                             |
 * | "version-on-write" | the change                                                       |
 * | "version-on-read"  | the last read of the key before the change; if none, the change  |
 *
 * A guarded change (`witness.ts`) and one of the catalog is checked in all three.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { keyText, operationKey } from "./commit_history.ts";
import type { Isolation } from "./isolation.ts";
import { CATALOG_TREE } from "../tree/state.ts";
import type { Guard, Walk, Witness, WitnessedView } from "./witness.ts";

/** The witness of the levels that compare versions. */
export class OperationVersions implements Witness {
  readonly live = true;
  readonly #level: Isolation;
  readonly #view: WitnessedView;
  readonly #newest: { readonly sequence: number };
  /** By operation: see `conflictsFrom`. */
  readonly #from: number[] = [];
  /** Operations for which it is enough that their key is there. */
  readonly #present = new Set<number>();
  /** Sequence by key at its last read that matters, or at the last one for a change to come. */
  readonly #reads = new Map<string, number>();
  #aside = 0;

  /** `newest.sequence` is the sequence of the next commit. */
  constructor(level: Isolation, view: WitnessedView, newest: { readonly sequence: number }) {
    this.#level = level;
    this.#view = view;
    this.#newest = newest;
  }

  readKey(tree: number, key: ByteWriter, probed: boolean): void {
    if (probed || !this.#listens) return;
    this.#read(tree, key.bytes, 0, key.length, this.#newest.sequence);
  }

  readRange(): void {}

  walk(tree: number): Walk | undefined {
    if (!this.#listens) return undefined;
    const { sequence } = this.#newest;
    return {
      passed: ({ keyBytes, keyBegin, keyEnd }) => {
        this.#read(tree, keyBytes, keyBegin, keyEnd, sequence);
      },
      end: () => {},
      close: () => {},
    };
  }

  aside<T>(body: () => T): T {
    this.#aside++;
    try {
      return body();
    } finally {
      this.#aside--;
    }
  }

  intended(tree: number, key: ByteWriter): void {
    this.#read(tree, key.bytes, 0, key.length, this.#newest.sequence);
  }

  changed(guard: Guard | undefined): void {
    const { own } = this.#view;
    const op = own.count - 1;
    const strict = guard !== undefined || own.tree(op) === CATALOG_TREE;
    // After a savepoint was rolled back, operations have the numbers of those taken back.
    if (this.#level === "last-win" && guard === "present") this.#present.add(op);
    else this.#present.delete(op);
    this.#from[op] = this.#level === "last-win" && !strict
      ? Infinity
      : this.#reads.get(operationKey(own, op)) ?? this.#newest.sequence;
  }

  conflictsFrom(op: number): number {
    return this.#from[op] ?? this.#view.since;
  }

  onlyPresence(op: number): boolean {
    return this.#present.has(op);
  }

  hasRead(): boolean {
    return false;
  }

  isOutdated(): boolean {
    return false;
  }

  /** Whether reads matter: at one level, and not those that nobody learns of. */
  get #listens(): boolean {
    return this.#level === "version-on-read" && this.#aside === 0;
  }

  #read(tree: number, bytes: Uint8Array, begin: number, end: number, sequence: number): void {
    // To read an own change is to learn nothing of what is committed.
    if (this.#view.own.find(tree, bytes, begin, end - begin) >= 0) return;
    const key = keyText(tree, bytes, begin, end);
    const last = this.#reads.get(key);
    if (last === undefined || last < sequence) this.#reads.set(key, sequence);
  }
}
