/**
 * Random lives of endless streams: appends of all kinds, readers that step and rewind, trims, cursors,
 * seeks, reopening, power cuts and deaths of the process, against an array of records.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { EndlessStream, isHoldfastError, type StreamReader } from "../../mod.ts";
import { LogLedger, type LogOperation } from "../sim/block/log_ledger.ts";
import { numbered } from "../block/test_blocks.ts";
import type { Subject } from "./subject.ts";

type Step =
  | {
    readonly do: "append";
    readonly lengths: readonly number[];
    readonly durability: "os" | "disk";
  }
  | { readonly do: "batch"; readonly lengths: readonly number[] }
  | { readonly do: "trim" | "seek"; readonly part: number }
  | { readonly do: "cursor"; readonly name: string; readonly part: number }
  | { readonly do: "drop"; readonly name: string }
  | { readonly do: "grow" | "sync" | "verify" | "reopen" | "stats" }
  | { readonly do: "take" | "rewind"; readonly reader: number; readonly count: number }
  | { readonly do: "place"; readonly reader: number; readonly part: number }
  | { readonly do: "clone"; readonly reader: number }
  | {
    readonly do: "crash";
    readonly death: "power" | "process";
    readonly after: number;
    readonly policy: number;
    readonly lengths: readonly number[];
  };

type ReaderStep = Extract<Step, { readonly reader: number }>;

const STEPS_MAX = 40;
const POLICIES = 12;
const READERS = 2;
const OPTIONS = { segmentBytes: 16_384, span: { maxBytes: 30_000 }, cacheBytes: 65_536 };

const anyLength = fc.oneof(
  { weight: 6, arbitrary: fc.nat(200) },
  { weight: 2, arbitrary: fc.integer({ min: 3000, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12_000, max: 30_000 }) },
);
const anyLengths = fc.array(anyLength, { minLength: 1, maxLength: 4 });
const anyPart = fc.integer({ min: 0, max: 100 });
const anyReader = fc.nat(READERS - 1);
const anyName = fc.constantFrom("a", "b");

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      lengths: anyLengths,
      durability: fc.constantFrom("os" as const, "disk" as const, "disk" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("batch" as const),
      lengths: fc.array(fc.nat(900), { maxLength: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("trim", "seek"), part: anyPart }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("cursor" as const), name: anyName, part: anyPart }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), name: anyName }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("grow", "sync", "verify", "reopen", "stats") }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("take", "take", "rewind"),
      reader: anyReader,
      count: fc.nat(12),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("place" as const), reader: anyReader, part: anyPart }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clone" as const), reader: anyReader }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      death: fc.constantFrom("power" as const, "power" as const, "process" as const),
      after: fc.nat(14),
      policy: fc.nat(POLICIES - 1),
      lengths: anyLengths,
    }),
  },
);

/** A stream, what it should hold, and readers of both. */
class Life {
  ledger = new LogLedger();
  disk: SimulatedDisk;
  log!: EndlessStream;
  readers: { readonly real: StreamReader; offset: number; skipped: number }[] = [];

  constructor(profile: "sector512" | "hostile" | "no-psow", slow: boolean) {
    this.disk = new SimulatedDisk({ profile, syncMilliseconds: slow ? 5 : 0 });
  }

  async open(): Promise<void> {
    this.log = await EndlessStream.open("/log", { io: this.disk.io, ...OPTIONS });
    this.readers = Array.from({ length: READERS }, () => this.#readerAt(this.log.start));
  }

  #readerAt(offset: number): Life["readers"][number] {
    return { real: this.log.read({ from: offset }), offset, skipped: 0 };
  }

  /** A place between start and end. */
  at(part: number): number {
    return this.log.start + Math.floor((this.log.end - this.log.start) * part / 100);
  }

  append(lengths: readonly number[], durability: "os" | "disk", batch: boolean): Promise<unknown> {
    const first = this.ledger.records.length;
    const records = lengths.map((length, i) => numbered(first + i, length));
    const operations: LogOperation[] = batch
      ? [{ kind: "append", records }]
      : records.map((record) => ({ kind: "append", records: [record] }));
    for (const operation of operations) this.ledger.submit(operation);
    const appends = batch
      ? [this.log.appendBatch(records, { durability })]
      : records.map((record) => this.log.append(record, { durability }));
    return Promise.all(appends).then((results) => {
      for (const [i, { offset }] of results.entries()) assert.equal(offset, first + i);
      for (const operation of operations) this.ledger.acknowledge(operation, durability);
    });
  }

