/**
 * Made `tests/fixtures/store-v1.hold.gz` and `tests/fixtures/store-v1-crashed.hold.gz`: every later
 * version has to open the files of a released one. A new version of the format gets files of its own.
 *
 *     deno run -A --no-npm tests/tools/store_fixture.ts VERSION
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { buildStore } from "../kernel/store_fixture.ts";
import { ROOT } from "./repository.ts";

const { clean, crashed } = await buildStore();
const version = process.argv[2] ?? "0";
for (const [ending, image] of [["", clean], ["-crashed", crashed]] as const) {
  const path = join(ROOT, `tests/fixtures/store-v${version}${ending}.hold.gz`);
  writeFileSync(path, gzipSync(image, { level: 9 }));
}
