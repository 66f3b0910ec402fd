/** Giving the space of what was deleted back to the file system. */

import { Database, segment } from "@holdfast/holdfast";

const uploads = segment("uploads");

const db = await Database.open("./uploads.hold");
const ids = await db.update((tx) => {
  return Array.from({ length: 200 }, () => tx.open(uploads).insert(new Uint8Array(50_000)));
});
await db.update((tx) => {
  for (const id of ids.slice(1)) tx.open(uploads).delete(id);
});
const report = await db.compact(); // in short steps; reads and commits go on
console.log(report.bytesAfter < report.bytesBefore / 4); //> true
await db.close();
