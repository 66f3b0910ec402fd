/** Records under ids that stay the same over updates, and that indexes can name. */

import { codec, Database, index, RecordId, segment } from "@holdfast/holdfast";

const notes = segment("notes");
const byTitle = index("by-title", { key: codec.string, value: codec.recordId });
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

const db = await Database.memory();
const id = await db.update((tx) => {
  const added = tx.open(notes).insert(bytes("buy nuts"));
  tx.open(byTitle).put("shopping", added);
  return added;
});
await db.update((tx) => tx.open(notes).update(id, bytes("buy nuts and bolts")));

console.log(text(db.open(notes).read(db.open(byTitle).get("shopping")!))); //> buy nuts and bolts
console.log(text(db.open(notes).read(RecordId.parse(String(id))))); //> buy nuts and bolts
for (const { bytes: record } of db.open(notes).scan({ reverse: true, limit: 1 })) {
  console.log(record.length); //> 18
}
await db.close();
