/** A view that nothing later changes, for a report or an iteration over hours. */

import { codec, Database, index } from "@holdfast/holdfast";

const prices = index("prices", { key: codec.string, value: codec.u32 });

const db = await Database.memory();
await db.update((tx) => tx.open(prices).put("nuts", 5));
const snapshot = db.snapshot();
await db.update((tx) => tx.open(prices).put("nuts", 6));
console.log(snapshot.open(prices).get("nuts"), db.open(prices).get("nuts")); //> 5 6
console.log(db.stats().snapshots); //> 1
snapshot.release(); // what only it could see is used again
await db.close();
