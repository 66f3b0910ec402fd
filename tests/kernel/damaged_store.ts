/**
 * Stores for the tests of repair: their bytes, what they hold, and what a repair of changed bytes
 * holds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { memoryIo } from "../../adapters/memory.ts";
import {
  codec,
  Database,
  type DatabaseOptions,
  index,
  type IoAdapter,
  repair,
  type RepairOptions,
  type RepairReport,
} from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { assertWhole } from "./checked.ts";
import { readBytes } from "./file_bytes.ts";

/** Bytes of a page. */
export const PAGE = 4096;
/** Path of the damaged file. */
export const DAMAGED = "/damaged.hold";
/** Path of the repaired one. */
export const REPAIRED = "/repaired.hold";

/** Entries by structure and key: length and checksum of the value. */
export type Contents = Map<string, Map<number, string>>;

/** The index of a name. */
export function numbers(name: string): ReturnType<typeof index<number, Uint8Array>> {
  return index(name, { key: codec.u32, value: codec.bytes });
}

/** A value whose bytes depend on its key and length. */
export function filled(length: number, seed: number): Uint8Array {
  const value = new Uint8Array(length);
  for (let i = 0; i < length; i++) value[i] = (i * 31 + seed * 7) ^ (i >>> 8);
  return value;
}

/** All that a store holds in these structures. */
export function contentsOf(db: Database, names: readonly string[]): Contents {
  return new Map(names.map((name) => {
    const entries = new Map<number, string>();
    for (const [key, value] of db.open(numbers(name)).range()) {
      entries.set(key, `${value.length}:${crc32(value, 0, value.length)}`);
    }
    return [name, entries];
  }));
}

/** A store and its bytes, cleanly closed or as a crash of the process leaves them. */
export async function makeStore(
  body: (db: Database) => Promise<void>,
  names: readonly string[],
  options: DatabaseOptions & { readonly crash?: boolean } = {},
): Promise<{ bytes: Uint8Array; contents: Contents }> {
  const io = memoryIo();
  const { crash = false, ...rest } = options;
  const db = await Database.open("/store.hold", { logBytes: 256 * 1024, ...rest, io });
  await body(db);
  const contents = contentsOf(db, names);
  const crashed = await readBytes(io, "/store.hold");
  await db.close();
  return { bytes: crash ? crashed : await readBytes(io, "/store.hold"), contents };
}

/** Repairs bytes; the new store is whole, and what it holds is returned. */
export async function repairBytes(
  bytes: Uint8Array,
  names: readonly string[],
  options: RepairOptions = {},
): Promise<{ report: RepairReport; contents: Contents; io: IoAdapter }> {
  const io = memoryIo();
  const file = await io.open(DAMAGED, "create");
  file.writeAt(bytes, 0);
  file.close();
  const report = await repair(DAMAGED, REPAIRED, { ...options, io });
  const after = await readBytes(io, DAMAGED);
  assert.equal(crc32(after, 0, after.length), crc32(bytes, 0, bytes.length), "left as it was");
  assert.deepEqual(
    (await io.list("/")).filter((name) => name.endsWith(".new")),
    [],
    "nothing is left beside",
  );
  const db = await Database.open(REPAIRED, { io, create: false });
  assert.equal(db.recovered.cleanClose, true);
  await assertWhole(db);
  const present = report.structures.filter(({ kind }) => kind === "index").map(({ name }) => name);
  const contents = contentsOf(db, present.filter((name) => names.includes(name)));
  for (const { name, entries } of report.structures) {
    const found = contents.get(name);
    if (found !== undefined) assert.equal(found.size, entries, `entries of ${name}`);
  }
  await db.close();
  return { report, contents, io };
}

/** Entries that are there and should not be, or have another value. */
export function inventedIn(found: Contents, expected: Contents): string[] {
  const invented: string[] = [];
  for (const [name, entries] of found) {
    for (const [key, value] of entries) {
      if (expected.get(name)?.get(key) !== value) invented.push(`${name}/${key}: ${value}`);
    }
  }
  return invented;
}

/** Entries that should be there and are not, by structure. */
export function missingIn(found: Contents, expected: Contents): Map<string, number> {
  const missing = new Map<string, number>();
  for (const [name, entries] of expected) {
    let count = 0;
    for (const key of entries.keys()) if (found.get(name)?.has(key) !== true) count++;
    if (count > 0) missing.set(name, count);
  }
  return missing;
}
