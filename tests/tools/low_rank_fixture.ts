/**
 * Made the files of `tests/fixtures/low-ranks-v1/`: every later version has to open the files of a
 * released one. A new version of the formats gets files of its own.
 *
 *     deno run -A --no-npm tests/tools/low_rank_fixture.ts VERSION
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { buildLowRanks } from "../journal/low_rank_fixture.ts";
import { ROOT } from "./repository.ts";

const folder = join(ROOT, `tests/fixtures/low-ranks-v${process.argv[2] ?? "0"}`);
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of await buildLowRanks()) {
  writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
