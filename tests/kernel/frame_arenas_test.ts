/** Frames of the page cache have memory of their own, wherever their arenas begin and end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import { arenaFrames, FrameArenas } from "../../src/kernel/page/frame_arenas.ts";

/** Arenas of 32 to 2048 frames, two of 4096 and the beginning of a third. */
const FRAMES = 4064 + 2 * 4096 + 10;

test("FrameArenas: every frame has a page of its own", () => {
  const arenas = new FrameArenas(FRAMES);
  for (let frame = 0; frame < FRAMES; frame++) {
    arenas.take(frame);
    const { i32, u8 } = arenas.arena(frame);
    const base = arenas.base(frame);
    assert.ok(base >= 0 && base + PAGE_BYTES <= u8.length, `frame ${frame} is in its arena`);
    assert.equal(i32[base >> 2], 0, `frame ${frame} was given before`);
    i32[base >> 2] = i32[(base + PAGE_BYTES - 4) >> 2] = frame + 1;
  }
  for (let frame = 0; frame < FRAMES; frame++) {
    const { i32 } = arenas.arena(frame);
    const base = arenas.base(frame);
    assert.equal(i32[base >> 2], frame + 1);
    assert.equal(i32[(base + PAGE_BYTES - 4) >> 2], frame + 1);
  }
});

test("FrameArenas: takes 128 KiB at first, and nothing beyond its capacity", () => {
  const arenas = new FrameArenas(40);
  arenas.take(0);
  assert.equal(arenas.arena(31).u8.length, 32 * PAGE_BYTES);
  assert.equal(arenas.arena(32), undefined);
  arenas.take(32);
  assert.equal(arenas.arena(39).u8.length, 8 * PAGE_BYTES);
});

test("regression: FrameArenas of any size have no gap and no end", () => {
  const arenas = new FrameArenas(Infinity);
  let first = 0;
  for (let arena = 0; arena < 1000; arena++) {
    const frames = arenaFrames(arena);
    assert.ok(frames >= 32 && frames <= 4096, `arena ${arena} has ${frames}`);
    assert.equal(arenas.base(first), 0, `arena ${arena} begins at frame ${first}`);
    assert.equal(arenas.base(first + frames - 1), (frames - 1) * PAGE_BYTES);
    first += frames;
  }
});
