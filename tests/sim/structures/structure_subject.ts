/**
 * A structure of a database as a subject of the campaigns: transactions that change it and a model of
 * it alike, and its readers, which must show the model after some commit.
 */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { Database, type DatabaseOptions, type Durability, type Transaction } from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { Course } from "../course.ts";
import { Ledger } from "../ledger.ts";
import { settle } from "../settle.ts";
import {
  DamageFoundError,
  type Death,
  type Recovered,
  type Structure,
  type Subject,
  type Witness,
} from "../subject.ts";

const OPTIONS: DatabaseOptions = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };

/** What a structure holds, by names of any kind. Never changed in place. */
export type Model = ReadonlyMap<string, string>;

/** One commit: what it does to the structure, and what that should do to the model. */
export interface Change {
  /** Runs first, once. */
  readonly run: (tx: Transaction) => void;
  readonly apply: (model: Model) => Model;
}

/** A kind of structure. */
export interface StructureKind {
  readonly structure: Structure;
  /** All that readers see, in any fixed order. */
  read(database: Database): Iterable<string>;
  /** What they are to see of a model. */
  show(model: Model): Iterable<string>;
  /** Some change of a structure that is like the model. */
  change(random: Prng, model: Model): Change;
}

/** Some text; all of it differs from that of another draw. */
export function textOf(random: Prng, length: number): string {
  let text = "";
  while (text.length < length) text += random.next().toString(36);
  return text.slice(0, length);
}

