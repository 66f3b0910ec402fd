/** What a second value of a key does: replace the first, be refused, or join it. */

import { codec, Database, index, isHoldfastError } from "@holdfast/holdfast";

const key = codec.string;
const value = codec.string;
const latest = index("latest", { key, value });
const names = index("names", { key, value, mode: "exclusive" });
const tags = index("tags", { key, value, mode: "cluster" });

const db = await Database.memory();
await db.update((tx) => {
  tx.open(latest).put("a", "one");
  tx.open(latest).put("a", "two");
  tx.open(tags).put("a", "two");
  tx.open(tags).put("a", "one");
  tx.open(names).put("a", "one");
});
console.log(db.open(latest).get("a")); //> two
console.log(db.open(tags).get("a").join(" ")); //> one two
try {
  await db.update((tx) => tx.open(names).put("a", "two"));
} catch (error) {
  console.log(isHoldfastError(error) && error.code); //> ALREADY_EXISTS
}
await db.close();
