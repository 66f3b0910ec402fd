/** A copy that is kept up to date: read a snapshot once, then follow the changes after it. */

import { codec, Database, index } from "@holdfast/holdfast";

const prices = index("prices", { key: codec.string, value: codec.u32 });

const db = await Database.memory({ retainChangeBytes: 16 * 1024 * 1024 });
await db.update((tx) => tx.open(prices).put("nuts", 5));
const snapshot = db.snapshot();
await db.update((tx) => tx.open(prices).put("bolts", 7));

const copy = new Map(snapshot.open(prices).range());
snapshot.release();
const changes = db.watch(prices, { from: snapshot.sequence });
await db.update((tx) => tx.open(prices).put("nuts", 6));
await db.close();
for await (const change of changes) {
  console.log(change.kind, change.key);
  if (change.kind === "put") copy.set(change.key, change.value);
  else copy.delete(change.key);
}
//> put bolts
//> put nuts
console.log(JSON.stringify([...copy])); //> [["nuts",6],["bolts",7]]
