/**
 * The writing view of a vector.
 *
 * A method that throws has changed nothing. So whatever can be refused comes first: elements are
 * looked at before, and all chunks are at hand, and allowed to be changed, before the first of them
 * is. Where there are too many for that, the method is made of steps that count as one.
 *
 * @module
 */

import type { TreeWriter } from "../../kernel/definition.ts";
import type { ChunkDraft } from "./chunk_draft.ts";
import { chunkNumbers, removeChunks } from "./chunk_range.ts";
import type { ColumnArray, NumberArray } from "./column.ts";
import { ElementReader } from "./vector_reader.ts";
import { VECTOR_LENGTH_MAX, type VectorShape } from "./vector_shape.ts";
import type { VectorWriter } from "./vector_types.ts";

/** Up to so many chunks are changed together in memory. */
const TOGETHER_MAX = 8;

/** Reads and changes a vector. */
export class ElementWriter<T> extends ElementReader<T> implements VectorWriter<T> {
  /** The tree in the transaction. */
  readonly tree: TreeWriter;
  readonly #draft: ChunkDraft;
  readonly #capacity: number;

  /** Binds the chunks of a transaction to what they mean. */
  constructor(shape: VectorShape<T>, draft: ChunkDraft) {
    super(shape, draft);
    this.#draft = draft;
    this.tree = draft.tree;
    this.#capacity = shape.layout.capacity;
  }

  set(index: number, element: T): void {
    const draft = this.#draft;
    const { hot } = draft;
    const at = index - hot.begin;
    const { direct } = this.shape.layout;
    if (
      direct !== undefined && hot.dirty && at >= 0 && (at | 0) === at && at < this.#capacity &&
      index < draft.known && draft.revision === this.tree.revision
    ) {
      direct.check(element);
      direct.write(hot.arrays[0]!, at, element);
      hot.mark(at);
      return;
    }
    this.#set(index, element);
  }

  push(...elements: T[]): number {
    if (elements.length !== 1) return this.#append(elements);
    const element = elements[0]!;
    const draft = this.#draft;
    const { hot, known } = draft;
    const at = known - hot.begin;
    const { direct } = this.shape.layout;
    if (
      direct !== undefined && hot.dirty && draft.lengthens && at >= 0 && at < this.#capacity &&
      draft.revision === this.tree.revision && known < VECTOR_LENGTH_MAX
    ) {
      direct.check(element);
      direct.write(hot.arrays[0]!, at, element);
      hot.mark(at);
      return draft.known = known + 1;
    }
    const { length } = this;
    this.#set(length, element);
    return length + 1;
  }

  pop(): T | undefined {
    const { length } = this;
    return length === 0 ? undefined : this.#dropLast(length, length - 1);
  }

  swapRemove(index: number): T | undefined {
    checkIndex(index);
    const { length } = this;
    return index < length ? this.#dropLast(length, index) : undefined;
  }

