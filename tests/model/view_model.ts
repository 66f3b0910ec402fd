/**
 * What a reader sees, entry by entry. A reader of committed states leaves no trace; what a
 * transaction notices of its reads is in `transaction_model.ts`.
 *
 * @module
 */

import { keysOf, type State } from "./state.ts";

/** Which entries a walk goes over. */
export interface WalkBounds {
  /** Whether a key lies within the bounds. */
  readonly within: (key: string) => boolean;
  readonly reverse?: boolean;
}

/** A walk: its bounds, and how many entries it passes at most. */
export interface WalkPlan extends WalkBounds {
  readonly steps?: number;
}

/** The part of a tree that was walked: all within the bounds, or up to `edge`. */
export interface WalkedRange extends WalkBounds {
  readonly tree: string;
  readonly edge?: string;
}

/** Every key. */
export const EVERYTHING: WalkBounds = { within: () => true };

/** Reads a state. */
export class ViewModel {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** What it sees now. */
  get state(): State {
    return this.#state;
  }

  /** The value of an entry, read. */
  get(tree: string, key: string): string | undefined {
    this.noticeKey(`${tree}/${key}`, false);
    return this.peek(tree, key);
  }

  /** Whether an entry is there, read. */
  has(tree: string, key: string): boolean {
    return this.get(tree, key) !== undefined;
  }

  /** The value of an entry, without the transaction noticing. */
  peek(tree: string, key: string): string | undefined {
    return this.state.get(`${tree}/${key}`);
  }

  /** Number of entries, read. */
  count(tree: string): number {
    this.noticeRange({ tree, ...EVERYTHING });
    return keysOf(this.state, tree).length;
  }

  /** The highest key, read. */
  lastKey(tree: string): string | undefined {
    const last = keysOf(this.state, tree).at(-1);
    this.noticeRange({ tree, within: (key) => last === undefined || key >= last });
    return last;
  }

  /** Passes entries in order; what `visit` changes, the walk does not see. */
  walk(
    tree: string,
    plan: WalkPlan,
    visit?: (key: string, value: string) => void,
  ): [string, string][] {
    const { within, reverse = false, steps = Infinity } = plan;
    const state = new Map(this.state);
    const keys = keysOf(state, tree).filter(within);
    if (reverse) keys.reverse();
    const moment = this.moment;
    const found: [string, string][] = [];
    let isWhole = false;
    try {
      for (const key of keys.slice(0, steps)) {
        this.noticePassed(`${tree}/${key}`, moment);
        const value = state.get(`${tree}/${key}`)!;
        found.push([key, value]);
        visit?.(key, value);
      }
      isWhole = keys.length < steps;
    } finally {
      const edge = found.at(-1)?.[0];
      if (isWhole) this.noticeRange({ tree, within });
      else if (edge !== undefined) this.noticeRange({ tree, within, reverse, edge });
    }
    return found;
  }

  /** The moment of a read that goes on over other commits. */
  get moment(): number {
    return 0;
  }

  /** A key is read; `probed`: for the sake of its change. */
  protected noticeKey(_entry: string, _probed: boolean): void {}

  /** A walk that began at a moment passes an entry. */
  noticePassed(_entry: string, _moment: number): void {}

  /** It is learnt which keys a range has. */
  protected noticeRange(_range: WalkedRange): void {}
}
