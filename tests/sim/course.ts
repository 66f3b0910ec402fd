/** The rules of `Subject.play` that every life of a structure keeps: which errors end what, and when it is over. */

import type { SimulatedDisk } from "../../adapters/simulated.ts";
import { type HoldfastError, isHoldfastError } from "../../src/errors.ts";
import { settle } from "./settle.ts";
import type { Death } from "./subject.ts";

/** A life goes on after this many failures of an injected kind, and then ends. */
const FAILURES_MAX = 6;
/** Turns without a change of the disk after which nothing goes on unasked. */
const QUIET_TURNS = 8;

/** One life of a structure: from opening it to the end of what is done with it, or of the power. */
export abstract class Course {
  readonly disk: SimulatedDisk;
  #failures = 0;

  constructor(disk: SimulatedDisk) {
    this.disk = disk;
  }

  /** Whether the structure can be used. */
  protected abstract get isOpen(): boolean;
  /** Opens it, and compares what it finds. */
  protected abstract reopen(): Promise<void>;
  /** Lets go of it after a failure. Whatever that throws means nothing any more. */
  protected abstract abandon(): Promise<unknown>;

  /** Whether nothing goes on after a failure until it is opened again. */
  protected mustReopen(error: HoldfastError): boolean {
    return error.code === "POISONED";
  }

  /** What a store that is opened again must have survived: a failed sync may lose what a power cut may. */
  protected get death(): Death {
    return this.disk.injected > 0 ? "power" : "process";
  }

  /** Whether an error is what the disk's state lets one expect. */
  isExpected(error: unknown): error is HoldfastError {
    return isHoldfastError(error) && (this.disk.isDark || this.disk.injected > 0);
  }

  /** Does one thing after the other, goes on behind injected failures, and ends with the power. */
  async live(steps: readonly (() => Promise<void>)[]): Promise<void> {
    for (const step of steps) {
      try {
        if (!this.isOpen) await this.reopen();
        await step();
      } catch (error) {
        if (!this.isExpected(error)) throw error;
        if (this.disk.isDark || ++this.#failures > FAILURES_MAX) break;
        if (this.isOpen && this.mustReopen(error)) {
          await settle(this.disk, this.abandon().catch((failure) => this.#check(failure)));
        }
      }
    }
    await this.#quiet();
  }

  /** Waits for all, then throws what is worst. */
  async all(running: readonly Promise<unknown>[]): Promise<void> {
    const ends = await settle(this.disk, Promise.allSettled(running));
    const errors = ends.filter((end) => end.status === "rejected").map((end) => end.reason);
    if (errors.length === 0) return;
    throw errors.find((error) => !this.isExpected(error)) ??
      errors.find((error) => (error as HoldfastError).code === "POISONED") ?? errors[0];
  }

  #check(error: unknown): void {
    if (!this.isExpected(error)) throw error;
  }

  /** Lets what goes on unasked come to its end. */
  async #quiet(): Promise<void> {
    let before = -1;
    while (!this.disk.isDark && before !== this.disk.operations) {
      before = this.disk.operations;
      for (let turn = 0; turn < QUIET_TURNS; turn++) {
        await new Promise<void>((resolve) => this.disk.io.nextTurn(resolve));
      }
    }
  }
}
