/** Structures come and go in transactions like everything else. */

import { codec, Database, index, segment } from "@holdfast/holdfast";

const drafts = segment("drafts");
const words = index("words", { key: codec.string, value: codec.u32 });

const db = await Database.memory();
await db.update((tx) => {
  tx.open(drafts).insert(new Uint8Array(100_000));
  tx.open(words).put("hello", 1);
  console.log(tx.list().map(({ name, kind }) => `${name}: ${kind}`).join(", "));
  //> drafts: segment, words: index
});
await db.update((tx) => tx.drop(drafts)); // its space returns in short steps, behind other work
console.log(db.open(drafts).count(), db.open(words).count()); //> 0 1
await db.close();
