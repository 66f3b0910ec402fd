/**
 * The trees of the embedded stream store, and what their keys and values are.
 *
 *     tree                key                                value
 *     streams/names       name, see name_index.ts            stream_config.ts
 *     streams/data        number, first message              chunk.ts
 *     streams/states      number                             stream_state.ts
 *     streams/origins     number                             fork_origin.ts, forks only
 *     streams/producers   number, producer id (UTF-8)        producer.ts
 *     streams/deadlines   time (ms since 1970), number       name (UTF-8)
 *     streams/garbage     number                             nothing
 *     streams/counters    "next", or "clean"                 next unused number; see below
 *
 * The mark of a clean close holds the time that every stream counts as used at, at least: 8 bytes,
 * big-endian, or nothing for 0.
 *
 * States lie apart from messages: they are small, so that those of many streams share a page, and
 * messages alone grow at the end of their stream, which keeps the leaves of their tree full.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { codec } from "../base/codec.ts";
import type { Database } from "../kernel/database.ts";
import type { Definition } from "../kernel/definition.ts";
import type { Transaction } from "../kernel/transaction/transaction.ts";
import { index } from "../structures/index/index.ts";
import { HeldStates } from "./held_states.ts";
import { numberAt, numberKey } from "./table_keys.ts";
import { checkFormat } from "./text.ts";

/** What is asked of a tree for reading. */
export interface TableReader {
  /** The value under `key`, a copy; `undefined`: none. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** The entries between two keys, in order, as copies. */
  range(bounds: {
    readonly gte: Uint8Array;
    readonly lt?: Uint8Array;
    readonly reverse?: boolean;
    readonly limit?: number;
  }): Iterable<readonly [Uint8Array, Uint8Array]>;
}

/** What is asked of a tree in a transaction. */
export interface TableWriter extends TableReader {
  /** Sets the value under `key`. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** Removes the value under `key`, if any. */
  remove(key: Uint8Array): void;
}

/** The trees. `R`: as durable state to read, or as a transaction's. */
export interface Tables<R extends TableReader = TableReader> {
  /** What names stand for. */
  readonly names: R;
  /** Messages. */
  readonly data: R;
  /** What changes in the life of a stream. */
  readonly states: R;
  /** Where forks came from. */
  readonly origins: R;
  /** Producer states. */
  readonly producers: R;
  /** When to look whether a stream has expired. */
  readonly deadlines: R;
  /** Streams whose entries are to be freed. */
  readonly garbage: R;
  /** The next number, and the mark of a clean close. */
  readonly counters: R;
}

type Table = Definition<{ readonly reader: TableReader; readonly writer: TableWriter }>;

const NAMES = table("streams/names");
const DATA = table("streams/data");
const STATES = table("streams/states");
const ORIGINS = table("streams/origins");
const PRODUCERS = table("streams/producers");
const DEADLINES = table("streams/deadlines");
const GARBAGE = table("streams/garbage");
const COUNTERS = table("streams/counters");

function table(name: string): Table {
  return index(name, { key: codec.bytes, value: codec.bytes });
}

/** The trees as of the newest durable commit. */
export function durableTables(database: Database): Tables {
  return {
    names: database.open(NAMES),
    data: database.open(DATA),
    states: database.open(STATES),
    origins: database.open(ORIGINS),
    producers: database.open(PRODUCERS),
    deadlines: database.open(DEADLINES),
    garbage: database.open(GARBAGE),
    counters: database.open(COUNTERS),
  };
}

/**
 * The trees as a transaction sees them: the newest commit, durable or not, and its own writes, of
 * which those of states wait for {@linkcode PendingTables.finish}.
 */
export class PendingTables implements Tables<TableWriter> {
  /** Writes so far. */
  writes = 0;
  readonly #tx: Transaction;
  readonly #open = new Map<Table, TableWriter>();
  #states: HeldStates | undefined;

  /** The trees of a transaction, each opened when it is asked for. */
  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  get names(): TableWriter {
    return this.#table(NAMES);
  }

  get data(): TableWriter {
    return this.#table(DATA);
  }

  get states(): TableWriter {
    return this.#states ??= new HeldStates(this.#table(STATES), () => this.writes++);
  }

  get origins(): TableWriter {
    return this.#table(ORIGINS);
  }

  get producers(): TableWriter {
    return this.#table(PRODUCERS);
  }

  get deadlines(): TableWriter {
    return this.#table(DEADLINES);
  }

  get garbage(): TableWriter {
    return this.#table(GARBAGE);
  }

  get counters(): TableWriter {
    return this.#table(COUNTERS);
  }

  /** To be called once before the transaction commits. */
  finish(): void {
    this.#states?.release();
  }

  #table(definition: Table): TableWriter {
    const open = this.#open.get(definition);
    if (open !== undefined) return open;
    const writer = this.#tx.open(definition);
    const counted: TableWriter = {
      get: (key) => writer.get(key),
      range: (bounds) => writer.range(bounds),
      put: (key, value) => {
        this.writes++;
        writer.put(key, value);
      },
      remove: (key) => {
        this.writes++;
        writer.remove(key);
      },
    };
    this.#open.set(definition, counted);
    return counted;
  }
}

/** Takes the next unused number: of a stream, or of the first part of long names. */
export function takeNumber(tables: Tables<TableWriter>): number {
  const value = tables.counters.get(NEXT_KEY);
  const number = value === undefined ? 1 : new ByteReader(value).u64();
  const next = new Uint8Array(8);
  new DataView(next.buffer).setBigUint64(0, BigInt(number + 1), true);
  tables.counters.put(NEXT_KEY, next);
  return number;
}

/** Key, in the counters, of the next unused number. */
const NEXT_KEY: Uint8Array = new TextEncoder().encode("next");

/** Key, in the counters, of the mark that says that all renewals of TTLs are persisted. */
const CLEAN_KEY: Uint8Array = new TextEncoder().encode("clean");

/** The floor of last accesses that a clean close left behind; `undefined`: there was none. */
export function readCleanMark(tables: Tables): number | undefined {
  const value = tables.counters.get(CLEAN_KEY);
  if (value === undefined) return undefined;
  checkFormat(value.length === 0 || value.length === 8, "clean close");
  return value.length === 0 ? 0 : numberAt(value, 0);
}

/** Marks a clean close. */
export function putCleanMark(tables: Tables<TableWriter>, floor: number): void {
  tables.counters.put(CLEAN_KEY, numberKey(floor));
}

/** Takes the mark away. */
export function removeCleanMark(tables: Tables<TableWriter>): void {
  tables.counters.remove(CLEAN_KEY);
}
