/**
 * Iteration of a held cursor.
 *
 * @module
 */

import type { HeldCursor } from "../kernel/definition.ts";

/** Iterates a cursor; lets go of its view at the end, on `break` and on `return`. */
export class CursorIterator<T> implements IterableIterator<T> {
  readonly #cursor: HeldCursor;
  readonly #decode: (cursor: HeldCursor) => T;
  #left: number;

  /** Takes over an open cursor. */
  constructor(cursor: HeldCursor, limit: number, decode: (cursor: HeldCursor) => T) {
    this.#cursor = cursor;
    this.#left = limit;
    this.#decode = decode;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T> {
    if (this.#left > 0) {
      if (this.#cursor.next()) {
        this.#left--;
        return { done: false, value: this.#decode(this.#cursor) };
      }
      this.#left = 0;
    }
    this.#cursor.close();
    return { done: true, value: undefined };
  }

  return(): IteratorResult<T> {
    this.#left = 0;
    this.#cursor.close();
    return { done: true, value: undefined };
  }
}
