/** States that wait for the end of their transaction. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Database, EmbeddedStreamStore } from "../../mod.ts";
import { numberAt, numberKey } from "../../src/streams/table_keys.ts";
import { durableTables, PendingTables } from "../../src/streams/tables.ts";

async function openDatabase(): Promise<Database> {
  return await Database.open("/states.hold", { io: memoryIo() });
}

test("PendingTables.states: the transaction sees what it put, the tree has it at the end", async () => {
  const database = await openDatabase();
  const value = Uint8Array.of(1);
  await database.update((tx) => {
    const { states } = new PendingTables(tx);
    assert.equal(states.get(numberKey(1)), undefined);
    states.put(numberKey(1), value);
    value[0] = 9;
    assert.deepEqual(states.get(numberKey(1)), Uint8Array.of(1), "a copy");
    states.put(numberKey(1), Uint8Array.of(2));
    assert.deepEqual(states.get(numberKey(1)), Uint8Array.of(2));
  });
  const { states } = durableTables(database);
  assert.equal(states.get(numberKey(1)), undefined, "it did not finish");
  await database.update((tx) => {
    const tables = new PendingTables(tx);
    tables.states.put(numberKey(1), Uint8Array.of(3));
    assert.equal(tables.writes, 1, "what is held back counts");
    tables.states.put(numberKey(2), Uint8Array.of(4));
    tables.states.remove(numberKey(2));
    assert.equal(tables.states.get(numberKey(2)), undefined);
    tables.finish();
  });
  assert.deepEqual(states.get(numberKey(1)), Uint8Array.of(3));
  assert.equal(states.get(numberKey(2)), undefined);
  await database.close();
});

test("PendingTables.states: a removal reaches the tree, and ranges have what was put", async () => {
  const database = await openDatabase();
  await database.update((tx) => {
    const tables = new PendingTables(tx);
    for (const number of [1, 2, 3]) tables.states.put(numberKey(number), Uint8Array.of(number));
    tables.finish();
  });
  await database.update((tx) => {
    const tables = new PendingTables(tx);
    tables.states.remove(numberKey(2));
    tables.states.put(numberKey(4), Uint8Array.of(4));
    const found = [...tables.states.range({ gte: numberKey(0) })].map(([key]) => numberAt(key, 0));
    assert.deepEqual(found, [1, 3, 4]);
    tables.finish();
  });
  assert.equal(durableTables(database).states.get(numberKey(2)), undefined);
  await database.close();
});

test("EmbeddedStreamStore: changes of one turn see each other's states", async () => {
  const database = await openDatabase();
  const store = await EmbeddedStreamStore.open(database);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const outcomes = await Promise.all([
    store.create("a"),
    store.append("a", [bytes("1")]),
    store.append("a", [bytes("23")]),
    store.fork("b", "a"),
    store.append("b", [bytes("4")], { close: true }),
    store.append("b", [bytes("5")]),
    store.delete("a"),
    store.append("a", [bytes("6")]),
  ]);
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), [
    ...["done", "done", "done", "done", "done"],
    ...["refused", "done", "refused"],
  ]);
  const page = await store.read("b", "-1");
  assert.equal(page.outcome, "done");
  if (page.outcome === "done") {
    assert.deepEqual(page.messages.map((message) => new TextDecoder().decode(message)), [
      ...["1", "23", "4"],
    ]);
    assert.equal(page.closed, true);
  }
  await store.close();
  await database.close();
});
