/** Entries that expire: hidden at once, removed by a sweep. */

import { codec, Database, expiringIndex, sweepExpired } from "@holdfast/holdfast";

const sessions = expiringIndex("sessions", { key: codec.string, value: codec.string });

const db = await Database.memory();
await db.update((tx) => {
  const view = tx.open(sessions);
  view.put("s1", "ann", { ttlMs: 30 * 60_000 });
  view.put("s2", "bob", { expiresAt: Date.UTC(2000, 0, 1) });
  view.put("s3", "service");
});
const view = db.open(sessions);
console.log([...view.keys()].join(" ")); //> s1 s3
console.log(view.has("s2"), view.expiresAt("s3")); //> false Infinity
console.log(await sweepExpired(db, sessions)); //> 1
await db.close();
