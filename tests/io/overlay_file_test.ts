import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Prng } from "../../src/base/prng.ts";
import type { IoFile } from "../../src/io/adapter.ts";
import { OverlayFile } from "../../src/io/overlay_file.ts";
import { contentOf, pattern } from "./file_criteria.ts";

/** A file opened for reading: a write to it would throw. */
async function readable(content: Uint8Array): Promise<IoFile> {
  const io = memoryIo();
  const file = await io.open("/a", "create");
  file.writeAt(content, 0);
  file.close();
  return await io.open("/a", "read");
}

test("OverlayFile: reads, writes and truncates like a file, and leaves the one below alone", async () => {
  const original = pattern(50_000);
  const below = await readable(original);
  const plain = await memoryIo().open("/b", "create");
  plain.writeAt(original, 0);
  const overlay = new OverlayFile(below);
  const random = new Prng(7);
  for (let round = 0; round < 2000; round++) {
    const offset = random.below(80_000);
    const length = random.below(random.below(10) === 0 ? 20_000 : 5000);
    const step = random.below(10);
    if (step === 0) {
      for (const file of [plain, overlay]) file.truncate(offset);
    } else if (step < 5) {
      for (const file of [plain, overlay]) file.writeAt(pattern(length, round), offset);
    } else {
      const [one, two] = [new Uint8Array(length).fill(7), new Uint8Array(length).fill(7)];
      assert.equal(overlay.readAt(two, offset), plain.readAt(one, offset), `round ${round}`);
      assert.ok(one.every((byte, index) => byte === two[index]), `round ${round}`);
    }
    assert.equal(overlay.size(), plain.size());
  }
  overlay.sync();
  await overlay.syncAsync();
  assert.deepEqual(contentOf(overlay), contentOf(plain));
  assert.deepEqual(contentOf(below), original);
  overlay.close();
  assert.throws(() => overlay.size(), { code: "CLOSED" });
  assert.throws(() => below.size(), { code: "CLOSED" });
});

test("OverlayFile: what changes nothing takes no memory", async () => {
  const overlay = new OverlayFile(await readable(pattern(100_000)));
  overlay.writeAt(pattern(100_000), 0);
  overlay.writeAt(new Uint8Array(1_000_000), 100_000);
  assert.equal(overlay.size(), 1_100_000);
  assert.equal(overlay.keptBytes, 0);
  overlay.writeAt(Uint8Array.of(1, 2, 3), 500_000);
  assert.equal(overlay.keptBytes, 4096);
  overlay.truncate(300_000);
  assert.equal(overlay.keptBytes, 0);
  overlay.close();
});
