/**
 * One tree as it was once, for reads that go on while it changes.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { StateError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import type { State } from "../tree/state.ts";
import type { ViewSource } from "../tree/tree_access.ts";
import type { Walk, Witness } from "./witness.ts";
import type { WriteSet } from "../commit/write_set.ts";

/** Keeps its state pinned until it is closed. */
export class HeldSource implements ViewSource {
  readonly tree: number;
  readonly state: State;
  readonly sets: readonly WriteSet[];
  readonly tips = undefined;
  readonly witness: Witness | undefined;
  readonly now: number;
  /** Where other reads see newer commits, those here are of when it began. */
  readonly #walk: Walk | undefined;
  readonly #engine: Engine;
  #open = true;

  /** Holds what `source` has now. */
  constructor(engine: Engine, { tree, state, sets, own, witness, now }: ViewSource) {
    this.#engine = engine;
    this.now = now ?? engine.io.now();
    this.tree = tree;
    this.state = engine.states.pin(state);
    // Own changes go on in the same set.
    this.sets = sets.filter((set) => set.touches(tree)).map((set) => {
      if (set === own) return set.frozen();
      set.shared = true;
      return set;
    });
    this.witness = witness?.live ? undefined : witness;
    this.#walk = witness?.live ? witness.walk(tree, {}) : undefined;
  }

  check(): void {
    if (!this.#open) throw new StateError("CLOSED", "Cannot read a held view after its end");
  }

  /** A key is about to be read. */
  passed(key: ByteWriter): void {
    this.#walk?.passed({ keyBytes: key.bytes, keyBegin: 0, keyEnd: key.length });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#walk?.close();
    this.#engine.states.unpin(this.state);
  }
}
