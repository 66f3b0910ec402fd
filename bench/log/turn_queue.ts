/**
 * The queue that a user writes in front of an engine which groups nothing: what is added in one turn
 * of the event loop is committed together.
 *
 * @module
 */

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers records for a synchronous, durable commit. */
export class TurnQueue {
  readonly #commit: (records: readonly Uint8Array[]) => void;
  #records: Uint8Array[] = [];
  #waiting: Waiting[] = [];

  constructor(commit: (records: readonly Uint8Array[]) => void) {
    this.#commit = commit;
  }

  /** Resolves when the record is durable. */
  add(record: Uint8Array): Promise<void> {
    if (this.#records.length === 0) setImmediate(() => this.#run());
    this.#records.push(record);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #run(): void {
    const records = this.#records;
    const waiting = this.#waiting;
    this.#records = [];
    this.#waiting = [];
    try {
      this.#commit(records);
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
