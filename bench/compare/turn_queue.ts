/**
 * The queue that a user writes in front of an engine that commits for one caller at a time.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";

/** Items that are added in one turn of the event loop are committed together. */
export class TurnQueue<T> {
  readonly #commit: (items: readonly T[]) => void | Promise<void>;
  #items: T[] = [];
  /** Settles with the commit of what is in `#items`; absent when that is nothing. */
  #turn: Promise<void> | undefined;

  /** `commit` keeps all the items, or throws. */
  constructor(commit: (items: readonly T[]) => void | Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves when the item is committed. */
  add(item: T): Promise<void> {
    this.#items.push(item);
    this.#turn ??= this.#commitTurn();
    return this.#turn;
  }

  async #commitTurn(): Promise<void> {
    await setImmediate();
    const items = this.#items;
    this.#items = [];
    this.#turn = undefined;
    await this.#commit(items);
  }
}
