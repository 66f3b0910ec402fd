/**
 * A program for the lock tests: tries to lock the path it is given, in the mode it is given, says "held" or "refused" on a
 * line of its own, and keeps what it has until its standard input ends or somebody kills it.
 *
 * @module
 */

import process from "node:process";
import type { IoLockMode } from "../../src/io/adapter.ts";
import { runningIo } from "./running_io.ts";

const [path, mode] = process.argv.slice(2);
if (path === undefined) throw new TypeError("the path is missing");
const lock = await (await runningIo()).tryLock(path, mode as IoLockMode);
process.stdin.resume();
process.stdin.once("end", () => {
  lock?.release();
  process.exit(0);
});
console.log(lock === undefined ? "refused" : "held");
