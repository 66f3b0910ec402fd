/** A copy of the database as it is now, to a file or a stream, while others go on writing. */

import { codec, Database, index } from "@holdfast/holdfast";

const notes = index("notes", { key: codec.u32, value: codec.string });

const db = await Database.open("./notes.hold");
await db.update((tx) => {
  for (let n = 0; n < 1000; n++) tx.open(notes).put(n, `note ${n}`);
});
const copying = db.backup("./notes-backup.hold");
await db.update((tx) => tx.open(notes).put(1000, "too late for the backup"));
const report = await copying;
console.log(report.bytes < db.stats().fileBytes); //> true
await db.close();

const copy = await Database.open("./notes-backup.hold");
console.log(copy.open(notes).count(), (await copy.check()).ok); //> 1000 true
await copy.close();
