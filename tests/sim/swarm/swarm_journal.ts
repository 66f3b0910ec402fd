/** The swarm's journals: values that replace each other, some of which outgrow their slots. */

import { codec, Journal } from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { settle } from "../settle.ts";
import { forgive, type SwarmLife, type SwarmWorld } from "./swarm_run.ts";

const PATH = "/data/swarm.journal";

type Value = string | undefined;

/** A change that was asked for, in the order of calls. */
interface Attempt {
  readonly value: Value;
  state: "begun" | "acknowledged" | "refused";
}

class JournalLife implements SwarmLife {
  readonly #monotonic: boolean;
  readonly #slots: number;
  #disk!: SimulatedDisk;
  #journal!: Journal<string>;
  /** The value before all attempts. */
  #base: Value;
  #attempts: Attempt[] = [];
  #running: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #count = 0;

  constructor(random: Prng) {
    this.#monotonic = random.below(2) === 0;
    this.#slots = 3 + random.below(2);
  }

  async open(disk: SimulatedDisk): Promise<void> {
    this.#disk = disk;
    const options = this.#monotonic
      ? { codec: codec.string, monotonic: true } as const
      : { codec: codec.string };
    const opening = Journal.open(disk.io, PATH, { ...options, slots: this.#slots });
    this.#journal = await settle(disk, opening);
    const found = this.#journal.get();
    if (!this.#allowed().includes(found)) {
      throw new Error(`it holds ${short(found)}, not one of ${this.#allowed().map(short)}`);
    }
    this.#base = found;
    this.#attempts = [];
  }

  async act(action: string, random: Prng): Promise<void> {
    try {
      await this.#act(action, random);
    } catch (error) {
      forgive(this.#disk, error);
    }
    if (this.#running.length > 6) await this.settle();
  }

  async settle(): Promise<void> {
    for (const one of this.#running.splice(0)) await settle(this.#disk, one);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  halt(): Promise<void> {
    return this.settle();
  }

  async close(): Promise<void> {
    await settle(this.#disk, this.#journal.close());
    this.#base = this.#latest();
    this.#attempts = [];
  }

  async #act(action: string, random: Prng): Promise<void> {
    switch (action) {
      case "set":
        return this.#set(this.#fresh(random.below(60)));
      case "set much":
        return this.#set(this.#fresh(3900 + random.below(300)));
      case "outgrow":
        return this.#set(this.#fresh(4000 + random.below(30_000)));
      case "empty":
        if (!this.#monotonic) this.#set(undefined);
        return;
      case "go back":
        return await this.#goBack();
      case "compare and set":
        return await this.#compareAndSet(random);
      case "look":
        return this.#look();
      default:
        await this.settle();
        this.#look();
    }
  }

  /** A value that was never there, and greater than all before. */
  #fresh(length: number): string {
    return String(++this.#count).padStart(8, "0") + "v".repeat(length);
  }

  #set(value: Value): void {
    this.#follow(value, this.#journal.update(() => value));
  }

  #follow(value: Value, done: Promise<unknown>): void {
    const attempt: Attempt = { value, state: "begun" };
    this.#attempts.push(attempt);
    const disk = this.#disk;
    this.#running.push(done.then(
      () => {
        attempt.state = "acknowledged";
      },
      (error) => {
        attempt.state = "refused";
        try {
          forgive(disk, error);
        } catch (error) {
          this.#failure ??= { error };
        }
      },
    ));
  }

  async #goBack(): Promise<void> {
    if (!this.#monotonic) return;
    await this.settle();
    if (this.#latest() === undefined) return;
    try {
      await settle(this.#disk, this.#journal.update(() => "0"));
    } catch (error) {
      if (isHoldfastError(error) && error.code === "DECREASED") return;
      throw error;
    }
    throw new Error("a monotonic journal went back");
  }

  async #compareAndSet(random: Prng): Promise<void> {
    await this.settle();
    const next = this.#fresh(random.below(30));
    const present = this.#latest();
    const expected = random.below(3) === 0 ? "something else" : present;
    const changing = this.#journal.compareAndSet(expected, next);
    if (expected === present) {
      this.#follow(
        next,
        changing.then((isEqual) => {
          if (!isEqual) throw new Error(`it does not hold ${short(present)}`);
        }),
      );
    } else if (await settle(this.#disk, changing)) throw new Error("it compared wrong");
  }

  /** What `get` shows is durable: no value that is still to be acknowledged, or was refused. */
  #look(): void {
    const found = this.#journal.get();
    if (found === this.#latest()) return;
    const begun = this.#attempts.filter(({ state }) => state === "begun");
    if (!begun.some(({ value }) => value === found)) {
      throw new Error(`readers see ${short(found)}, not ${short(this.#latest())}`);
    }
  }

  /** What was acknowledged last. */
  #latest(): Value {
    const last = this.#attempts.findLast(({ state }) => state === "acknowledged");
    return last === undefined ? this.#base : last.value;
  }

  /** What a death may leave: what was acknowledged last, or what was tried after it. */
  #allowed(): Value[] {
    const last = this.#attempts.findLastIndex(({ state }) => state === "acknowledged");
    return [this.#latest(), ...this.#attempts.slice(last + 1).map(({ value }) => value)];
  }
}

function short(value: Value): string {
  return value === undefined ? "nothing" : `"${value.slice(0, 8)}" of ${value.length}`;
}

/** Journals, monotonic ones and others. */
export const journalWorld: SwarmWorld = {
  name: "journal",
  actions: {
    set: 10,
    "set much": 3,
    outgrow: 1,
    empty: 1,
    "go back": 1,
    "compare and set": 3,
    look: 3,
    rest: 6,
  },
  always: ["set", "cut the power", "rest"],
  begin: (random) => new JournalLife(random),
};
