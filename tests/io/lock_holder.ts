/**
 * A program for the lock tests: tries to lock the path it is given, says "held" or "refused" on a
 * line of its own, and keeps what it has until its standard input ends or somebody kills it.
 *
 * @module
 */

import process from "node:process";
import { runningIo } from "./running_io.ts";

const path = process.argv[2];
if (path === undefined) throw new TypeError("the path is missing");
const lock = await (await runningIo()).tryLock(path);
process.stdin.resume();
process.stdin.once("end", () => {
  lock?.release();
  process.exit(0);
});
console.log(lock === undefined ? "refused" : "held");
