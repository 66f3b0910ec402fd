/** Committed changes as they become visible, in order. */

import { codec, Database, index } from "@holdfast/holdfast";

const jobs = index("jobs", { key: codec.string, value: codec.string });

const db = await Database.memory();
const changes = db.watch(jobs);
const watching = (async () => {
  for await (const change of changes) {
    console.log(change.kind, change.key, change.kind === "put" ? change.value : "");
    if (change.key === "stop") return;
  }
})();
//> put build started
//> put build done
//> remove build
//> put stop now
await db.update((tx) => tx.open(jobs).put("build", "started"));
await db.update((tx) => tx.open(jobs).put("build", "done"));
await db.update((tx) => tx.open(jobs).remove("build"));
await db.update((tx) => tx.open(jobs).put("stop", "now"));
await watching;
await db.close();
