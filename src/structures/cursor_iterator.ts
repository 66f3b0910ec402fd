/**
 * Iteration of a held cursor.
 *
 * @module
 */

import type { HeldCursor } from "../kernel/definition.ts";

/** Which entries of a cursor an iteration yields. */
export interface CursorWindow {
  /** So many are passed over first. */
  readonly offset: number;
  /** At most so many are yielded. */
  readonly limit: number;
}

/** All of them. */
export const WHOLE: CursorWindow = { offset: 0, limit: Infinity };

/**
 * Iterates a cursor. It lets go of its view at the end, on `break`, `return` and `throw`, and when
 * something fails; then it goes on failing with the same error, and never passes over what failed.
 */
export class CursorIterator<T> implements IterableIterator<T> {
  readonly #cursor: HeldCursor;
  readonly #decode: (cursor: HeldCursor) => T;
  /** Another view that is held as long. */
  readonly #beside: { close(): void } | undefined;
  #skip: number;
  #left: number;
  #failure: { readonly error: unknown } | undefined;

  /** Takes over an open cursor. */
  constructor(
    cursor: HeldCursor,
    window: CursorWindow,
    decode: (cursor: HeldCursor) => T,
    beside?: { close(): void },
  ) {
    this.#cursor = cursor;
    this.#beside = beside;
    this.#skip = window.offset;
    this.#left = window.limit;
    this.#decode = decode;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#left === 0) return this.return();
    try {
      const cursor = this.#cursor;
      for (; this.#skip > 0; this.#skip--) if (!cursor.next()) return this.return();
      if (!cursor.next()) return this.return();
      this.#left--;
      return { done: false, value: this.#decode(cursor) };
    } catch (error) {
      this.#failure = { error };
      this.return();
      throw error;
    }
  }

  return(): IteratorResult<T> {
    this.#left = 0;
    this.#cursor.close();
    this.#beside?.close();
    return { done: true, value: undefined };
  }

  throw(error?: unknown): IteratorResult<T> {
    this.return();
    throw error;
  }
}

/** Calls `visit` for the entries of a cursor in a window, and closes it. @returns how many. */
export function visitCursor(
  cursor: HeldCursor,
  { offset, limit }: CursorWindow,
  visit?: (cursor: HeldCursor) => void,
): number {
  try {
    for (let skip = offset; skip > 0; skip--) if (!cursor.next()) return 0;
    let visited = 0;
    for (; visited < limit && cursor.next(); visited++) visit?.(cursor);
    return visited;
  } finally {
    cursor.close();
  }
}
