/** Journals and identities as subjects of the campaigns: the last value or the one before, whole. */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { codec, Journal } from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { Course } from "../course.ts";
import { fingerprint } from "../fingerprint.ts";
import { identitySubjects } from "./identity_subject.ts";
import { Ledger } from "../ledger.ts";
import { settle } from "../settle.ts";
import { DamageFoundError, type Recovered, type Subject, type Witness } from "../subject.ts";

type Value = Uint8Array | undefined;

/** A value that is set, if the one before is `expected` where that is asked. */
interface Change {
  readonly value: Value;
  readonly expected?: { readonly value: Value };
}

interface Kind {
  readonly slots: number;
  readonly monotonic: boolean;
}

const textOf = (value: Value): string => value === undefined ? "none" : fingerprint(value);

function apply(present: Value, { value, expected }: Change): Value {
  return expected === undefined || textOf(expected.value) === textOf(present) ? value : present;
}

function openJournal(
  disk: SimulatedDisk,
  { slots, monotonic }: Kind,
): Promise<Journal<Uint8Array>> {
  const options = { codec: codec.bytes, slots, monotonic };
  return settle(disk, Journal.open(disk.io, "/folder/a.journal", options));
}

/** One life of a journal. */
class JournalLife extends Course {
  readonly random: Prng;
  readonly kind: Kind;
  ledger: Ledger<Value, Change>;
  #journal: Journal<Uint8Array> | undefined;

  constructor(
    disk: SimulatedDisk,
    random: Prng,
    kind: Kind,
    ledger: Ledger<Value, Change>,
    journal?: Journal<Uint8Array>,
  ) {
    super(disk);
    this.random = random;
    this.kind = kind;
    this.ledger = ledger;
    this.#journal = journal;
  }

  get journal(): Journal<Uint8Array> {
    if (this.#journal === undefined) throw new Error("the journal is not open");
    return this.#journal;
  }

  protected override get isOpen(): boolean {
    return this.#journal !== undefined;
  }

  protected override async reopen(): Promise<void> {
    const journal = await openJournal(this.disk, this.kind);
    const found = journal.get();
    matchJournal(found, this.ledger, this.death);
    this.ledger = new Ledger(found, apply, this.ledger);
    this.#journal = journal;
  }

  protected override abandon(): Promise<unknown> {
    const { journal } = this;
    this.#journal = undefined;
    return journal.close();
  }

  /** A value of some length; of a monotonic journal, above all before it. */
  value(length: number): Uint8Array {
    const bytes = new Uint8Array(this.kind.monotonic ? length + 4 : length);
    this.random.fill(bytes);
    if (this.kind.monotonic) new DataView(bytes.buffer).setUint32(0, this.ledger.length);
    if (this.kind.monotonic) bytes[0] = this.#generation();
    return bytes;
  }

  /** Sets a value. */
  update(value: Value): Promise<void> {
    return this.#follow({ value }, () => this.journal.update(() => value).then(() => true));
  }

  /** Sets a value where the present one is as expected. */
  compareAndSet(expected: Value, value: Value): Promise<void> {
    const run = (): Promise<boolean> => this.journal.compareAndSet(expected, value);
    return this.#follow({ value, expected: { value: expected } }, run);
  }

  /** A change that a monotonic journal must refuse. */
  async decrease(): Promise<void> {
    const refused = await this.journal.update(() => new Uint8Array(0)).then(
      () => false,
      (error) => {
        if (isHoldfastError(error) && error.code === "DECREASED") return true;
        throw error;
      },
    );
    if (!refused) throw new Error("a monotonic journal took a smaller value");
  }

  async close(): Promise<void> {
    await settle(this.disk, this.abandon());
  }

  /** Compares what is seen with all that was acknowledged; call when nothing waits. */
  verify(): void {
    if (this.ledger.hasDoubts) return;
    const found = textOf(this.journal.get());
    const wanted = textOf(this.ledger.latest);
    if (found !== wanted) throw new Error(`a journal shows ${found}, not ${wanted}`);
  }

  /** Of the base: what comes later is above it. */
  #generation(): number {
    const [base] = this.ledger.states;
    return base === undefined ? 1 : base[0]! + 1;
  }