  insert(index: number, ...elements: T[]): number {
    checkIndex(index);
    const { length } = this;
    if (index > length) throw new RangeError(`Cannot insert at ${index}: the length is ${length}`);
    if (elements.length === 0) return length;
    const behind = length + elements.length;
    this.#takeAll(elements, behind);
    this.#together(index, behind, (many) => {
      this.#lengthen(behind, many);
      this.#shift(index, length, elements.length, many);
      for (let i = 0; i < elements.length; i++) this.#put(index + i, elements[i]!);
    });
    return behind;
  }

  removeAt(index: number): T | undefined {
    checkIndex(index);
    const { length } = this;
    if (index >= length) return undefined;
    const element = this.get(index);
    this.#together(index, length, (many) => {
      const chunk = this.#draft.own(index);
      chunk.clear(index - chunk.begin);
      this.#shift(index + 1, length, -1, many);
      this.#lengthen(length - 1, false);
    });
    return element;
  }

  delete(index: number): boolean {
    checkIndex(index);
    if (!this.has(index)) return false;
    this.#draft.relieve();
    const chunk = this.#draft.own(index);
    chunk.clear(index - chunk.begin);
    return true;
  }

  truncate(length: number): void {
    checkLength(length);
    const present = this.length;
    if (length >= present) return;
    this.#together(length, present, (many) => {
      const draft = this.#draft;
      const first = Math.floor(length / this.#capacity);
      const last = Math.floor((present - 1) / this.#capacity);
      if (many) removeChunks(this.tree, first);
      for (let number = first; number <= (many ? first : last); number++) {
        const chunk = draft.own(number * this.#capacity);
        chunk.clearFrom(length - chunk.begin);
      }
      this.#lengthen(length, false);
    });
  }

  resize(length: number, fill?: T): void {
    checkLength(length);
    const present = this.length;
    if (length <= present) return this.truncate(length);
    if (fill === undefined) {
      this.#draft.relieve();
      return this.#lengthen(length, true);
    }
    this.shape.layout.take(fill);
    this.#together(present, length, (many) => {
      this.#lengthen(length, many);
      this.#fill(present, length, many);
    });
  }

  reserve(length: number): void {
    checkLength(length);
  }

  fill(element: T, from?: number, to?: number): void {
    this.shape.layout.take(element);
    const span = this.span(from, to);
    if (span.from === span.to) return;
    const steps = (many: boolean): void => this.#fill(span.from, span.to, many);
    this.#together(span.from, span.to, steps, false);
  }

  extend(elements: Iterable<T>): number {
    if (typeof (elements as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function") {
      throw new TypeError("A vector is extended by what can be iterated");
    }
    return this.tree.atomic(() => {
      const { direct } = this.shape.layout;
      if (direct !== undefined && elements instanceof direct.type) this.#extendArray(elements);
      else for (const element of elements) this.push(element);
      return this.length;
    });
  }

  clear(): void {
    this.truncate(0);
  }

  protected override settle(): void {
    this.#draft.settle();
  }

  #set(index: number, element: T): void {
    checkIndex(index);
    const { layout } = this.shape;
    const draft = this.#draft;
    layout.take(element);
    draft.relieve();
    const grows = index >= this.length;
    if (grows) this.#prepareGrowth(index + 1);
    const chunk = draft.own(index);
    if (grows) draft.known = index + 1;
    layout.write(chunk, index - chunk.begin);
  }

  #put(index: number, element: T): void {
    this.shape.layout.take(element);
    const chunk = this.#draft.own(index);
    this.shape.layout.write(chunk, index - chunk.begin);
  }

  /** Looks at all elements before the first is written. */
  #takeAll(elements: readonly T[], length: number): void {
    for (const element of elements) this.shape.layout.take(element);
    checkLength(length);
  }

  #append(elements: readonly T[]): number {
    const { length } = this;
    const behind = length + elements.length;
    this.#takeAll(elements, behind);
    this.#together(length, behind, (many) => {
      this.#lengthen(behind, many);
      for (let i = 0; i < elements.length; i++) this.#put(length + i, elements[i]!);
    });
    return behind;
  }

  /** Adds what is of the type of the column: every entry is an element. */
  #extendArray(elements: ColumnArray): void {
    const draft = this.#draft;
    const source = elements as NumberArray;
    const { length } = this;
    checkLength(length + source.length);
    for (let from = 0; from < source.length;) {
      draft.relieve();
      this.#prepareGrowth(length + from + 1);
      const chunk = draft.own(length + from);
      const at = length + from - chunk.begin;
      const count = Math.min(source.length - from, this.#capacity - at);
      (chunk.arrays[0] as NumberArray).set(source.subarray(from, from + count), at);
      for (let slot = at; slot < at + count; slot++) chunk.mark(slot);
      from += count;
      draft.known = length + from;
    }
  }

  /** Removes an element, puts the last one in its place, and makes the vector one shorter. */
  #dropLast(length: number, index: number): T | undefined {
    const draft = this.#draft;
    draft.relieve();
    const element = this.get(index);
    draft.ownLength();
    const last = draft.own(length - 1);
    const at = length - 1 - last.begin;
    const target = draft.own(index);
    if (index < length - 1) target.copy(last, at, index - target.begin);
    last.clear(at);
    draft.known = length - 1;
    return element;
  }

  /** Writes the element that was taken last to a range. */
  #fill(from: number, to: number, many: boolean): void {
    const { layout } = this.shape;
    for (let index = from; index < to;) {
      if (many) this.#draft.relieve();
      const chunk = this.#draft.own(index);
      const end = Math.min(to, chunk.begin + this.#capacity);
      for (; index < end; index++) layout.write(chunk, index - chunk.begin);
    }
  }

  /**
   * Runs the steps of a method that changes elements from `from` on and before `to`, and the length
   * unless it says so: `many` says that its chunks are not all at hand.
   */
  #together(from: number, to: number, steps: (many: boolean) => void, resizes = true): void {
    if (from >= to) return;
    const draft = this.#draft;
    const first = Math.floor(from / this.#capacity);
    const last = Math.floor((to - 1) / this.#capacity);
    if (last - first >= TOGETHER_MAX) return this.tree.atomic(() => steps(true));
    draft.relieve();
    if (resizes) draft.ownLength();
    for (let number = first; number <= last; number++) draft.own(number * this.#capacity);
    steps(false);
  }

  /** Gives it another length; `prepare`: it is longer, and its new chunks are not at hand. */
  #lengthen(length: number, prepare: boolean): void {
    if (prepare) this.#prepareGrowth(length);
    this.#draft.ownLength();
    this.#draft.known = length;
  }

  /**
   * Removes what others may have left beyond the length, and makes ready to change it. A chunk that
   * is read before the length is raised shows nothing beyond it, and is written so.
   */
  #prepareGrowth(length: number): void {
    checkLength(length);
    const draft = this.#draft;
    const present = draft.ownLength();
    const above = Math.floor(present / this.#capacity);
    const last = Math.floor((length - 1) / this.#capacity);
    if (last > above) removeChunks(this.tree, above, last);
    draft.ownLength();
    draft.own(present);
  }

  /** Moves the elements from `from` on and before `to` by some places, where nothing stands. */
  #shift(from: number, to: number, by: number, many: boolean): void {
    if (from >= to) return;
    const draft = this.#draft;
    const capacity = this.#capacity;
    for (const number of this.#chunks(from, to, by > 0, many)) {
      if (many) draft.relieve();
      const begin = Math.max(from, number * capacity);
      const end = Math.min(to, (number + 1) * capacity);
      const source = draft.own(begin);
      for (let step = 0; step < end - begin; step++) {
        const index = by > 0 ? end - 1 - step : begin + step;
        const at = index - source.begin;
        if (!source.has(at)) continue;
        const target = draft.own(index + by);
        target.copy(source, at, index + by - target.begin);
        source.clear(at);
      }
    }
  }

  /** The numbers of the chunks that may have elements of a range. */
  #chunks(from: number, to: number, reverse: boolean, many: boolean): Iterable<number> {
    const first = Math.floor(from / this.#capacity);
    const last = Math.floor((to - 1) / this.#capacity);
    if (many) {
      this.#draft.settle();
      return chunkNumbers(this.tree, first, last, reverse);
    }
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    return reverse ? numbers.reverse() : numbers;
  }
}

/** @throws {RangeError} unless it is a whole number from 0 to 2^53 - 2 */
function checkIndex(index: number): void {
  if (Number.isSafeInteger(index) && index >= 0 && index < VECTOR_LENGTH_MAX) return;
  throw new RangeError(`The index of an element is a whole number from 0 to 2^53 - 2: ${index}`);
}

/** @throws {RangeError} unless it is a whole number from 0 to 2^53 - 1 */
function checkLength(length: number): void {
  if (Number.isSafeInteger(length) && length >= 0) return;
  throw new RangeError(`The length of a vector is a whole number from 0 to 2^53 - 1: ${length}`);
}
