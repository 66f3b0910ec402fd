/**
 * A child process with nothing in it: what the runtime itself takes.
 *
 * @module
 */

import process from "node:process";

console.log(JSON.stringify({ resident: process.memoryUsage().rss }));
