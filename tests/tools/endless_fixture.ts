/**
 * Made the files of `tests/fixtures/stream-v1-*`: every later version has to open the streams of a
 * released one. A new version of the format gets files of its own.
 *
 *     deno run -A --no-npm tests/tools/endless_fixture.ts VERSION
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { buildStream } from "../block/endless_fixture.ts";
import { ROOT } from "./repository.ts";

for (const kind of ["closed", "crashed"] as const) {
  const folder = join(ROOT, `tests/fixtures/stream-v${process.argv[2] ?? "0"}-${kind}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await buildStream(kind)) {
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
