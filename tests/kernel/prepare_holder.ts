/**
 * A program for the recovery test: prepares two transactions in the store at the path it is given,
 * commits one in the usual way, says "prepared", and stays until somebody kills it.
 *
 * @module
 */

import process from "node:process";
import { codec, Database, index } from "../../mod.ts";

const path = process.argv[2];
if (path === undefined) throw new TypeError("the path is missing");
const table = index("table", { key: codec.string, value: codec.string });
const db = await Database.open(path);
await db.update((tx) => tx.open(table).put("kept", "kept"));
for (const id of ["yes", "no"]) {
  const tx = db.begin({ transactionId: new TextEncoder().encode(id) });
  tx.open(table).put(id, "x".repeat(100_000));
  await tx.prepare();
}
process.stdin.resume();
console.log("prepared");
