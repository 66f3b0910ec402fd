/**
 * Journals: calls that overlap, beside the list of all values that they make, over reopening and
 * power cuts.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, isHoldfastError, Journal } from "../../mod.ts";
import type { Subject } from "./subject.ts";

/** Commands of a run, at most. */
const COMMANDS_MAX = 40;
const PATH = "/data/model.journal";

type Value = string | undefined;

/** One journal on a disk, and every value that it was given, in order. */
class JournalScene {
  readonly #monotonic: boolean;
  readonly #slots: number;
  #disk = new SimulatedDisk({ seed: 1, profile: "no-psow" });
  #journal: Journal<string> | undefined;
  /** The last is what the next change finds; those before `#durable` are gone for good. */
  #values: Value[] = [undefined];
  #durable = 0;
  #calls: Promise<void>[] = [];

  constructor(monotonic: boolean, slots: number) {
    this.#monotonic = monotonic;
    this.#slots = slots;
  }

  async open(): Promise<void> {
    const options = this.#monotonic
      ? { codec: codec.string, monotonic: true } as const
      : { codec: codec.string };
    this.#journal = await Journal.open(this.#disk.io, PATH, { ...options, slots: this.#slots });
  }

  /** Begins a change and says how it must end. */
  change(next: Value, expected: Value | "present" | "none"): void {
    const present = this.#values.at(-1);
    const wanted = expected === "present" ? present : expected;
    const isTaken = expected === "none" || wanted === present;
    const isLess = next === undefined ? present !== undefined : next < (present ?? "");
    const isRefused = isTaken && this.#monotonic && isLess;
    const at = this.#values.length;
    if (isTaken && !isRefused) this.#values.push(next);
    const call = expected === "none"
      ? this.#journal!.update(() => next)
      : this.#journal!.compareAndSet(wanted, next);
    this.#calls.push(call.then(
      (result) => {
        assert.equal(isRefused, false, "it should have been refused");
        assert.equal(result, expected === "none" ? next : isTaken);
        if (isTaken) this.#durable = Math.max(this.#durable, at);
      },
      (error) => {
        if (this.#disk.isDark) return;
        if (!isRefused || !isHoldfastError(error)) throw error;
        assert.equal(error.code, "DECREASED");
      },
    ));
  }

  /** Begins one that ends with its own error. */
  fail(): void {
    const mistake = new Error("no");
    const call = this.#journal!.update(() => {
      throw mistake;
    });
    this.#calls.push(assert.rejects(call, (error) => error === mistake || this.#disk.isDark));
  }

  look(): void {
    const found = this.#journal!.get();
    assert.ok(this.#values.includes(found, this.#durable), "an old value, or one never made");
  }

  async settle(): Promise<void> {
    await Promise.all(this.#calls.splice(0));
    if (this.#disk.isDark) return;
    assert.equal(this.#journal!.get(), this.#values.at(-1));
    this.#values = this.#values.slice(-1);
    this.#durable = 0;
  }

  async reopen(): Promise<void> {
    await this.#journal!.close();
    await Promise.all(this.#calls.splice(0));
    this.#values = this.#values.slice(-1);
    this.#durable = 0;
    await this.open();
    assert.equal(this.#journal!.get(), this.#values[0]);
  }

  /** The power goes during what is under way, or while the journal is opened after that. */
  async crash(after: number, choice: number): Promise<void> {
    this.#disk.cutAt(this.#disk.operations + after);
    await this.settle();
    const policies = this.#disk.policies({ limit: 12, seed: choice });
    this.#disk = this.#disk.crash(policies[choice % policies.length]!);
    await this.open();
    const found = this.#journal!.get();
    const at = this.#values.indexOf(found, this.#durable);
    assert.ok(at >= 0, "an acknowledged value is gone, or there is one that nobody gave");
    this.#values = [found];
    this.#durable = 0;
    assert.ok(this.#journal!.damagedSlots.length < this.#slots);
  }

  async end(): Promise<void> {
    await this.reopen();
    await this.#journal!.close();
  }
}

interface Deed {
  readonly text: string;
  run(scene: JournalScene): void | Promise<void>;
}

/** Small ones that are met again, and ones that outgrow their slots. */
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("", "a", "b", "c", "cc", "d") },
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom("a", "c", "e"), fc.constantFrom(4062, 4063, 4064, 9000))
      .map(([letter, length]) => letter.repeat(length)),
  },
);

const short = (value: Value): string =>
  value === undefined ? "undefined" : `"${value.slice(0, 3)}" of ${value.length}`;

const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 12,
    arbitrary: anyValue.map((value) => ({
      text: `update to ${short(value)}`,
      run: (scene: JournalScene) => scene.change(value, "none"),
    })),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(anyValue, fc.oneof(anyValue, fc.constant("present" as const))).map((
      [value, expected],
    ) => ({
      text: `compare with ${short(expected)} and set ${short(value)}`,
      run: (scene: JournalScene) => scene.change(value, expected),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ text: "fail", run: (scene: JournalScene) => scene.fail() }),
  },
  {
    weight: 3,
    arbitrary: fc.constant({ text: "look", run: (scene: JournalScene) => scene.look() }),
  },
  {
    weight: 5,
    arbitrary: fc.constant({ text: "settle", run: (scene: JournalScene) => scene.settle() }),
  },
  {
    weight: 2,
    arbitrary: fc.constant({ text: "reopen", run: (scene: JournalScene) => scene.reopen() }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(4), fc.nat(30)).map(([after, choice]) => ({
      text: `the power goes after ${after} operations, policy ${choice}`,
      run: (scene: JournalScene) => scene.crash(after, choice),
    })),
  },
);

/** Says what it does where a failure names it. */
function named(deed: Deed): Deed {
  return { ...deed, [fc.toStringMethod]: () => `\n  ${deed.text}` } as Deed;
}

/** All that a journal does. */
export const journalSubject: Subject = {
  name: "journal",
  property: () =>
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(3, 3, 4),
      fc.array(anyDeed.map(named), { maxLength: COMMANDS_MAX, size: "max" }),
      async (monotonic, slots, deeds) => {
        const scene = new JournalScene(monotonic, slots);
        await scene.open();
        for (const deed of deeds) await deed.run(scene);
        await scene.end();
      },
    ),
};
