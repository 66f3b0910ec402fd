/**
 * Elements of a vector one after another.
 *
 * @module
 */

import type { HeldCursor } from "../../kernel/definition.ts";
import { serialAt } from "../serial_tree.ts";
import { Chunk } from "./chunk.ts";
import type { VectorShape } from "./vector_shape.ts";

/**
 * Walks over the elements from `from` on and before `to`. It lets go of its view as
 * {@linkcode CursorIterator} does: at the end, when it is left, and when something fails; then it
 * goes on failing.
 */
export class ElementWalk<T, R> implements IterableIterator<R> {
  readonly #shape: VectorShape<T>;
  readonly #cursor: HeldCursor;
  readonly #yield: (index: number, element: T) => R;
  /** The next chunk that there is; beyond all at the end. */
  readonly #chunk: Chunk;
  #index: number;
  #to: number;
  #failure: { readonly error: unknown } | undefined;

  /** Takes over an open cursor over the chunks in question. */
  constructor(
    shape: VectorShape<T>,
    cursor: HeldCursor,
    range: { readonly from: number; readonly to: number },
    make: (index: number, element: T) => R,
  ) {
    this.#shape = shape;
    this.#cursor = cursor;
    this.#yield = make;
    this.#index = range.from;
    this.#to = range.to;
    this.#chunk = new Chunk(shape.layout);
    this.#chunk.begin = -Infinity;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<R> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      const chunk = this.#chunk;
      const { layout, template } = this.#shape;
      while (this.#index < this.#to) {
        if (this.#index >= chunk.begin + layout.capacity) {
          this.#advance();
          continue;
        }
        const at = this.#index - chunk.begin;
        if (at >= 0 && chunk.has(at)) {
          return { done: false, value: this.#yield(this.#index++, layout.read(chunk, at)) };
        }
        if (template !== undefined) {
          return { done: false, value: this.#yield(this.#index++, layout.read(template, 0)) };
        }
        this.#index = at < 0 ? chunk.begin : this.#index + 1;
      }
      return this.return();
    } catch (error) {
      this.#failure = { error };
      this.return();
      throw error;
    }
  }

  return(): IteratorResult<R> {
    this.#to = -1;
    this.#cursor.close();
    return { done: true, value: undefined };
  }

  throw(error?: unknown): IteratorResult<R> {
    this.return();
    throw error;
  }

  #advance(): void {
    const cursor = this.#cursor;
    const chunk = this.#chunk;
    if (!cursor.next()) {
      chunk.begin = Infinity;
      return;
    }
    cursor.loadValue();
    chunk.decode(cursor.valueBytes, cursor.valueBegin, cursor.valueEnd);
    chunk.begin = serialAt(cursor.keyBytes, cursor.keyBegin) * this.#shape.layout.capacity;
  }
}
