/**
 * The child process: `child.ts CONTESTANT TASK OPTIONS` does one task and prints its figures.
 *
 * @module
 */

import process from "node:process";
import { STORES } from "./contestant.ts";
import type { TaskOptions } from "./tasks.ts";
import { TASKS } from "./tasks.ts";

const [contestant = "", task = "", options = "{}"] = process.argv.slice(2);
const module = await STORES[contestant]!();
const result = await TASKS[task]!(module, JSON.parse(options) as TaskOptions);
console.log(JSON.stringify(result));
// Some engines keep a process alive that has closed them.
process.exit(0);
