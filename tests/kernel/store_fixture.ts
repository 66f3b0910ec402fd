/**
 * A store with something of everything, made on a simulated disk: the same bytes each time.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  codec,
  Database,
  type Definition,
  importDatabase,
  index,
  type IndexAccess,
  type IndexedAccess,
  segment,
} from "../../mod.ts";
import { streamOf } from "../structures/export_fixture.ts";
import { ROOT } from "../tools/repository.ts";

const PATH = "/store.hold";

/** Entries of `people`, enough for trees of several levels. */
export const PEOPLE = 2000;

/** Who lives where. */
export interface Person {
  readonly city: string;
}

type Cities = { byCity: string };

export const people: Definition<IndexedAccess<string, Person, Cities>> = index("people", {
  key: codec.string,
  value: codec.json<Person>(),
  indexes: { byCity: { key: codec.string, of: (person) => person.city } },
});

export const stock: Definition<IndexAccess<string, Uint8Array, Uint8Array | undefined>> = index(
  "stock",
  { key: codec.string, value: codec.bytes },
);

/** The id of the transaction in doubt. */
export const IN_DOUBT: Uint8Array = new TextEncoder().encode("order 7");

/** Imports the exports of the same version into a database. */
export async function importFixture(db: Database): Promise<void> {
  const image = readFileSync(join(ROOT, "tests/fixtures/export-v1.jsonl"));
  await importDatabase(db, streamOf(new Uint8Array(image)));
}

/** The person of a number. */
export function personOf(n: number): [string, Person] {
  return [`person ${String(n).padStart(5, "0")}`, { city: `city ${n % 40}` }];
}

/** The file after a clean close, and as a crash leaves it: with a log to replay. */
export async function buildStore(): Promise<{ clean: Uint8Array; crashed: Uint8Array }> {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open(PATH, { io: disk.io });
  await importFixture(db);
  await db.update((tx) => {
    for (let n = 0; n < PEOPLE; n++) tx.open(people).put(...personOf(n));
    tx.open(segment("dropped")).insert(new Uint8Array(9000));
    tx.open(stock).put("large", new Uint8Array(100_000).fill(1));
    tx.open(stock).put("middle", new Uint8Array(9000).fill(2));
  });
  const tx = db.begin({ transactionId: IN_DOUBT });
  tx.open(stock).put("nuts", new Uint8Array([7]));
  tx.open(stock).put("held", new Uint8Array(80_000).fill(3));
  await tx.prepare();
  await db.checkpoint();
  await db.update((tx) => {
    tx.drop(segment("dropped"));
    tx.open(people).remove(personOf(0)[0]);
    tx.open(stock).put("late", new Uint8Array(70_000).fill(4));
  });
  const crashed = disk.contents(PATH)!.slice();
  await db.close();
  return { clean: disk.contents(PATH)!.slice(), crashed };
}
