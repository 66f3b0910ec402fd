/**
 * A program for the test of hooks: its hook throws after a commit, and nobody has asked for the
 * error. Says "committed" when the commit has resolved.
 *
 * @module
 */

import process from "node:process";
import { codec, Database, index } from "../../mod.ts";

const numbers = index("numbers", { key: codec.u32, value: codec.u32 });
process.on("unhandledRejection", (error) => {
  console.log("unhandled", (error as Error).message);
  process.exit(3);
});
const db = await Database.memory();
db.hooks.afterCommit(() => {
  throw new RangeError("from the hook");
});
await db.update((tx) => tx.open(numbers).put(1, 1));
console.log("committed", db.open(numbers).get(1));
process.stdin.resume();
