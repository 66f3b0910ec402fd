/** Four structures, one commit: all of it, or nothing. */

import { codec, contentStore, Database, index, recordLog } from "@holdfast/holdfast";

const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
const byCity = index("by-city", { key: codec.string, value: codec.string, mode: "cluster" });
const audit = recordLog("audit");
const photos = contentStore("photos");

await using db = await Database.open("./app.hold");
const id = await db.update((tx) => {
  tx.open(users).put("ann", { city: "Oslo" });
  tx.open(byCity).put("Oslo", "ann");
  tx.open(audit).append(new TextEncoder().encode("ann joined"));
  return tx.open(photos).put(new Uint8Array([1, 2, 3]));
}); // all four, or none; on disk when it resolves

console.log(db.open(users).get("ann")?.city); //> Oslo
for (const [city, name] of db.open(byCity).range({ gte: "A", lt: "P" })) {
  console.log(city, name); //> Oslo ann
}
console.log(db.open(photos).get(id)?.join()); //> 1,2,3
