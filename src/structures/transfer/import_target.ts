/**
 * Structures that come into a database all at once or not at all.
 *
 * While it lasts each has a name of its own, a NUL and "import/" and its number, and the kind
 * "import", by which nothing opens it. Entries are written in bounded transactions; the last one
 * changes all names at once. What a crash leaves under such names is removed by the next import.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import { StateError } from "../../errors.ts";
import { catalogCodec, catalogKey } from "../../kernel/catalog/catalog.ts";
import type { Database } from "../../kernel/database.ts";
import type { TreeWriter } from "../../kernel/definition.ts";
import type { Transaction } from "../../kernel/transaction/transaction.ts";
import type { RawEntry } from "./entry_form.ts";
import { rawTree } from "./raw_tree.ts";
import { HEAD_KEY, serialAt } from "../serial_tree.ts";
import { badExport, IMPORT_KIND, type TransferStructure } from "./transfer_item.ts";

/** Bytes of entries that one transaction writes. */
const BATCH_BYTES: number = 256 * 1024;

/** Entries that one transaction removes. */
const REMOVED_MAX = 2_000;

const PREFIX = "\0import/";

/** Imports under way: what belongs to them is not left over. */
const running = new WeakMap<Database, Set<ImportTarget>>();

/** A structure that is being filled. */
interface Arrival {
  readonly structure: TransferStructure;
  readonly number: number;
  entries: number;
}

/** Receives the structures of one import. End it with `finish` or `discard`. */
export class ImportTarget {
  readonly #db: Database;
  readonly #arrivals: Arrival[] = [];
  readonly #names = new Set<string>();
  #batch: RawEntry[] = [];
  #batchBytes = 0;

  private constructor(db: Database) {
    this.#db = db;
  }

  /** Begins, and removes what imports left that were cut off. */
  static async start(db: Database): Promise<ImportTarget> {
    const target = new ImportTarget(db);
    const others = running.get(db) ?? new Set();
    running.set(db, others);
    const isFirst = others.size === 0;
    others.add(target);
    try {
      for (const { name, kind, number } of isFirst ? db.structures() : []) {
        if (kind === IMPORT_KIND && name === temporaryName(number)) await remove(db, number);
      }
    } catch (error) {
      others.delete(target);
      throw error;
    }
    return target;
  }

  /** Whether `flush` is due. */
  get isFull(): boolean {
    return this.#batchBytes >= BATCH_BYTES;
  }

