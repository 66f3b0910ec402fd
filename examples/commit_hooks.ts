/** Hooks: a sum that every commit keeps right, and a note after each. */

import { codec, Database, index } from "@holdfast/holdfast";

const stock = index("stock", { key: codec.string, value: codec.u32 });
const totals = index("totals", { key: codec.string, value: codec.u32 });

const db = await Database.memory();
db.hooks.beforeCommit((tx) => {
  const pieces = [...tx.open(stock).values()].reduce((sum, each) => sum + each, 0);
  if (pieces > 100) throw new RangeError("the store room is full");
  tx.open(totals).put("pieces", pieces);
});
const remove = db.hooks.afterCommit(() => {
  console.log("pieces:", db.open(totals).get("pieces"));
}, { onError: (error) => console.error(error) });

await db.update((tx) => tx.open(stock).put("nuts", 60)); //> pieces: 60
await db.update((tx) => tx.open(stock).put("bolts", 30)); //> pieces: 90
await db.update((tx) => tx.open(stock).put("screws", 20))
  .catch((error: Error) => console.log(error.message)); //> the store room is full
console.log(db.open(stock).has("screws")); //> false
remove();
await db.close();