  /** Notes something that is asked now, and its end. */
  async #follow<T>(operation: LogOperation, asked: Promise<T>): Promise<T> {
    const { ledger } = this;
    ledger.submit(operation);
    const result = await asked;
    ledger.acknowledge(operation, "disk");
    return result;
  }

  #trim(before: number): Promise<unknown> {
    const { log } = this;
    if (before <= log.start) return log.trim(before);
    return this.#follow({ kind: "trim", before }, log.trim(before));
  }

  async run(step: Step): Promise<void> {
    const { log, ledger } = this;
    if (step.do === "append") await this.append(step.lengths, step.durability, false);
    else if (step.do === "batch") await this.append(step.lengths, "disk", true);
    else if (step.do === "trim") {
      await this.#trim(this.at(step.part));
    } else if (step.do === "cursor") {
      const offset = this.at(step.part);
      const before = ledger.cursors.get(step.name) ?? -1;
      const asked = log.setCursor(step.name, offset);
      const moved = before >= offset
        ? asked
        : this.#follow({ kind: "cursor", name: step.name, offset }, asked);
      assert.equal(await moved, Math.max(before, offset));
    } else if (step.do === "drop") {
      const { name } = step;
      const isThere = ledger.cursors.has(name);
      const asked = log.dropCursor(name);
      assert.equal(await (isThere ? this.#follow({ kind: "drop", name }, asked) : asked), isThere);
    } else if (step.do === "grow") await log.grow();
    else if (step.do === "sync") {
      await log.sync();
      ledger.synced();
    } else if (step.do === "verify") assert.deepEqual((await log.verify()).problems, []);
    else if (step.do === "stats") {
      const { capacity, used, wasted, available, records } = log.stats();
      assert.equal(capacity, used + wasted + available);
      assert.equal(records, log.end - log.start);
    } else if (step.do === "reopen") {
      await log.close();
      ledger.synced(true);
      await this.#reopen("power", "reopened");
    } else if (step.do === "crash") await this.#crash(step);
    else if (step.do === "seek") this.#seek(this.at(step.part));
    else this.#read(step as ReaderStep);
  }

  #seek(wanted: number): void {
    const seen = new Map<string, number>();
    const sum = (bytes: Uint8Array): string => `${bytes.length} ${crc32(bytes, 0, bytes.length)}`;
    for (const [offset, bytes] of this.ledger.records.entries()) seen.set(sum(bytes), offset);
    if (seen.size !== this.ledger.records.length) return;
    const order = (bytes: Uint8Array): number => seen.get(sum(bytes))! - wanted;
    assert.equal(this.log.seek(order), wanted);
  }

  #read(step: ReaderStep): void {
    const { log, ledger } = this;
    const reader = this.readers[step.reader]!;
    if (step.do === "place") {
      this.readers[step.reader] = this.#readerAt(this.at(step.part));
    } else if (step.do === "clone") {
      const { offset, skipped, real } = reader;
      this.readers[(step.reader + 1) % READERS] = { real: real.clone(), offset, skipped };
    } else if (step.do === "rewind") {
      const wanted = reader.offset - step.count;
      assert.equal(reader.real.rewind(step.count), wanted >= log.start);
      reader.offset = Math.max(log.start, wanted);
    } else {
      for (let i = 0; i <= step.count; i++) {
        reader.skipped += Math.max(0, log.start - reader.offset);
        reader.offset = Math.max(log.start, reader.offset);
        const entry = reader.real.take();
        assert.equal(reader.real.skipped, reader.skipped);
        if (reader.offset >= log.end) {
          assert.equal(entry, undefined);
          break;
        }
        assert.equal(entry?.offset, reader.offset);
        assert.deepEqual(entry?.bytes, ledger.records[reader.offset++]);
      }
    }
  }

  async #crash({ death, after, policy, lengths }: Step & { readonly do: "crash" }): Promise<void> {
    const { disk } = this;
    disk.cutAt(disk.operations + after);
    const before = this.at(after * 7);
    const work = [
      this.append(lengths, "disk", false),
      this.#trim(before),
      this.append([5], "os", false),
    ];
    for (const one of await Promise.allSettled(work)) {
      if (one.status === "rejected" && !isHoldfastError(one.reason)) throw one.reason;
    }
    const policies = disk.policies({ limit: POLICIES, seed: after });
    this.disk = death === "process"
      ? disk.processDeath()
      : disk.crash(policies[policy % policies.length]!);
    await this.#reopen(death, `${death} dies after ${after}, policy ${policy}`);
  }

  async #reopen(death: "power" | "process", where: string): Promise<void> {
    await this.open();
    try {
      this.ledger.match(this.log, death);
    } catch (error) {
      throw new Error(where, { cause: error });
    }
    this.ledger = this.ledger.continued(this.log);
  }
}

async function run(
  profile: "sector512" | "hostile" | "no-psow",
  slow: boolean,
  steps: readonly Step[],
): Promise<void> {
  const life = new Life(profile, slow);
  await life.open();
  for (const step of steps) {
    await life.run(step);
    assert.equal(life.log.end, life.ledger.records.length);
  }
  life.ledger.assertSees(life.log, true);
  await life.log.close();
}

/** All that endless streams do. */
export const endlessSubject: Subject = {
  name: "endless",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom(
        "sector512" as const,
        "sector512" as const,
        "hostile" as const,
        "no-psow" as const,
      ),
      fc.boolean(),
      fc.array(anyStep, { maxLength: STEPS_MAX, size: "max" }),
      run,
    ),
};
