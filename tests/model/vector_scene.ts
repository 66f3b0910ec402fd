/**
 * Vectors in a database on a simulated disk, and models of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type Codec,
  codec,
  Database,
  type Definition,
  type Savepoint,
  type Snapshot,
  type Transaction,
  vector,
  type VectorAccess,
  type VectorOptions,
  type VectorReader,
  type VectorWriter,
} from "../../mod.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { settle } from "../sim/settle.ts";
import { VectorModel } from "./vector_model.ts";

const PATH = "/data/vectors.hold";
const OPTIONS = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 };

/** As far as a vector is looked at index by index. */
const NEAR = 300;

/** A vector, and how its elements are made of stamps. */
export interface Kind {
  readonly name: string;
  readonly absent: number | undefined;
  readonly definition: Definition<VectorAccess<unknown>>;
  /** Another definition of the same vector: a transaction has two views of it. */
  readonly twin: Definition<VectorAccess<unknown>>;
  readonly isNumber: boolean;
  make(stamp: number): unknown;
}

function kind<T>(
  name: string,
  element: Codec<T>,
  make: (stamp: number) => T,
  absent?: number,
): Kind {
  const options: VectorOptions<T> = absent === undefined ? {} : { default: make(absent) };
  const define = (): Definition<VectorAccess<unknown>> =>
    vector(name, element, options) as unknown as Definition<VectorAccess<unknown>>;
  const isNumber = typeof make(0) === "number";
  return { name, absent, definition: define(), twin: define(), isNumber, make };
}

/** Numbers; structs of columns of all widths; two to a chunk; one of several pages. */
export const KINDS: readonly Kind[] = [
  kind("numbers", codec.f64, (stamp) => stamp / 4),
  kind("defaulted", codec.i16, (stamp) => stamp - 30, 7),
  kind(
    "structs",
    codec.struct({ id: codec.u64, on: codec.boolean, at: codec.date, tag: codec.fixed(3) }),
    (stamp) => ({
      id: BigInt(stamp),
      on: stamp % 2 === 1,
      at: new Date(stamp * 1000),
      tag: new Uint8Array(3).fill(stamp),
    }),
  ),
  kind("pairs", codec.fixed(450), (stamp) => new Uint8Array(450).fill(stamp)),
  kind("pages", codec.fixed(1200), (stamp) => new Uint8Array(1200).fill(stamp)),
];

/** All models. */
export type Models = readonly VectorModel[];

/** A transaction and what it sees. */
interface Open {
  readonly tx: Transaction;
  models: Models;
  /** The vectors that it has changed. */
  readonly touched: Set<number>;
  readonly savepoints: { readonly savepoint: Savepoint; readonly models: Models }[];
  /** What iterators have to go on yielding. */
  readonly walks: {
    readonly walk: Iterator<[number, unknown]>;
    readonly left: [number, unknown][];
  }[];
}

/** One disk, one database, at most one transaction. */
export class VectorScene {
  disk: SimulatedDisk;
  db: Database;
  /** Operations done. */
  operations = 0;
  committed: Models = KINDS.map(({ absent }) => new VectorModel(absent));
  snapshot: { readonly taken: Snapshot; readonly models: Models } | undefined;
  #open: Open | undefined;

  constructor(disk: SimulatedDisk, db: Database) {
    this.disk = disk;
    this.db = db;
  }

  static async begin(): Promise<VectorScene> {
    const disk = new SimulatedDisk({ seed: 1 });
    return new VectorScene(disk, await openOn(disk));
  }

