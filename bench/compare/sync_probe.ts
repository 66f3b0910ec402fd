/**
 * The process whose system calls are counted: `sync_probe.ts CONTESTANT STEPS FOLDER` runs each
 * durable row once.
 *
 * @module
 */

import process from "node:process";
import { createFolder } from "../run_folder.ts";
import { loadContestants } from "./contestants.ts";
import { SYNC_ROWS } from "./sync_workload.ts";

const [name, steps, folder] = process.argv.slice(2);
if (name === undefined || steps === undefined || folder === undefined) {
  console.error("usage: sync_probe.ts CONTESTANT STEPS FOLDER");
  process.exit(2);
}
const { runners } = await loadContestants(name);
for (const { module } of runners) {
  for (const row of SYNC_ROWS) {
    const store = await module.open(createFolder(folder, row.folder), "disk");
    await row.run(store, Number(steps) / row.steps);
    await store.close();
  }
}
