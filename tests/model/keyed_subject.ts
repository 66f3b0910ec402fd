/**
 * Random lives of a structure that is keys and values: transactions that meet, savepoints,
 * checkpoints, reopens and power cuts, against a {@linkcode KeyedModel}.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Database, type Isolation, type Transaction } from "../../mod.ts";
import { assertWhole } from "../kernel/checked.ts";
import { KeyedModel, type KeyedTransaction } from "./keyed_model.ts";
import { codeOf, outcomeOf, Refusal } from "./refusal.ts";
import type { Subject } from "./subject.ts";

/** What a structure has to say of itself. */
export interface KeyedOptions<Operation> {
  /** Name of the subject. */
  readonly name: string;
  /** What its transactions do. */
  readonly operations: fc.Arbitrary<Operation>;
  /** Does it. @returns what is to be compared, or a promise of it */
  real(operation: Operation, tx: Transaction): unknown;
  /** Does it in the model. */
  model(operation: Operation, tx: KeyedTransaction): unknown;
  /** Creates the structure. */
  create(tx: Transaction): void;
  /** All its entries, by key; compares all ways to read them. */
  read(from: Pick<Database, "open">): ReadonlyMap<string, string>;
  /** Transactions that it makes of its own, if there are any: in both. */
  readonly upkeep?: {
    /** Which of them. */
    readonly choices: fc.Arbitrary<unknown>;
    /** Does them. */
    run(choice: unknown, db: Database, model: KeyedModel): Promise<void>;
  };
}

type Step<Operation> =
  | { readonly do: "begin"; readonly slot: number; readonly level: Isolation }
  | { readonly do: "change"; readonly slot: number; readonly operation: Operation }
  | { readonly do: "commit" | "rollback" | "savepoint" | "back"; readonly slot: number }
  | { readonly do: "checkpoint" | "reopen" }
  | { readonly do: "upkeep"; readonly choice: unknown }
  | {
    readonly do: "crash";
    readonly after: number;
    readonly policy: number;
    readonly commits: readonly (readonly Operation[])[];
  };

const PATH = "/keyed.hold";
const SLOTS = 3;
const STEPS_MAX = 40;
const POLICIES = 12;

const anyLevel: fc.Arbitrary<Isolation> = fc.constantFrom(
  "snapshot",
  "serializable",
  "last-win",
  "version-on-write",
  "version-on-read",
);

function anyStep<Operation>(
  operation: fc.Arbitrary<Operation>,
  choices: fc.Arbitrary<unknown> | undefined,
): fc.Arbitrary<Step<Operation>> {
  const slot = fc.nat(SLOTS - 1);
  const upkeep = choices === undefined ? [] : [{
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("upkeep"), choice: choices }),
  }];
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("begin"), slot, level: anyLevel }) },
    { weight: 14, arbitrary: fc.record({ do: fc.constant("change"), slot, operation }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("commit"), slot }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom("rollback", "savepoint", "back"), slot }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("checkpoint", "reopen") }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("crash"),
        after: fc.oneof(fc.nat(3), fc.nat(12)),
        policy: fc.nat(1000),
        commits: fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
      }),
    },
    ...upkeep,
  ) as fc.Arbitrary<Step<Operation>>;
}

/** A transaction in both, and its savepoint. */
interface Pair {
  readonly real: Transaction;
  readonly model: KeyedTransaction;
  back?: () => void;
}

class Life<Operation> {
  readonly #options: KeyedOptions<Operation>;
  readonly #model = new KeyedModel();
  readonly #slots: (Pair | undefined)[] = [];
  #disk = new SimulatedDisk({ seed: 3, profile: "hostile" });
  #db!: Database;

  constructor(options: KeyedOptions<Operation>) {
    this.#options = options;
  }

