/** Many streams growing inside one tree: how full its leaves are, and that nothing gets lost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { codec, index } from "../../mod.ts";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import * as pages from "../../src/kernel/page/page.ts";
import { bytes, withStore } from "./checked.ts";

const growing = index("growing", { key: codec.tuple(codec.u32, codec.u32), value: codec.bytes });
const plain = index("plain", { key: codec.u32, value: codec.bytes });

test("index keeps leaves of 1,500 round-robin streams at least 80 % full", async () => {
  for (const messages of [8, 20, 40]) {
    await withStore(async (db) => {
      const value = new Uint8Array(110);
      for (let message = 0; message < messages; message++) {
        await db.update((tx) => {
          for (let stream = 0; stream < 1500; stream++) {
            tx.open(growing).put([stream, message], value);
          }
        });
      }
      const { leafFill } = await db.check();
      assert.ok(leafFill >= 0.8, `${messages} messages: ${leafFill}`);
    }, { logBytes: 16 * 1024 * 1024 });
  }
});

test("index keeps leaves of ascending keys at least 95 % full", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      for (let n = 0; n < 20_000; n++) tx.open(plain).put(n, new Uint8Array(50));
    });
    const { leafFill } = await db.check();
    assert.ok(leafFill >= 0.95, `${leafFill}`);
  });
});

test("index holds all entries of unevenly growing and shrinking streams", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    await withStore(async (db) => {
      const random = new Prng(seed);
      const lengths: number[] = Array.from({ length: 200 }, () => 0);
      const firsts: number[] = Array.from({ length: 200 }, () => 0);
      for (let round = 0; round < 60; round++) {
        await db.update((tx) => {
          const writer = tx.open(growing);
          for (let i = 0; i < 150; i++) {
            const stream = random.below(200);
            const size = random.below(seed % 2 === 0 ? 900 : 60);
            writer.put([stream, lengths[stream]!], new Uint8Array(size).fill(stream));
            lengths[stream]!++;
          }
          if (round % 5 === 4) {
            const stream = random.below(200);
            for (; firsts[stream]! < lengths[stream]!; firsts[stream]!++) {
              assert.equal(writer.remove([stream, firsts[stream]!]), true);
            }
          }
        });
        if (round % 20 === 10) await db.checkpoint();
      }
      const seen: number[] = Array.from({ length: 200 }, (_, stream) => firsts[stream]!);
      for (const [[stream, message], value] of db.open(growing).range()) {
        assert.equal(message, seen[stream]!, `order of stream ${stream}`);
        assert.ok(value.every((byte) => byte === stream));
        seen[stream]!++;
      }
      assert.deepEqual(seen, lengths);
    });
  }
});

test("openCell: a branch that has lost all children but its first takes keys of another beginning", () => {
  const arena = pages.createArena(PAGE_BYTES);
  const level = 1;
  pages.formatPage(arena, 0, 9, 1, 16, level);
  const open = (slot: number, text: string): void => {
    const key = bytes(text);
    pages.openCell(arena, 0, slot, pages.cellHead(level) + key.length, key, 0, key.length);
  };
  const find = (text: string): number =>
    pages.searchPage(arena, 0, bytes(text), 0, text.length, level);
  open(0, "");
  for (let slot = 1; slot <= 5; slot++) open(slot, `the same for each ${slot}`);
  pages.rebuildHeads(arena, 0);
  assert.equal(find("the same for each 3"), 3);
  while (pages.slotCount(arena, 0) > 1) pages.removeSlot(arena, 0, 1);
  open(1, "m");
  open(2, "z");
  open(1, "a");
  assert.deepEqual(["a", "m", "z", "b", "the same"].map(find), [1, 2, 3, ~2, ~3]);
});
