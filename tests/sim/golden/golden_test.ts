/** Files of every released version stay readable; `tests/tools/golden_files.ts` made them. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ROOT } from "../../tools/repository.ts";
import { goldensOf } from "../damage/damage_campaign.ts";
import { DamageDisk } from "../damage/damage_disk.ts";
import { GOLDEN_FOLDER, goldenFolder } from "./golden_folder.ts";
import { goldenStores } from "./golden_stores.ts";

/** Made once, when a test asks first. */
let made: ReturnType<typeof goldensOf> | undefined;
const goldens = (): ReturnType<typeof goldensOf> => made ??= goldensOf(goldenStores);

const versions = readdirSync(join(ROOT, GOLDEN_FOLDER)).map((name) => name.slice(1));

for (const version of versions) {
  test(
    `golden files of version ${version}: every structure holds what it held, to read and to go on`,
    { timeout: 60_000 },
    async () => {
      let stores = 0;
      for (const { store, golden } of await goldens()) {
        const folder = join(ROOT, goldenFolder(version, store.name, golden.state));
        // One that came later has none.
        if (!existsSync(folder)) continue;
        stores++;
        const parent = [...golden.files.keys()][0]!.split("/").slice(0, -1).join("/");
        const disk = new DamageDisk(
          new Map(
            readdirSync(folder).map((name) => [
              `${parent}/${basename(name, ".gz")}`,
              new Uint8Array(gunzipSync(readFileSync(join(folder, name)))),
            ]),
          ),
          9,
        );
        for (const goesOn of [false, true]) {
          const outcome = await golden.read(disk.io, goesOn);
          assert.deepEqual(outcome, { codes: [] }, `${store.name}, ${golden.state}`);
          disk.restore();
        }
      }
      assert.ok(stores >= 23, `${stores} stores`);
    },
  );
}

test("golden files: the present version has one for every store, and all are small", {
  timeout: 60_000,
}, async () => {
  const present = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1)!;
  for (const { store, golden } of await goldens()) {
    const folder = join(ROOT, goldenFolder(present, store.name, golden.state));
    assert.ok(existsSync(folder), `${folder}: make it with tests/tools/golden_files.ts`);
  }
  const all = readdirSync(join(ROOT, GOLDEN_FOLDER), { recursive: true })
    .map((name) => statSync(join(ROOT, GOLDEN_FOLDER, String(name))))
    .filter((entry) => entry.isFile());
  assert.ok(all.reduce((sum, { size }) => sum + size, 0) <= 100 * 1024, "100 KiB in all");
});
