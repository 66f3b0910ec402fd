/**
 * What was asked of a structure, in order, and what was acknowledged: after a death it is as after a
 * beginning of all that was asked, no shorter than what was acknowledged.
 */

import type { Durability } from "../../mod.ts";
import { type Death, LostError } from "./subject.ts";

/** The operations of one life on one state. */
export class Ledger<State, Operation> {
  readonly #apply: (state: State, operation: Operation) => State;
  readonly #base: State;
  /** The states of the lives before, if this one has some. */
  readonly #before: readonly State[];
  readonly #operations: Operation[] = [];
  readonly #rejected = new Set<Operation>();
  /** How many operations must be there after a power cut, and after the death of the process. */
  #durable = 0;
  #written = 0;
  #states: State[];

  /**
   * @param apply makes a new state: those before it stay as they are
   * @param before the life that ended in the state `base`
   */
  constructor(
    base: State,
    apply: (state: State, operation: Operation) => State,
    before?: Ledger<State, Operation>,
  ) {
    this.#base = base;
    this.#before = before === undefined ? [] : [...before.#before, ...before.states];
    this.#apply = apply;
    this.#states = [base];
  }

  /** Notes what is about to be asked. */
  submit(operation: Operation): void {
    this.#operations.push(operation);
  }

  /** Notes that it was acknowledged, and so all before it that was not rejected. @returns the state */
  acknowledge(operation: Operation, durability: Durability): State {
    this.#forgetRejected(this.#operations.indexOf(operation));
    const count = this.#operations.indexOf(operation) + 1;
    if (durability !== "memory") this.#written = Math.max(this.#written, count);
    if (durability === "disk") this.#durable = Math.max(this.#durable, count);
    return this.states[count]!;
  }

  /** Whether it was acknowledged as durable. */
  isAcknowledged(operation: Operation): boolean {
    const at = this.#operations.indexOf(operation);
    return at >= 0 && at < this.#durable;
  }

  /** Notes that it was refused: it never shows. */
  refuse(operation: Operation): void {
    const at = this.#operations.indexOf(operation);
    if (at < 0) return;
    this.#operations.splice(at, 1);
    this.#states = [this.#base];
    if (at < this.#durable) this.#durable--;
    if (at < this.#written) this.#written--;
  }

  /** Notes that it was rejected: whether it shows nobody knows, until a later one is acknowledged. */
  reject(operation: Operation): void {
    this.#rejected.add(operation);
  }

  /** Notes that all that was acknowledged is durable. */
  synced(): void {
    this.#durable = this.#written;
  }

  /** Whether something was rejected that may show or not. */
  get hasDoubts(): boolean {
    return this.#rejected.size > 0;
  }

  /** Number of operations. */
  get length(): number {
    return this.#operations.length;
  }

  /** The states from the base on, one for each operation. */
  get states(): readonly State[] {
    for (let at = this.#states.length; at <= this.#operations.length; at++) {
      this.#states.push(this.#apply(this.#states[at - 1]!, this.#operations[at - 1]!));
    }
    return this.#states;
  }

  /** The state with all operations. */
  get latest(): State {
    return this.states.at(-1)!;
  }

  /** The operations. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /**
   * Finds out how many operations show: the fewest, where some of them leave no trace.
   * @param found for people
   * @throws {LostError} it is an earlier state than those that are allowed
   * @throws {Error} it is none at all
   */
  match(
    death: Death,
    isFound: (state: State) => boolean,
    found: () => string,
    textOf: (state: State) => string,
  ): number {
    const { states } = this;
    const required = death === "power" ? this.#durable : this.#written;
    for (let count = required; count < states.length; count++) {
      if (isFound(states[count]!)) return count;
    }
    const older = states.findLastIndex(isFound);
    const asked = `${required} of ${states.length - 1} operations were acknowledged`;
    if (older >= 0) throw new LostError(`found the state after ${older}, but ${asked}: ${found()}`);
    if (this.#before.some(isFound)) {
      throw new LostError(`found that of an earlier life: ${found()}`);
    }
    const wanted = states.slice(required).map(textOf).join(",\n  or ");
    throw new Error(`found ${found()}; ${asked}: ${wanted}`);
  }

  #forgetRejected(before: number): void {
    if (this.#rejected.size === 0) return;
    for (let at = before - 1; at >= 0; at--) {
      if (!this.#rejected.delete(this.#operations[at]!)) continue;
      this.#operations.splice(at, 1);
      this.#states = [this.#base];
    }
  }
}
