/** From a damaged file, everything that verifies, into a new one. */

import { readFileSync, writeFileSync } from "node:fs";
import { codec, Database, index, repair } from "@holdfast/holdfast";

const notes = index("notes", { key: codec.u32, value: codec.string });

const db = await Database.open("./damaged.hold");
await db.update((tx) => {
  for (let n = 0; n < 2000; n++) tx.open(notes).put(n, `note ${n}`);
});
await db.close();

// Ten bytes of some note become zeros: behind the log, which has it too.
const bytes = readFileSync("./damaged.hold");
const at = bytes.lastIndexOf("note 1500");
bytes.fill(0, at, at + 10);
writeFileSync("./damaged.hold", bytes);

const opened = await Database.open("./damaged.hold", { readOnly: true });
console.log((await opened.check()).ok); //> false
await opened.close();

const report = await repair("./damaged.hold", "./repaired.hold");
console.log(report.problems.length > 0); //> true
const repaired = await Database.open("./repaired.hold");
console.log(repaired.open(notes).count() > 1800, repaired.open(notes).get(7)); //> true note 7
await repaired.close();
