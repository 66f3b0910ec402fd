/**
 * The states that a transaction changes, held until its end: many appends to one stream are one
 * change of its state. Until then the transaction sees them here, and nobody else sees any.
 *
 * PERF: 64 writers of 100 B on one stream write 5.3 bytes to files for each of theirs, and 6.2 where
 * each append put its state (Node, 2026-11-22).
 *
 * @module
 */

import { numberAt, numberKey } from "./table_keys.ts";
import type { TableWriter } from "./tables.ts";

/** The tree of states, in a transaction. */
export class HeldStates implements TableWriter {
  readonly #tree: TableWriter;
  readonly #held = new Map<number, Uint8Array>();
  readonly #changed: () => void;

  /** Holds back what is put into `tree`; `changed` is told of each put. */
  constructor(tree: TableWriter, changed: () => void) {
    this.#tree = tree;
    this.#changed = changed;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#held.get(numberAt(key, 0)) ?? this.#tree.get(key);
  }

  range(bounds: Parameters<TableWriter["range"]>[0]): ReturnType<TableWriter["range"]> {
    this.release();
    return this.#tree.range(bounds);
  }

  /** The value is copied: encoders overwrite theirs. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#changed();
    this.#held.set(numberAt(key, 0), value.slice());
  }

  remove(key: Uint8Array): void {
    this.#held.delete(numberAt(key, 0));
    this.#tree.remove(key);
  }

  /** Puts what was held back into the tree. */
  release(): void {
    for (const [number, value] of this.#held) this.#tree.put(numberKey(number), value);
    this.#held.clear();
  }
}
