/** Files of every released version stay readable; `tests/tools/low_rank_fixture.ts` made them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { memoryIo } from "../../adapters/memory.ts";
import { fileBlocks, Identity, type IoAdapter } from "../../mod.ts";
import { ROOT } from "../tools/repository.ts";
import { buildLowRanks, FOLDER, openJournal } from "./low_rank_fixture.ts";

const GOLDEN = join(ROOT, "tests/fixtures/low-ranks-v1");

const names = readdirSync(GOLDEN).map((name) => name.replace(/\.gz$/, ""));
const golden = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(join(GOLDEN, `${name}.gz`))));

async function goldenDisk(): Promise<IoAdapter> {
  const io = memoryIo();
  for (const name of names) {
    const file = await io.open(`${FOLDER}/${name}`, "create");
    file.writeAt(golden(name), 0);
    file.close();
  }
  return io;
}

test("files of version 1: journal, identity and blocks say what they were made of", async () => {
  const io = await goldenDisk();
  const journal = await openJournal(io);
  assert.deepEqual(journal.get(), [3n, "value 3"]);
  assert.deepEqual(journal.damagedSlots, []);
  await journal.update(([n] = [0n, ""]) => [n + 1n, "later"]);
  await journal.close();
  const identity = await Identity.open(io, `${FOLDER}/store.identity`);
  assert.equal(identity.id, "5aba8c3d-7a42-4bc6-830b-c5e4a0c26700");
  assert.equal(identity.tag(), 495_994_655);
  const blocks = await fileBlocks(io, FOLDER, { name: "log" });
  const runs = await blocks.list();
  assert.deepEqual(runs.map(({ id }) => id), [2, 3]);
  const text = new Uint8Array(6);
  for (const run of runs) {
    run.readAt(text, 99);
    assert.equal(new TextDecoder().decode(text), `\0run ${run.id}`);
  }
  assert.equal((await blocks.allocate()).id, 4);
  await blocks.close();
});

test("files of version 1: this version writes the same bytes on every runtime", async () => {
  const built = await buildLowRanks();
  assert.deepEqual([...built.keys()].sort(), [...names].sort());
  for (const [name, bytes] of built) assert.deepEqual(bytes, golden(name), name);
});
