/**
 * The iterators of abstract-level. What the base classes ask for is answered at once: reads are
 * synchronous. The base classes count, apply the limit, and decode.
 *
 * @module
 */

import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from "abstract-level";
import type { RangeOptions } from "../../mod.ts";
import type { HoldfastLevel } from "../level.ts";
import type { LevelReader, LevelView } from "./level_view.ts";
import { type LevelRange, LevelWalk } from "./level_walk.ts";

/** What the base classes are given, and which parts of an entry are asked for. */
export interface LevelIteratorOptions extends LevelRange {
  /** Whether keys are read. @default true */
  readonly keys?: boolean;
  /** Whether values are read. @default true */
  readonly values?: boolean;
}

/** The part of an entry that is not asked for is `undefined`. */
export type LevelEntry = [Uint8Array | undefined, Uint8Array | undefined];

function* keyEntries(
  reader: LevelReader,
  range: RangeOptions<Uint8Array>,
): IterableIterator<LevelEntry> {
  for (const key of reader.keys(range)) yield [key, undefined];
}

/** Entries. */
export class LevelIterator<K, V> extends AbstractIterator<HoldfastLevel<K, V>, K, V> {
  readonly #walk: LevelWalk<LevelEntry>;

  /** Takes over a view. */
  constructor(level: HoldfastLevel<K, V>, options: LevelIteratorOptions, view: LevelView) {
    super(level, options as Record<string, unknown>);
    this.#walk = new LevelWalk<LevelEntry>(view, options, (reader, range) => {
      return options.values === false ? keyEntries(reader, range) : reader.range(range);
    });
  }

  /** Moves on. */
  protected async _next(): Promise<LevelEntry | undefined> {
    return this.#walk.next();
  }

  /** Moves on by up to `size`. */
  protected async _nextv(size: number): Promise<LevelEntry[]> {
    return this.#walk.take(size);
  }

  /** Moves to a key. */
  protected _seek(target: Uint8Array): void {
    this.#walk.seek(target);
  }

  /** Lets go of the view. */
  protected async _close(): Promise<void> {
    this.#walk.close();
  }
}

/** Keys. */
export class LevelKeyIterator<K, V> extends AbstractKeyIterator<HoldfastLevel<K, V>, K> {
  readonly #walk: LevelWalk<Uint8Array>;

  /** Takes over a view. */
  constructor(level: HoldfastLevel<K, V>, options: LevelIteratorOptions, view: LevelView) {
    super(level, options as Record<string, unknown>);
    this.#walk = new LevelWalk(view, options, (reader, range) => reader.keys(range));
  }

  /** Moves on. */
  protected async _next(): Promise<Uint8Array | undefined> {
    return this.#walk.next();
  }

  /** Moves on by up to `size`. */
  protected async _nextv(size: number): Promise<Uint8Array[]> {
    return this.#walk.take(size);
  }

  /** Moves to a key. */
  protected _seek(target: Uint8Array): void {
    this.#walk.seek(target);
  }

  /** Lets go of the view. */
  protected async _close(): Promise<void> {
    this.#walk.close();
  }
}

/** Values. */
export class LevelValueIterator<K, V> extends AbstractValueIterator<HoldfastLevel<K, V>, K, V> {
  readonly #walk: LevelWalk<Uint8Array>;

  /** Takes over a view. */
  constructor(level: HoldfastLevel<K, V>, options: LevelIteratorOptions, view: LevelView) {
    super(level, options as Record<string, unknown>);
    this.#walk = new LevelWalk(view, options, (reader, range) => reader.values(range));
  }

  /** Moves on. */
  protected async _next(): Promise<Uint8Array | undefined> {
    return this.#walk.next();
  }

  /** Moves on by up to `size`. */
  protected async _nextv(size: number): Promise<Uint8Array[]> {
    return this.#walk.take(size);
  }

  /** Moves to a key. */
  protected _seek(target: Uint8Array): void {
    this.#walk.seek(target);
  }

  /** Lets go of the view. */
  protected async _close(): Promise<void> {
    this.#walk.close();
  }
}