  async #follow(change: Change, run: () => Promise<boolean>): Promise<void> {
    const { ledger } = this;
    ledger.submit(change);
    try {
      const isSet = await run();
      const state = ledger.acknowledge(change, "disk");
      if (isSet && textOf(state) !== textOf(change.value)) {
        throw new Error("a value was set although another was expected");
      }
    } catch (error) {
      ledger.reject(change);
      throw error;
    }
  }
}

function matchJournal(
  found: Value,
  ledger: Ledger<Value, Change>,
  death: "power" | "process",
): number {
  const text = textOf(found);
  return ledger.match(death, (state) => textOf(state) === text, () => text, textOf);
}

class JournalWitness implements Witness {
  readonly #kind: Kind;
  readonly #ledger: Ledger<Value, Change>;

  constructor({ kind, ledger }: JournalLife) {
    this.#kind = kind;
    this.#ledger = ledger;
  }

  async judge(disk: SimulatedDisk, death: "power" | "process"): Promise<Recovered> {
    const journal = await openJournal(disk, this.#kind);
    const found = journal.get();
    const count = matchJournal(found, this.#ledger, death);
    const { damagedSlots } = journal;
    if (damagedSlots.length > 1) {
      throw new DamageFoundError(`the slots ${damagedSlots} are damaged`);
    }
    const lost = this.#ledger.operations[count]?.value;
    return {
      content: textOf(found),
      proceed: async (random) => {
        const ledger = new Ledger(found, apply, this.#ledger);
        const life = new JournalLife(disk, random, this.#kind, ledger, journal);
        const steps = Array.from({ length: 3 }, () => all[random.below(all.length)]!);
        await life.live([
          () => life.all([life.update(life.value(lost?.length ?? 1))]),
          ...steps.map((step) => () => step(life)),
        ]);
        return new JournalWitness(life);
      },
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await openJournal(disk, this.#kind);
  }
}

type Step = (life: JournalLife) => Promise<void>;

const SIZES: readonly number[] = [0, 1, 479, 480, 481, 4062, 4063, 4064, 4065];

const set: Step = (life) => {
  const { random } = life;
  const length = random.below(2) === 0 ? random.below(700) : SIZES[random.below(SIZES.length)]!;
  return life.all([life.update(life.value(length))]).then(() => life.verify());
};

const together: Step = (life) => {
  const { random } = life;
  const first = life.value(random.below(90));
  const running = [life.update(first)];
  const second = life.value(random.below(2000));
  running.push(life.compareAndSet(first, second));
  // What it expects was never there.
  running.push(life.compareAndSet(new Uint8Array(3), life.value(5)));
  running.push(life.update(life.value(random.below(300))));
  return life.all(running).then(() => life.verify());
};

const outgrow: Step = (life) =>
  life.all([life.update(life.value(5000 + life.random.below(20_000)))]).then(() => life.verify());

const remove: Step = (life) =>
  life.all([life.kind.monotonic ? life.decrease() : life.update(undefined)])
    .then(() => life.verify());

const close: Step = (life) => life.close();

const all: readonly Step[] = [set, set, together, outgrow, remove, close];

function subject(
  name: string,
  steps: readonly Step[],
  disk: SimulatedDiskOptions = {},
  { slots = 3, monotonic = false }: Partial<Kind> = {},
): Subject {
  return {
    name: `journal: ${name}`,
    structure: "journal",
    disk,
    play: async (disk, random) => {
      const ledger = new Ledger<Value, Change>(undefined, apply);
      const life = new JournalLife(disk, random, { slots, monotonic }, ledger);
      await life.live(steps.map((step) => () => step(life)));
      return new JournalWitness(life);
    },
  };
}

const mixed: readonly Step[] = [
  set,
  together,
  set,
  close,
  outgrow,
  set,
  together,
  remove,
  close,
  set,
];

/** Journals and identities. */
export const journalSubjects: readonly Subject[] = [
  subject("update", [set, set, set, set, set, close, set, set]),
  subject("compare and set", [together, set, together, remove, together, close, together]),
  subject("outgrow", [set, outgrow, set, outgrow, close, set, outgrow]),
  subject("monotonic", mixed, {}, { monotonic: true }),
  subject("five slots", mixed, {}, { slots: 5 }),
  subject("hostile", mixed, { profile: "hostile" }),
  subject("no-psow", mixed, { profile: "no-psow", sectorBytes: 4096 }, { slots: 4 }),
  subject("stale", mixed, { profile: "stale" }, { slots: 4 }),
  subject("slow", mixed, { syncMilliseconds: 5 }),
  ...identitySubjects,
];
