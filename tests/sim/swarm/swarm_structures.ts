/** What the swarm's database holds, and random changes of it. */

import {
  codec,
  type Definition,
  index,
  type IndexedAccess,
  RecordId,
  segment,
} from "../../../mod.ts";
import { Prng } from "../../../src/base/prng.ts";
import type { StructureName, Write } from "../kernel/oracle.ts";
import { type SimStructure, simStructures } from "../kernel/sim_structures.ts";

const people: Definition<
  IndexedAccess<string, Uint8Array, { length: number; stamp: Uint8Array; digit: number }>
> = index("people", {
  key: codec.string,
  value: codec.bytes,
  indexes: {
    length: { key: codec.u32, of: (value) => value.length },
    stamp: {
      key: codec.bytes,
      unique: true,
      of: (value) => value.length < 8 ? undefined : value.subarray(0, 8),
    },
    digit: { key: codec.u32, multi: true, of: (value) => Array.from(value.subarray(0, 3), digit) },
  },
});

function digit(byte: number): number {
  return byte % 10;
}

/** An index whose secondary ones must agree with it. */
const indexed: SimStructure = {
  write: (tx, write) => {
    const writer = tx.open(people);
    if (write.value === undefined) writer.remove(write.key);
    else writer.put(write.key, write.value);
    return [write];
  },
  drop: (tx) => tx.drop(people),
  *read(from) {
    const reader = from.open(people);
    const { ok, problems } = reader.verify();
    if (!ok) throw new Error(`secondary indexes: ${JSON.stringify(problems)}`);
    let long = 0;
    for (const [key, value] of reader.range()) {
      if (value.length >= 8) {
        long++;
        const [owner] = reader.by("stamp").one(value.subarray(0, 8)) ?? [];
        if (owner !== key) throw new Error(`the stamp of ${key} leads to ${owner}`);
      }
      yield [key, value];
    }
    const stamps = reader.by("stamp").count();
    if (stamps !== long) throw new Error(`${stamps} stamps of ${long} records`);
  },
};

const pieces = segment("segment");

/** A value is inserted without a key, or replaces the record whose id is the key, or removes it. */
const records: SimStructure = {
  write: (tx, { structure, key, value }) => {
    const writer = tx.open(pieces);
    if (key === "") return [{ structure, key: `${writer.insert(value!)}`, value }];
    const id = RecordId.parse(key);
    if (!writer.has(id)) return [];
    if (value === undefined) writer.delete(id);
    else writer.update(id, value);
    return [{ structure, key, value }];
  },
  drop: (tx) => tx.drop(pieces),
  *read(from) {
    const reader = from.open(pieces);
    let count = 0;
    for (const { id, bytes } of reader.scan()) {
      count++;
      yield [`${id}`, bytes];
    }
    if (reader.count() !== count) throw new Error(`${reader.count()} records, ${count} found`);
  },
};

/** All structures of the swarm's database, by the names in its oracle. */
export const swarmStructures: Readonly<Record<string, SimStructure>> = {
  ...simStructures,
  people: indexed,
  segment: records,
};

/** What random changes need to know. */
export interface Scene {
  readonly random: Prng;
  /** The keys that a structure has, as far as is known. */
  keys(structure: string): readonly string[];
}

type Draw = (scene: Scene) => readonly [key: string, value: Uint8Array | undefined];

const BLOB_LENGTHS = [0, 100, 700, 1500, 5000];

function bytes({ random }: Scene, below: number): Uint8Array {
  const value = new Uint8Array(random.below(below));
  random.fill(value);
  return value;
}

/** Mostly small ones; some take a page, few are too long for the log. */
function anyValue(scene: Scene): Uint8Array {
  const rarity = scene.random.below(150);
  return bytes(scene, rarity === 0 ? 90_000 : rarity < 8 ? 5000 : 200);
}

function anyKey(scene: Scene, structure: string): string | undefined {
  const keys = scene.keys(structure);
  return keys.length === 0 ? undefined : keys[scene.random.below(keys.length)];
}

const table: Draw = (scene) => {
  const key = `key-${scene.random.below(30)}`;
  return [key, scene.random.below(5) === 0 ? undefined : anyValue(scene)];
};

const draws: Readonly<Record<string, Draw>> = {
  left: table,
  right: table,
  people: (scene) => {
    const key = `name-${scene.random.below(20)}`;
    return [key, scene.random.below(4) === 0 ? undefined : bytes(scene, 300)];
  },
  log: (scene) => {
    const before = scene.random.below(8) === 0 ? anyKey(scene, "log") : undefined;
    return before === undefined ? ["", bytes(scene, 400)] : [before, undefined];
  },
  once: (scene) => [`once-${scene.random.below(60)}`, bytes(scene, 60)],
  registers: (scene) => [
    scene.random.below(2) === 0 ? "any" : "highest",
    bytes(scene, 300),
  ],
  blobs: (scene) => {
    const { random } = scene;
    const gone = random.below(3) === 0 ? anyKey(scene, "blobs") : undefined;
    if (gone !== undefined) return [gone, undefined];
    const value = new Uint8Array(BLOB_LENGTHS[random.below(BLOB_LENGTHS.length)]!);
    // One of a few, so that some come again.
    new Prng(random.below(5)).fill(value);
    return ["", value];
  },
  scores: (scene) => {
    const { random } = scene;
    if (random.below(3) === 0) return ["", undefined];
    return [random.below(2) === 0 ? "" : String(random.below(8)), bytes(scene, 40)];
  },
  vector: (scene) => {
    const { random } = scene;
    const at = anyKey(scene, "vector");
    const isPush = at === undefined || at === "length" || random.below(2) === 0;
    return [isPush ? "" : at, !isPush && random.below(4) === 0 ? undefined : bytes(scene, 80)];
  },
  segment: (scene) => {
    const key = scene.random.below(2) === 0 ? undefined : anyKey(scene, "segment");
    if (key === undefined) return ["", anyValue(scene)];
    return [key, scene.random.below(2) === 0 ? undefined : anyValue(scene)];
  },
};

/** The structures that random changes are made to. */
export const swarmNames: readonly string[] = Object.keys(draws);

/** A random change of a structure. */
export function anyWrite(scene: Scene, structure: string): Write {
  const [key, value] = draws[structure]!(scene);
  return { structure: structure as StructureName, key, value };
}
