/**
 * Prints the Markdown of saved runs: `node bench/markdown.ts kernel.json streams.json`.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Report } from "./report.ts";
import { toMarkdown } from "./report.ts";

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: markdown.ts FILE.json...");
  process.exit(2);
}
console.log("# Measured figures\n");
for (const file of files) console.log(toMarkdown(JSON.parse(readFileSync(file, "utf8")) as Report));
