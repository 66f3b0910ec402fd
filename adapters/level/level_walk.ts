/**
 * A walk over the entries of a level that can be moved.
 *
 * @module
 */

import type { RangeOptions } from "../../mod.ts";
import { levelError } from "./level_error.ts";
import type { LevelReader, LevelView } from "./level_view.ts";

/** Bounds and direction as abstract-level hands them on: bounds are encoded. */
export interface LevelRange {
  /** Only keys above this one. */
  readonly gt?: Uint8Array;
  /** Only keys from this one on; wins over `gt`. */
  readonly gte?: Uint8Array;
  /** Only keys below this one. */
  readonly lt?: Uint8Array;
  /** Only keys up to this one; wins over `lt`. */
  readonly lte?: Uint8Array;
  /** From high to low. */
  readonly reverse?: boolean;
}

/** Yields something for each entry of a range. */
type Iterate<T> = (reader: LevelReader, range: RangeOptions<Uint8Array>) => IterableIterator<T>;

/** Walks over a view, which is released with it. */
export class LevelWalk<T> {
  readonly #view: LevelView;
  readonly #range: RangeOptions<Uint8Array>;
  readonly #iterate: Iterate<T>;
  #rest: RangeOptions<Uint8Array>;
  /** Made when it is first needed: nothing may throw before somebody can close the walk. */
  #entries: IterableIterator<T> | undefined;

  /** Takes over a view. */
  constructor(view: LevelView, range: LevelRange, iterate: Iterate<T>) {
    this.#view = view;
    this.#range = indexRange(range);
    this.#rest = this.#range;
    this.#iterate = iterate;
  }

  /** The next one, or `undefined` at the end. */
  next(): T | undefined {
    try {
      this.#entries ??= this.#iterate(this.#view.reader, this.#rest);
      const { done, value } = this.#entries.next();
      return done ? undefined : value;
    } catch (error) {
      throw levelError(error);
    }
  }

  /** The next ones, `size` of them or as many as there are. */
  take(size: number): T[] {
    const taken: T[] = [];
    for (let next = this.next(); next !== undefined; next = this.next()) {
      if (taken.push(next) >= size) break;
    }
    return taken;
  }

  /** Goes on at the first key from `target` on, in its direction; at the end if out of range. */
  seek(target: Uint8Array): void {
    this.#entries?.return?.();
    this.#entries = undefined;
    this.#rest = this.#from(target);
  }

  /** Ends it. Idempotent. */
  close(): void {
    this.#entries?.return?.();
    this.#view.release();
  }

  #from(target: Uint8Array): RangeOptions<Uint8Array> {
    const { gt, gte, lt, lte, reverse = false } = this.#range;
    const isOutside = gt !== undefined && compare(target, gt) <= 0 ||
      gte !== undefined && compare(target, gte) < 0 ||
      lt !== undefined && compare(target, lt) >= 0 ||
      lte !== undefined && compare(target, lte) > 0;
    if (isOutside) return { limit: 0 };
    return reverse ? { ...lowest(gt, gte), lte: target, reverse } : {
      ...highest(lt, lte),
      gte: target,
    };
  }
}

/** The range of an index: of two bounds on one side it takes one only. */
export function indexRange(range: LevelRange): RangeOptions<Uint8Array> {
  const { gt, gte, lt, lte, reverse = false } = range;
  return { ...lowest(gt, gte), ...highest(lt, lte), reverse };
}

function lowest(gt?: Uint8Array, gte?: Uint8Array): RangeOptions<Uint8Array> {
  if (gte !== undefined) return { gte };
  return gt === undefined ? {} : { gt };
}

function highest(lt?: Uint8Array, lte?: Uint8Array): RangeOptions<Uint8Array> {
  if (lte !== undefined) return { lte };
  return lt === undefined ? {} : { lt };
}

/** Negative, zero or positive as `a` comes before `b`, is equal to it, or comes after. */
function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
