/**
 * One decision of a power cut.
 *
 * @module
 */

import type { CrashDecision } from "./simulated_policy.ts";

/** A pending decision; its label is made when somebody asks for it. */
export class PendingDecision implements CrashDecision {
  readonly operation: number;
  readonly kind: CrashDecision["kind"];
  readonly #what: string;
  readonly #from: number;
  readonly #to: number;

  /** For a size `from` and `to` are the sizes; else `from` is where in the file it is. */
  constructor(
    operation: number,
    kind: CrashDecision["kind"],
    what: string,
    from: number = 0,
    to: number = 0,
  ) {
    this.operation = operation;
    this.kind = kind;
    this.#what = what;
    this.#from = from;
    this.#to = to;
  }

  get label(): string {
    const what = `#${this.operation} ${this.#what}`;
    if (this.kind === "name") return what;
    if (this.kind === "size") return `${what} size ${this.#from} -> ${this.#to}`;
    return `${what} ${this.kind === "sector" ? "sector at" : "truncate"} ${this.#from}`;
  }
}