  async run(steps: readonly Step<Operation>[]): Promise<void> {
    await this.#open();
    await this.#db.update((tx) => this.#options.create(tx));
    for (const step of steps) await this.#step(step);
    await this.#reopen();
    await assertWhole(this.#db);
    await this.#db.close();
  }

  async #step(step: Step<Operation>): Promise<void> {
    switch (step.do) {
      case "begin":
        this.#slots[step.slot]?.real.rollback();
        this.#slots[step.slot] = {
          real: this.#db.begin({ isolation: step.level }),
          model: this.#model.begin(step.level),
        };
        return;
      case "change": {
        const pair = this.#slots[step.slot];
        if (pair !== undefined) await this.#change(pair, step.operation);
        return;
      }
      case "upkeep":
        await this.#options.upkeep?.run(step.choice, this.#db, this.#model);
        return this.#compare();
      case "checkpoint":
        await this.#db.checkpoint();
        return this.#compare();
      case "reopen":
        return await this.#reopen();
      case "crash":
        return await this.#crash(step.commits, step.after, step.policy);
      default: {
        const pair = this.#slots[step.slot];
        if (pair !== undefined) await this.#turn(pair, step.do, step.slot);
      }
    }
  }

  async #turn(
    pair: Pair,
    turn: "commit" | "rollback" | "savepoint" | "back",
    slot: number,
  ): Promise<void> {
    if (turn === "savepoint") {
      const savepoint = pair.real.savepoint();
      const mark = pair.model.mark();
      pair.back = () => {
        savepoint.rollback();
        pair.model.undo(mark);
      };
    } else if (turn === "back") {
      pair.back?.();
      delete pair.back;
    } else {
      this.#slots[slot] = undefined;
      if (turn === "rollback") return pair.real.rollback();
      const wanted = outcomeOf(() => pair.model.commit());
      const found = await pair.real.commit().catch((error) => `refused: ${codeOf(error)}`);
      assert.equal(found, wanted);
      this.#compare();
    }
  }

  /** Awaited only where it has to be: a turn for nothing would part commits that share a sync. */
  #change({ real, model }: Pair, operation: Operation): void | Promise<void> {
    const found = outcomeOf(() => this.#options.real(operation, real));
    if (found instanceof Promise) {
      return found.catch((error) => `refused: ${codeOf(error)}`).then((found) => {
        assert.deepEqual(found, outcomeOf(() => this.#options.model(operation, model)));
      });
    }
    assert.deepEqual(found, outcomeOf(() => this.#options.model(operation, model)));
  }

  #compare(): void {
    assert.deepEqual(this.#options.read(this.#db), sorted(this.#model.values));
  }

  async #open(): Promise<void> {
    this.#slots.length = 0;
    this.#db = await Database.open(PATH, {
      io: this.#disk.io,
      logBytes: 256 * 1024,
      cacheBytes: 1024 * 1024,
    });
  }

  async #reopen(): Promise<void> {
    await this.#db.close();
    await this.#open();
    this.#compare();
  }

  /** Commits follow each other and the power goes meanwhile: some first ones of them are left. */
  async #crash(
    commits: readonly (readonly Operation[])[],
    after: number,
    policy: number,
  ): Promise<void> {
    const disk = this.#disk;
    disk.cutAt(disk.operations + after);
    const states = [this.#model.values];
    const ends: Promise<boolean>[] = [];
    for (const operations of commits) {
      // A commit that has met the power cut has no place in the order, and may be left all the same.
      if (disk.isDark) break;
      const pair = { real: this.#db.begin(), model: this.#model.begin("snapshot") };
      try {
        for (const operation of operations) {
          const changing = this.#change(pair, operation);
          if (changing !== undefined) await changing;
        }
      } catch (error) {
        // A large value is written at once: it has met the power cut, and was refused.
        if (!disk.isDark) throw error;
        pair.real.rollback();
        break;
      }
      pair.model.commit();
      states.push(this.#model.values);
      ends.push(pair.real.commit().then(() => true, codeOf).then((end) => end === true));
    }
    const acknowledged = (await Promise.all(ends)).lastIndexOf(true) + 1;
    const policies = disk.policies({ limit: POLICIES, seed: policy });
    this.#disk = disk.crash(policies[policy % policies.length]!);
    await this.#db.close().catch(codeOf);
    await this.#open();
    const found = JSON.stringify([...this.#options.read(this.#db)]);
    const left = states.findLastIndex((state) => JSON.stringify([...sorted(state)]) === found);
    assert.ok(left >= acknowledged, `${left} commits are left of ${acknowledged}: ${found}`);
    this.#model.restart(states[left]!);
    this.#compare();
  }
}

function sorted(values: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...values].sort(([a], [b]) => a < b ? -1 : 1));
}

/** The subject of a structure. */
export function keyedSubject<Operation>(options: KeyedOptions<Operation>): Subject {
  const steps = fc.array(anyStep(options.operations, options.upkeep?.choices), {
    maxLength: STEPS_MAX,
    size: "max",
  });
  return {
    name: options.name,
    property: () => fc.asyncProperty(steps, (drawn) => new Life(options).run(drawn)),
  };
}

/** What the model throws where the library does. */
export { Refusal };
