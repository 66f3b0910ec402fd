/**
 * What structures of a transaction hold back: changes that are in memory only, in a form that is
 * fast to change again, and that go into the write set late and together.
 *
 * Nobody may notice. So a draft is written and forgotten before anything looks at the write set or
 * remembers how long it is (commit, prepare, hooks, savepoints, steps that count as one), and before
 * another view of the same tree reads or changes it; and it is forgotten, not written, when changes
 * are taken back: all it holds was made after the place to which they are.
 *
 * @module
 */

import { allOrNothing } from "./all_or_nothing.ts";
import type { Revertible, WrittenMark } from "./savepoint.ts";

/** What a view of a tree holds back. */
export interface Draft {
  /**
   * Puts all of it into the tree, and goes on holding it back: if that fails, nothing was put. May
   * come in the middle of a call of another view: it uses no buffer that others fill.
   */
  write(): void;
  /** Forgets all that it knows of the tree. Never throws. */
  forget(): void;
}

interface Entered {
  /** The view that the draft belongs to. */
  readonly view: unknown;
  readonly draft: Draft;
}

/** The drafts of one transaction, at most one for each tree. */
export class Drafts {
  readonly #changes: Revertible<WrittenMark>;
  readonly #entered = new Map<number, Entered>();
  #writing = false;

  /** None yet; what they write goes into `changes`. */
  constructor(changes: Revertible<WrittenMark>) {
    this.#changes = changes;
  }

  /** Enters the draft that a view has of a tree. */
  enter(tree: number, view: unknown, draft: Draft): void {
    this.#entered.set(tree, { view, draft });
  }

  /** A view is about to use a tree: what another one holds back of it comes first. */
  precede(tree: number, view: unknown): void {
    const entered = this.#entered.get(tree);
    if (entered === undefined || entered.view === view || this.#writing) return;
    this.#write([entered]);
    this.#entered.delete(tree);
    entered.draft.forget();
  }

  /** Writes and forgets all of them; if that fails, all stay. */
  settle(): void {
    // A large value is written in steps that count as one, and those settle what is there.
    if (this.#writing || this.#entered.size === 0) return;
    this.#write(this.#entered.values());
    this.forget();
  }

  /** Forgets all of them. */
  forget(): void {
    // What a failing write takes back is its own: the drafts still hold all of it.
    if (this.#writing) return;
    for (const { draft } of this.#entered.values()) draft.forget();
    this.#entered.clear();
  }

  #write(entered: Iterable<Entered>): void {
    this.#writing = true;
    try {
      allOrNothing(this.#changes, () => {
        for (const { draft } of entered) draft.write();
      });
    } finally {
      this.#writing = false;
    }
  }
}
