/**
 * Lets changes run between reads of large pages. A page of a megabyte takes the thread for a
 * millisecond or two, and who catches up asks for the next one at once: with some readers, all turns
 * of the event loop were theirs. So of large pages one is read in a turn, and where changes have come
 * since the last one was read, the next one waits four times the time that it took.
 *
 * PERF: 16 writers beside four readers of 20 MB keep 28 to 46 % of their rate, not 9 %.
 *
 * @module
 */

import type { IoAdapter } from "../io/adapter.ts";

/** Pages from this size on (64 KiB) are large: below it a read takes less than a commit. */
export const LARGE_PAGE_BYTES: number = 64 * 1024;

/** So many times what a large page has taken is left to changes before the next one. */
const CHANGES_SHARE = 4;

/** Decides when the next large page is read. */
export class ReadPace {
  readonly #io: Pick<IoAdapter, "monotonic" | "nextTurn">;
  readonly #changes: () => number;
  /** Until when the last page is paid for, in milliseconds of the monotonic clock. */
  #paidAt = -Infinity;
  /** Changes that had come when it was read. */
  #changesThen = 0;
  /** Readers that wait, and the one before them: in call order. */
  #last: Promise<void> | undefined;

  /** `changes` counts the changes that have come so far. */
  constructor(io: Pick<IoAdapter, "monotonic" | "nextTurn">, changes: () => number) {
    this.#io = io;
    this.#changes = changes;
  }

  /** Whether a large page that is wanted now has to wait. */
  get isTaken(): boolean {
    return this.#last !== undefined || this.#isOwing();
  }

  /** Resolves when the next large page may be read, which has to be done at once. */
  async turn(): Promise<void> {
    const mine = (this.#last ?? Promise.resolve()).then(() => this.#paid());
    this.#last = mine;
    await mine;
    if (this.#last === mine) this.#last = undefined;
  }

  /** A large page was read from `began` on. */
  read(began: number): void {
    const now = this.#io.monotonic();
    this.#paidAt = now + CHANGES_SHARE * (now - began);
    this.#changesThen = this.#changes();
  }

  async #paid(): Promise<void> {
    do {
      await new Promise<void>((resolve) => this.#io.nextTurn(resolve));
    } while (this.#isOwing());
  }

  #isOwing(): boolean {
    return this.#changes() !== this.#changesThen && this.#io.monotonic() < this.#paidAt;
  }
}