/** A model with an entry set, or removed. */
export function withEntry(model: Model, key: string, value: string | undefined): Model {
  const next = new Map(model);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

function openDatabase(disk: SimulatedDisk): Promise<Database> {
  return settle(disk, Database.open("/data/store.hold", { ...OPTIONS, io: disk.io }));
}

/** One life of a database with one structure. */
export class StructureLife extends Course {
  readonly random: Prng;
  readonly kind: StructureKind;
  ledger: Ledger<Model, Change>;
  #database: Database | undefined;

  constructor(
    disk: SimulatedDisk,
    random: Prng,
    kind: StructureKind,
    ledger: Ledger<Model, Change>,
    database?: Database,
  ) {
    super(disk);
    this.random = random;
    this.kind = kind;
    this.ledger = ledger;
    this.#database = database;
  }

  get database(): Database {
    if (this.#database === undefined) throw new Error("the database is not open");
    return this.#database;
  }

  protected override get isOpen(): boolean {
    return this.#database !== undefined;
  }

  protected override async reopen(): Promise<void> {
    const database = await openDatabase(this.disk);
    const count = matchStructure(database, this.kind, this.ledger, this.death);
    this.ledger = new Ledger(this.ledger.states[count]!, applyChange, this.ledger);
    this.#database = database;
  }

  protected override abandon(): Promise<unknown> {
    const { database } = this;
    this.#database = undefined;
    return database.close();
  }

  /** Commits a change, or one that the kind chooses. */
  async commit(change?: Change, durability: Durability = "disk"): Promise<void> {
    const { ledger, database, kind, random } = this;
    const chosen = change ?? kind.change(random, ledger.latest);
    let hasRun = false;
    const running = database.update((tx) => {
      chosen.run(tx);
      hasRun = true;
    }, { durability });
    if (!hasRun) return await running;
    ledger.submit(chosen);
    try {
      await running;
      ledger.acknowledge(chosen, durability);
    } catch (error) {
      ledger.reject(chosen);
      throw error;
    }
  }

  /** Commits several changes that the kind chooses, in one turn. */
  async group(count: number, durability: Durability = "disk"): Promise<void> {
    await this.all(Array.from({ length: count }, () => this.commit(undefined, durability)));
    this.verify();
  }

  /** One commit of many changes that the kind chooses. */
  async many(count: number): Promise<void> {
    const { kind, random } = this;
    const changes: Change[] = [];
    let present = this.ledger.latest;
    const run = (tx: Transaction): void => {
      for (let i = 0; i < count; i++) {
        const change = kind.change(random, present);
        change.run(tx);
        present = change.apply(present);
        changes.push(change);
      }
    };
    const apply = (model: Model): Model =>
      changes.reduce((state, change) => change.apply(state), model);
    await this.all([this.commit({ run, apply })]);
    this.verify();
  }

  async checkpoint(): Promise<void> {
    await this.all([this.database.checkpoint(), this.commit(), this.commit()]);
  }

  async close(): Promise<void> {
    await settle(this.disk, this.abandon());
  }

  /** Compares what readers see with all commits; call when nothing waits. */
  verify(): void {
    if (this.ledger.hasDoubts) return;
    const found = [...this.kind.read(this.database)].join("\n");
    const wanted = [...this.kind.show(this.ledger.latest)].join("\n");
    if (found !== wanted) throw new Error(`readers see it ${differences(wanted, found)}`);
  }
}

function applyChange(model: Model, change: Change): Model {
  return change.apply(model);
}

function matchStructure(
  database: Database,
  kind: StructureKind,
  ledger: Ledger<Model, Change>,
  death: Death,
): number {
  const found = [...kind.read(database)].join("\n");
  const show = (model: Model): string => {
    let text = shown.get(model);
    if (text === undefined) shown.set(model, text = [...kind.show(model)].join("\n"));
    return text;
  };
  return ledger.match(death, (model) => show(model) === found, () => "another state", (model) => {
    return differences(show(model), found);
  });
}

/** For people: lines that only one of two texts has, each cut off where it gets long. */
function differences(wanted: string, found: string): string {
  const [ours, theirs] = [wanted.split("\n"), found.split("\n")];
  const missing = ours.filter((line) => !theirs.includes(line)).map((line) => `without ${line}`);
  const extra = theirs.filter((line) => !ours.includes(line)).map((line) => `with ${line}`);
  const lines = [...missing, ...extra].map((line) => line.slice(0, 90));
  return lines.length === 0 ? "in another order" : lines.slice(0, 12).join("; ");
}

/** PERF: a life is judged many times. */
const shown = new WeakMap<Model, string>();

class StructureWitness implements Witness {
  readonly #kind: StructureKind;
  readonly #ledger: Ledger<Model, Change>;

  constructor({ kind, ledger }: StructureLife) {
    this.#kind = kind;
    this.#ledger = ledger;
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const kind = this.#kind;
    const database = await openDatabase(disk);
    const count = matchStructure(database, kind, this.#ledger, death);
    const { ok, problems } = await settle(disk, database.check());
    if (!ok || problems.length > 0) {
      throw new DamageFoundError(`check: ${JSON.stringify(problems)}`);
    }
    return {
      content: String(count),
      proceed: async (random) => {
        const ledger = new Ledger(this.#ledger.states[count]!, applyChange, this.#ledger);
        const lost = this.#ledger.operations[count];
        const life = new StructureLife(disk, random, kind, ledger, database);
        await life.live([
          () => life.many(lost === undefined ? 1 : 4),
          () => life.group(3),
          random.below(2) === 0 ? () => life.checkpoint() : () => life.many(6),
          random.below(3) === 0 ? () => life.close() : () => life.group(2, "os"),
        ]);
        return new StructureWitness(life);
      },
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await openDatabase(disk);
  }
}

/** What is done with a structure, step by step. */
export type Step = (life: StructureLife) => Promise<void>;

/** A course of steps on a kind of structure. */
export function structureSubject(
  name: string,
  kind: StructureKind,
  steps: readonly Step[],
  disk: SimulatedDiskOptions = {},
): Subject {
  return {
    name,
    structure: kind.structure,
    disk,
    play: async (disk, random) => {
      const life = new StructureLife(disk, random, kind, new Ledger(new Map(), applyChange));
      await life.live(steps.map((step) => () => step(life)));
      return new StructureWitness(life);
    },
  };
}

/** The courses that every structure is taken through. */
export const courses: Readonly<Record<string, readonly Step[]>> = {
  commits: [
    (life) => life.group(3),
    (life) => life.many(12),
    (life) => life.group(4),
    (life) => life.close(),
    (life) => life.group(2),
  ],
  checkpoints: [
    (life) => life.many(20),
    (life) => life.checkpoint(),
    (life) => life.group(3),
    (life) => life.checkpoint(),
    (life) => life.many(5),
  ],
  durability: [
    (life) => life.group(2),
    (life) => life.group(2, "os"),
    (life) => life.group(2, "memory"),
    (life) => life.group(2, "os"),
    (life) => life.checkpoint(),
    (life) => life.group(3, "os"),
  ],
};