  get open(): Open {
    return this.#open ??= {
      tx: this.db.begin(),
      models: copied(this.committed),
      touched: new Set(),
      savepoints: [],
      walks: [],
    };
  }

  /** Does the same to a vector and its model, and compares what both give. */
  change(
    at: number,
    twin: boolean,
    act: (vector: VectorWriter<unknown> | VectorModel, make: (stamp: number) => unknown) => unknown,
  ): void {
    const { tx, models } = this.open;
    const { definition, twin: other, make } = KINDS[at]!;
    const model = models[at]!;
    const writer = tx.open(twin ? other : definition);
    this.operations++;
    this.open.touched.add(at);
    assert.deepEqual(act(writer, make), made(act(model, (stamp) => stamp), make));
    assert.equal(writer.length, model.length);
  }

  /** Looks at all of a vector, as the transaction sees it. */
  look(at: number, twin: boolean): void {
    const { tx, models } = this.open;
    compare(tx.open(twin ? KINDS[at]!.twin : KINDS[at]!.definition), models[at]!, KINDS[at]!);
  }

  /** Begins to iterate. */
  walk(at: number): void {
    const { tx, models, walks } = this.open;
    const { definition, make } = KINDS[at]!;
    const left = models[at]!.entries(0, NEAR).map((
      [i, stamp],
    ): [number, unknown] => [i, make(stamp)]);
    walks.push({ walk: tx.open(definition).entries(0, NEAR), left });
  }

  /** Iterators show what was there when they began. */
  step(count: number): void {
    for (const { walk, left } of this.open.walks) {
      for (let i = 0; i < count; i++) {
        const next = left.shift();
        const { done, value } = walk.next();
        assert.deepEqual(done === true ? undefined : value, next);
        if (next === undefined) break;
      }
    }
  }

  savepoint(): void {
    const { tx, models, savepoints } = this.open;
    savepoints.push({ savepoint: tx.savepoint(), models: copied(models) });
  }

  rollBack(): void {
    const { open } = this;
    const last = open.savepoints.at(-1);
    if (last === undefined) return;
    last.savepoint.rollback();
    open.models = copied(last.models);
  }

  rollBackAll(): void {
    this.#open?.tx.rollback();
    this.#open = undefined;
  }

  async commit(): Promise<void> {
    const { tx, models, touched } = this.open;
    this.#open = undefined;
    await settle(this.disk, tx.commit());
    this.committed = models;
    for (const at of touched) compare(this.db.open(KINDS[at]!.definition), models[at]!, KINDS[at]!);
  }

  /** The power goes while it commits: all of it, or nothing. */
  async commitDying(after: number, policy: number): Promise<void> {
    const { tx, models } = this.open;
    this.#open = undefined;
    this.disk.cutAt(this.disk.operations + after);
    await settle(this.disk, tx.commit().catch(() => {}));
    const policies = this.disk.policies({ limit: 12, seed: policy });
    this.disk = this.disk.crash(policies[policy % policies.length]!);
    this.snapshot = undefined;
    this.db = await openOn(this.disk);
    if (shows(this.db, this.committed)) return;
    compareAll(this.db, models);
    this.committed = models;
  }

  async reopen(): Promise<void> {
    this.rollBackAll();
    this.releaseSnapshot();
    assert.deepEqual(await settle(this.disk, this.check()), []);
    await settle(this.disk, this.db.close());
    this.db = await openOn(this.disk);
    this.verify();
  }

  takeSnapshot(): void {
    this.releaseSnapshot();
    this.snapshot = { taken: this.db.snapshot(), models: this.committed };
  }

  releaseSnapshot(): void {
    if (this.snapshot === undefined) return;
    compareAll(this.snapshot.taken, this.snapshot.models);
    this.snapshot.taken.release();
    this.snapshot = undefined;
  }

  /** Plain reads see what is committed. */
  verify(): void {
    compareAll(this.db, this.committed);
  }

  async check(): Promise<unknown> {
    return (await this.db.check({ structures: KINDS.map(({ definition }) => definition) }))
      .problems;
  }
}

function openOn(disk: SimulatedDisk): Promise<Database> {
  return settle(disk, Database.open(PATH, { ...OPTIONS, io: disk.io }));
}

function copied(models: Models): Models {
  return models.map((model) => model.copy());
}

/** What the model gives, as the library does: stamps are elements. */
function made(result: unknown, make: (stamp: number) => unknown): unknown {
  return result instanceof Stamp
    ? result.stamp === undefined ? undefined : make(result.stamp)
    : result;
}

/** An element that the model gives. */
export class Stamp {
  readonly stamp: number | undefined;

  constructor(stamp: number | undefined) {
    this.stamp = stamp;
  }
}

/** Whether plain reads see what models say. */
function shows(from: Pick<Database, "open">, models: Models): boolean {
  return models.every((model, at) => {
    const kind = KINDS[at]!;
    return shown(from.open(kind.definition), kind) === expected(model, kind);
  });
}

function compareAll(from: Pick<Database, "open">, models: Models): void {
  models.forEach((model, at) => compare(from.open(KINDS[at]!.definition), model, KINDS[at]!));
}

function compare(reader: VectorReader<unknown>, model: VectorModel, kind: Kind): void {
  const found = shown(reader, kind);
  if (found !== expected(model, kind)) assert.equal(found, expected(model, kind), kind.name);
}

/** As far as all elements are looked at: those with a default are endless. */
function farOf({ absent }: Kind): number {
  return absent === undefined ? Infinity : NEAR;
}

/** What a vector shows: its length, its elements, which of the near ones are set, and a column. */
function shown(reader: VectorReader<unknown>, kind: Kind): string {
  const parts = [`${reader.length}`, textOf(reader.at(-1)), [...reader.presence(0, NEAR)].join("")];
  for (const [index, element] of reader.entries(0, farOf(kind))) {
    parts.push(`${index}=${textOf(element)}`);
  }
  if (kind.isNumber) parts.push([...reader.toTypedArray(0, NEAR)].join());
  return parts.join("\n");
}

function expected(model: VectorModel, kind: Kind): string {
  const { length } = model;
  const textAt = (stamp: number | undefined): string =>
    textOf(stamp === undefined ? undefined : kind.make(stamp));
  const near = Array.from({ length: Math.min(length, NEAR) }, (_, index) => index);
  const present = near.map((index) => model.has(index) ? 1 : 0);
  const parts = [`${length}`, textAt(model.get(length - 1)), present.join("")];
  for (const [index, stamp] of model.entries(0, farOf(kind))) {
    parts.push(`${index}=${textAt(stamp)}`);
  }
  if (kind.isNumber) {
    parts.push(near.map((i) => model.get(i) === undefined ? "0" : textAt(model.get(i))).join());
  }
  return parts.join("\n");
}

/** A text that differs where elements do. */
function textOf(element: unknown): string {
  if (element instanceof Uint8Array) return runOf(element);
  return typeof element === "object" && element !== null
    ? Object.values(element).map(textOf).join()
    : String(element);
}

/** How long a run of equal bytes is, and of which: elements are one. */
function runOf(bytes: Uint8Array): string {
  let length = 1;
  while (length < bytes.length && bytes[length] === bytes[0]) length++;
  return `${length}*${bytes[0]}`;
}
