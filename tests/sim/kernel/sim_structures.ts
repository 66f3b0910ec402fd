/** The structures that workloads write to: how a write is done to each, and how all of it is read. */

import {
  codec,
  type ContentAccess,
  ContentId,
  contentStore,
  type Database,
  type Definition,
  index,
  isHoldfastError,
  onceMap,
  recordLog,
  register,
  type Transaction,
  vector,
} from "../../../mod.ts";
import { chunkBytesFor, chunkCount } from "../../../src/structures/content/content_layout.ts";
import { rawTree } from "../../../src/structures/transfer/raw_tree.ts";
import type { StructureName, Write } from "./oracle.ts";

/** Reads what a structure holds. */
export type Reading = Pick<Database, "open">;

/** One of them. */
export interface SimStructure {
  /** Does a write. @returns what it has done to the entries that `read` yields. */
  write(tx: Transaction, write: Write): readonly Write[];
  /** Drops it. */
  drop(tx: Transaction): void;
  /** Its entries. */
  read(from: Reading): Iterable<readonly [key: string, value: Uint8Array]>;
}

function table(name: string): SimStructure {
  const definition = index(name, { key: codec.string, value: codec.bytes });
  return {
    write: (tx, write) => {
      const writer = tx.open(definition);
      if (write.value === undefined) writer.remove(write.key);
      else writer.put(write.key, write.value);
      return [write];
    },
    drop: (tx) => tx.drop(definition),
    read: (from) => from.open(definition).range(),
  };
}

const audit = recordLog("log");

/** A value is appended, whatever the key; without one, all is trimmed up to the key. */
const log: SimStructure = {
  write: (tx, { structure, key, value }) => {
    const writer = tx.open(audit);
    if (value !== undefined) return [{ structure, key: String(writer.append(value)), value }];
    const before = Number(key) + 1;
    const trimmed = [...writer.read()].filter(({ offset }) => offset < before);
    writer.trim(before);
    return trimmed.map(({ offset }) => ({ structure, key: String(offset), value }));
  },
  drop: (tx) => tx.drop(audit),
  *read(from) {
    for (const { offset, bytes } of from.open(audit).read()) yield [String(offset), bytes];
  },
};

const first = onceMap("once", { key: codec.string, value: codec.bytes });

const once: SimStructure = {
  write: (tx, write) => {
    if (write.value === undefined) return [];
    return tx.open(first).putIfAbsent(write.key, write.value).inserted ? [write] : [];
  },
  drop: (tx) => tx.drop(first),
  read: (from) => from.open(first).entries(),
};

const anyValue = register("any", codec.bytes);
const highest = register("highest", codec.bytes, { monotonic: true });

/** Two registers: a write under the key "highest" is to the monotonic one, which may refuse it. */
const registers: SimStructure = {
  write: (tx, write) => {
    if (write.key !== "highest") {
      tx.open(anyValue).update(() => write.value);
      return [{ ...write, key: "any" }];
    }
    try {
      tx.open(highest).update(() => write.value);
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== "DECREASED") throw error;
      return [];
    }
    return [write];
  },
  drop: (tx) => {
    tx.drop(anyValue);
    tx.drop(highest);
  },
  *read(from) {
    const values = { any: from.open(anyValue).get(), highest: from.open(highest).get() };
    for (const [key, value] of Object.entries(values)) if (value !== undefined) yield [key, value];
  },
};

/** Of the workloads that put streams and collect garbage. */
export const blobStore: Definition<ContentAccess> = contentStore("blobs");

/** A value is put, whatever the key; without one, the blob whose id is the key is removed. */
const blobs: SimStructure = {
  write: (tx, { structure, key, value }) => {
    const store = tx.open(blobStore);
    if (value !== undefined) return [{ structure, key: `${store.put(value)}`, value }];
    return store.delete(ContentId.parse(key)) ? [{ structure, key, value }] : [];
  },
  drop: (tx) => tx.drop(blobStore),
  *read(from) {
    const store = from.open(blobStore);
    let entries = 0;
    for (const { id, length } of store.entries()) {
      entries += 1 + chunkCount({ length, chunkBytes: chunkBytesFor(length) });
      yield [`${id}`, store.get(id)!];
    }
    const found = from.open(rawTree(blobStore)).count();
    if (found !== entries) throw new Error(`${found} entries for blobs that have ${entries}`);
  },
};

const WIDTH = 24;
const numbers = vector("scores", codec.fixed(WIDTH));

/** The first bytes of a value are added behind the end, or set where the key is an index there. */
const scores: SimStructure = {
  write: (tx, { structure, key, value }) => {
    const writer = tx.open(numbers);
    if (value === undefined) {
      if (writer.pop() === undefined) return [];
      return [{ structure, key: String(writer.length), value }];
    }
    const element = new Uint8Array(WIDTH);
    element.set(value.subarray(0, WIDTH));
    const index = key === "" ? writer.length : Math.min(Number(key), writer.length);
    writer.set(index, element);
    return [{ structure, key: String(index), value: element }];
  },
  drop: (tx) => tx.drop(numbers),
  *read(from) {
    for (const [index, value] of from.open(numbers).entries()) yield [String(index), value];
  },
};

/** So many elements to a chunk that a few dozen make three of them. */
const ELEMENT_BYTES = 80;
const samples = vector("vector", codec.fixed(ELEMENT_BYTES));

/**
 * A value is pushed without a key, or set at an index; without one, the vector is cut off at the
 * index. What it holds besides elements is its length.
 */
const elements: SimStructure = {
  write: (tx, { structure, key, value }) => {
    const writer = tx.open(samples);
    const index = key === "" ? writer.length : Number(key);
    const done: Write[] = [];
    // The length follows from the elements when a lost commit is made again.
    if (key === "length") return done;
    if (value === undefined) {
      const cut = [...writer.entries(index)];
      writer.truncate(index);
      for (const [at] of cut) done.push({ structure, key: String(at), value });
    } else {
      const element = new Uint8Array(ELEMENT_BYTES);
      element.set(value.subarray(0, ELEMENT_BYTES));
      if (key === "") writer.push(element);
      else writer.set(index, element);
      done.push({ structure, key: String(index), value: element });
    }
    return [...done, { structure, key: "length", value: lengthOf(writer.length) }];
  },
  drop: (tx) => tx.drop(samples),
  *read(from) {
    const reader = from.open(samples);
    for (const [index, element] of reader.entries()) yield [String(index), element];
    const length = lengthOf(reader.length);
    if (length !== undefined) yield ["length", length];
  },
};

/** An empty vector is as one that was never made. */
function lengthOf(length: number): Uint8Array | undefined {
  return length === 0 ? undefined : new TextEncoder().encode(String(length));
}

/** All of them, by the names that the oracle knows. */
export const simStructures: Readonly<Record<StructureName, SimStructure>> = {
  left: table("left"),
  right: table("right"),
  log,
  once,
  registers,
  blobs,
  scores,
  vector: elements,
};
