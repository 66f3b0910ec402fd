/**
 * Made the files of `tests/sim/golden/files/v1/`: every later version has to open the files of a released
 * one, and to find in them what was put there. A new version of a format gets files of its own:
 *
 *     deno run -A --no-npm tests/tools/golden_files.ts VERSION
 *
 * Stores that were released never change what they hold: something new is a store of another name.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { goldensOf } from "../sim/damage/damage_campaign.ts";
import { goldenFolder } from "../sim/golden/golden_folder.ts";
import { goldenStores } from "../sim/golden/golden_stores.ts";
import { ROOT } from "./repository.ts";

const version = process.argv[2] ?? "0";
for (const { store, golden } of await goldensOf(goldenStores)) {
  const folder = join(ROOT, goldenFolder(version, store.name, golden.state));
  mkdirSync(folder, { recursive: true });
  for (const [path, bytes] of golden.files) {
    writeFileSync(join(folder, `${basename(path)}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
