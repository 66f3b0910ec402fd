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

/** What a view of a tree holds back. */
export interface Draft {
  /** Puts all of it into the tree. When it throws, it holds back what it did before. */
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
  readonly #entered = new Map<number, Entered>();
  #writing = false;

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
    // What a failing write takes back is its own: the draft still holds the rest.
    if (this.#writing) return;
    for (const { draft } of this.#entered.values()) draft.forget();
    this.#entered.clear();
  }

  #write(entered: Iterable<Entered>): void {
    this.#writing = true;
    try {
      for (const { draft } of entered) draft.write();
    } finally {
      this.#writing = false;
    }
  }
}