  /**
   * Entries from now on are of this structure. It gets its own number if that was never given, else
   * one from `numbers` on, so that no later structure loses its own.
   * @throws {StateError} `ALREADY_EXISTS`
   */
  async structure(structure: TransferStructure, numbers: number): Promise<void> {
    const { name, kind } = structure;
    await this.flush();
    if (this.#names.has(name)) throw badExport(`${JSON.stringify(name)} comes twice`);
    this.#names.add(name);
    const { treeNumbers } = this.#db;
    let number = treeNumbers.take(structure.number);
    if (number !== structure.number && number < numbers) {
      treeNumbers.giveBack(number);
      number = treeNumbers.take(numbers);
    }
    this.#arrivals.push({ structure, number, entries: 0 });
    if (kind === "segment" && number !== structure.number) {
      throw new StateError(
        "ALREADY_EXISTS",
        `Cannot import segment "${name}": its number ${structure.number}, with which the ids of ` +
          "its records begin, was given to another structure: import into a new database",
      );
    }
    await this.#db.update((tx) => {
      checkFree(tx, name);
      enter(tx, temporaryName(number), { tree: number, kind: IMPORT_KIND, format: "" });
    }, { durability: "memory" });
  }

  /** Adds an entry, which is kept until the next `flush`. */
  add(entry: RawEntry): void {
    const arrival = this.#arrivals.at(-1)!;
    const { kind, name } = arrival.structure;
    if ((kind === "segment" || kind === "record-log") && !hasSerial(entry)) {
      throw badExport(`"${name}" has an entry without a number`);
    }
    if (kind === "register" && entry.key.length > 0) {
      throw badExport(`"${name}" has an entry with a key`);
    }
    arrival.entries++;
    this.#batch.push(entry);
    this.#batchBytes += entry.key.length + entry.value.length + 16;
  }

  /** Writes the entries that were added. */
  async flush(): Promise<void> {
    const arrival = this.#arrivals.at(-1);
    const batch = this.#batch;
    if (arrival === undefined || batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    await this.#db.update((tx) => {
      const tree = openTemporary(tx, arrival.number);
      const key = new ByteWriter(64);
      for (const entry of batch) {
        key.reset();
        key.raw(entry.key);
        tree.put(key, entry.value, entry.value.length);
      }
    }, { durability: "memory" });
  }

  /**
   * Gives all structures their names. They are as durable as the database makes its commits when
   * it resolves.
   */
  async finish(): Promise<void> {
    await this.flush();
    await this.#db.update((tx) => {
      for (const { structure, number, entries } of this.#arrivals) {
        const { name } = structure;
        checkFree(tx, name);
        if (openTemporary(tx, number).count() !== entries) {
          throw badExport(`${JSON.stringify(name)} has one key several times`);
        }
      }
      for (const { structure, number } of this.#arrivals) {
        const { name, kind, format } = structure;
        tx.catalog().remove(catalogKey(temporaryName(number)));
        enter(tx, name, { tree: number, kind, format });
      }
    });
    running.get(this.#db)?.delete(this);
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    running.get(this.#db)?.delete(this);
    for (const { number } of this.#arrivals) await remove(this.#db, number);
  }
}

function temporaryName(number: number): string {
  return `${PREFIX}${number}`;
}

function openTemporary(tx: Transaction, number: number): TreeWriter {
  return tx.open(rawTree({ name: temporaryName(number), kind: IMPORT_KIND, format: "" }));
}

function enter(
  tx: Transaction,
  name: string,
  entry: { tree: number; kind: string; format: string },
): void {
  const value = new ByteWriter(64);
  catalogCodec.encode(entry, value);
  tx.catalog().put(catalogKey(name), value.bytes, value.length);
}

function checkFree(tx: Transaction, name: string): void {
  if (!tx.catalog().has(catalogKey(name))) return;
  throw new StateError("ALREADY_EXISTS", `Cannot import "${name}": there is such a structure`);
}

/**
 * Removes a structure that has no name of its own, entries first, in bounded steps. Its number may be
 * given once more: nobody has seen a record of it.
 */
async function remove(db: Database, number: number): Promise<void> {
  const temporary = catalogKey(temporaryName(number)).toBytes();
  for (;;) {
    const removed = await db.update((tx) => {
      const name = new ByteWriter(temporary.length);
      name.raw(temporary);
      if (!tx.catalog().has(name)) return 0;
      const tree = openTemporary(tx, number);
      const cursor = tree.cursor({});
      const key = new ByteWriter(64);
      let count = 0;
      while (count < REMOVED_MAX && cursor.next()) {
        key.reset();
        key.raw(cursor.keyBytes, cursor.keyBegin, cursor.keyEnd);
        tree.remove(key);
        count++;
      }
      cursor.close();
      if (count < REMOVED_MAX) tx.catalog().remove(name);
      return count;
    }, { durability: "memory" });
    if (removed < REMOVED_MAX) break;
  }
  db.treeNumbers.giveBack(number);
}

/** Whether an entry is one of a tree of serial numbers. */
function hasSerial({ key, value }: RawEntry): boolean {
  if (key.length !== HEAD_KEY.length) return false;
  const isHead = key.every((byte) => byte === 0xff);
  if (isHead && value.length !== HEAD_KEY.length) return false;
  return Number.isSafeInteger(serialAt(isHead ? value : key, 0));
}
