/**
 * Holdfast beneath programs that were written for LevelDB. The package `abstract-level` comes from
 * npm: `npm install abstract-level`, or nothing at all with Deno.
 */

import { codec, Database, index } from "@holdfast/holdfast";
import { HoldfastLevel, levelIndex } from "@holdfast/holdfast/level";

const level = new HoldfastLevel<string, { city: string }>("./people.hold", {
  valueEncoding: "json",
});
await level.batch([
  { type: "put", key: "ann", value: { city: "Oslo" } },
  { type: "put", key: "bob", value: { city: "Rome" } },
]); // both or none; on disk when it resolves
await level.put("cid", { city: "Bern" }, { sync: false }); // survives the process, not the power

console.log((await level.get("ann"))?.city, level.getSync("dora")); //> Oslo undefined
for await (const [name, { city }] of level.iterator({ gt: "ann" })) {
  console.log(name, city);
  //> bob Rome
  //> cid Bern
}

const before = level.snapshot();
await level.clear({ lt: "c" });
console.log(...await level.keys().all()); //> cid
console.log(...await level.keys({ snapshot: before }).all()); //> ann bob cid
await level.close(); // the snapshot too

// The same entries, in one transaction with another structure of the file.
const visits = index("visits", { key: codec.string, value: codec.u32 });
const db = await Database.open("./people.hold");
const people = new HoldfastLevel(db);
await db.update((tx) => {
  tx.open(levelIndex()).remove(new TextEncoder().encode("cid"));
  tx.open(visits).put("cid", 1);
});
console.log(await people.has("cid"), db.open(visits).get("cid")); //> false 1
await people.close();
await db.close();
