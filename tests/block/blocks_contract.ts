/**
 * The shared suite of block storage: every promise of `src/block/blocks.ts`, run over any allocator.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockAllocator, BlockShape } from "../../mod.ts";

/** One place for blocks. */
export interface BlockPlace {
  /** Opens an allocator on it; again after the one before was closed. */
  open(shape: BlockShape): Promise<BlockAllocator>;
}

/** What a kind of storage cannot show. */
export interface BlockLimits {
  /** Nothing that is written can be read. */
  readonly forgets?: true;
  /** Nothing outlives the allocator. */
  readonly passes?: true;
}

/** One promise, proved in a fresh place. */
type Criterion = (place: BlockPlace, limits: BlockLimits) => Promise<void>;

const SHAPE: BlockShape = { blockBytes: 4096, blockCount: 5 };
const BYTES = SHAPE.blockBytes * SHAPE.blockCount;

const pattern = (length: number, salt: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + salt) & 255);

async function ids(allocator: BlockAllocator): Promise<number[]> {
  return (await allocator.list()).map(({ id }) => id);
}

/** Registers one test for each promise of the contract. */
export function blocksContract(
  name: string,
  makePlace: () => BlockPlace | Promise<BlockPlace>,
  limits: BlockLimits = {},
): void {
  const on = (prove: Criterion) => async (): Promise<void> =>
    await prove(await makePlace(), limits);

  test(
    `${name} allocate: ids rise from 1 and are never given twice`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      for (const id of [1, 2, 3]) assert.equal((await allocator.allocate()).id, id);
      for (const run of await allocator.list()) await allocator.release(run);
      assert.deepEqual(await ids(allocator), []);
      assert.equal((await allocator.allocate()).id, 4, "not even when all are gone");
      await allocator.close();
    }),
  );

  test(
    `${name} allocate: a run has the shape asked for and reads as zeros`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      for (const reserve of [true, false]) {
        const run = await allocator.allocate({ reserve });
        assert.deepEqual([run.blockBytes, run.blockCount], [4096, 5]);
        const buffer = pattern(BYTES, 1);
        assert.equal(run.readAt(buffer, 0), BYTES);
        assert.ok(buffer.every((byte) => byte === 0));
      }
      await allocator.close();
    }),
  );

  test(
    `${name} readAt: ends where the run ends`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      const buffer = pattern(100, 3);
      assert.equal(run.readAt(buffer, BYTES - 40), 40);
      assert.deepEqual(buffer.subarray(40), pattern(100, 3).subarray(40), "the rest is untouched");
      assert.equal(run.readAt(buffer, BYTES), 0);
      assert.equal(run.readAt(buffer, BYTES + 4096), 0);
      assert.equal(run.readAt(new Uint8Array(0), 0), 0);
      for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
        assert.throws(() => run.readAt(buffer, offset), RangeError);
      }
      await allocator.close();
    }),
  );

  test(
    `${name} writeAt: what is written is read, and only that`,
    on(async (place, { forgets }) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      const other = await allocator.allocate();
      const expected = new Uint8Array(BYTES);
      for (
        const [offset, length] of [[0, 1], [4090, 12], [8192, 4096], [BYTES - 1, 1], [9000, 0]]
      ) {
        const bytes = pattern(length!, offset!);
        run.writeAt(bytes, offset!);
        if (!forgets) expected.set(bytes, offset!);
      }
      const buffer = new Uint8Array(BYTES);
      assert.equal(run.readAt(buffer, 0), BYTES);
      assert.deepEqual(buffer, expected);
      assert.equal(other.readAt(buffer, 0), BYTES);
      assert.ok(buffer.every((byte) => byte === 0), "another run has none of it");
      await allocator.close();
    }),
  );

  test(
    `${name} writeAt: beyond the run is a RangeError that writes nothing`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      for (const [length, offset] of [[2, BYTES - 1], [1, BYTES], [BYTES + 1, 0], [1, 2 ** 52]]) {
        assert.throws(() => run.writeAt(pattern(length!, 9), offset!), RangeError);
      }
      for (const offset of [-1, 0.5, NaN]) {
        assert.throws(() => run.writeAt(pattern(1, 9), offset), RangeError);
      }
      const buffer = new Uint8Array(BYTES);
      run.readAt(buffer, 0);
      assert.ok(buffer.every((byte) => byte === 0));
      await allocator.close();
    }),
  );

  test(
    `${name} sync and syncAsync: return`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      run.writeAt(pattern(10, 0), 0);
      run.sync();
      run.writeAt(pattern(10, 0), 10);
      await run.syncAsync();
      await allocator.close();
    }),
  );

  test(
    `${name} Blocks.close: ends the run, and list gives it anew`,
    on(async (place, { forgets }) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      const second = await allocator.allocate();
      run.writeAt(pattern(50, 5), 100);
      run.close();
      run.close();
      const buffer = new Uint8Array(50);
      assert.throws(() => run.readAt(buffer, 0), { code: "CLOSED" });
      assert.throws(() => run.writeAt(buffer, 0), { code: "CLOSED" });
      assert.throws(() => run.sync(), { code: "CLOSED" });
      await assert.rejects(run.syncAsync(), { code: "CLOSED" });
      const [again, same] = await allocator.list();
      assert.equal(same, second, "an open run is the same object each time");
      assert.equal(again?.id, run.id);
      again!.readAt(buffer, 100);
      assert.deepEqual(buffer, forgets ? new Uint8Array(50) : pattern(50, 5));
      await allocator.release(run);
      assert.throws(
        () => again!.readAt(buffer, 0),
        { code: "CLOSED" },
        "released by either object",
      );
      await allocator.close();
    }),
  );

  test(
    `${name} release: takes the oldest only, and is done once`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const first = await allocator.allocate();
      const second = await allocator.allocate();
      const third = await allocator.allocate();
      await assert.rejects(allocator.release(second), RangeError);
      await assert.rejects(allocator.release(third), RangeError);
      assert.deepEqual(await ids(allocator), [1, 2, 3], "a refused one changes nothing");
      await allocator.release(first);
      assert.throws(() => first.readAt(new Uint8Array(1), 0), { code: "CLOSED" });
      assert.deepEqual(await ids(allocator), [2, 3]);
      await allocator.release(first);
      assert.deepEqual(await ids(allocator), [2, 3], "a second time does nothing");
      await allocator.release(second);
      assert.deepEqual(await ids(allocator), [3]);
      await assert.rejects(allocator.release({ ...third, id: 3 } as typeof third), TypeError);
      await allocator.close();
    }),
  );

  test(
    `${name} calls that overlap take effect in call order`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const first = await allocator.allocate();
      const [second, , third, listed] = await Promise.all([
        allocator.allocate(),
        allocator.release(first),
        allocator.allocate(),
        allocator.list(),
        assert.rejects(allocator.release({} as typeof first), TypeError),
      ]);
      assert.deepEqual(listed, [second, third]);
      assert.deepEqual([second.id, third.id], [2, 3]);
      await allocator.close();
    }),
  );

  test(
    `${name} allocate: an aborted one makes nothing`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const controller = new AbortController();
      const reason = new Error("enough");
      const { signal } = controller;
      const waiting = [allocator.allocate(), allocator.allocate({ signal })] as const;
      controller.abort(reason);
      const done = await Promise.allSettled(waiting);
      assert.equal(done[0].status, "fulfilled");
      assert.deepEqual(done[1], { status: "rejected", reason });
      assert.deepEqual(await ids(allocator), [1]);
      assert.equal((await allocator.allocate()).id, 2);
      await allocator.close();
    }),
  );

  test(
    `${name} close: ends the allocator and its runs`,
    on(async (place) => {
      const allocator = await place.open(SHAPE);
      const run = await allocator.allocate();
      await Promise.all([allocator.close(), allocator.close()]);
      await allocator.close();
      assert.throws(() => run.readAt(new Uint8Array(1), 0), { code: "CLOSED" });
      await assert.rejects(allocator.allocate(), { code: "CLOSED" });
      await assert.rejects(allocator.release(run), { code: "CLOSED" });
      await assert.rejects(allocator.list(), { code: "CLOSED" });
    }),
  );

  test(
    `${name} the bounds of a shape are the same for all`,
    on(async (place) => {
      for (const blockBytes of [0, 1, 512, 2048, 4095, 4097, 6144, 2 ** 25, 2 ** 32, -4096, NaN]) {
        await assert.rejects(
          place.open({ blockBytes, blockCount: 1 }),
          RangeError,
          `${blockBytes}`,
        );
      }
      for (const blockCount of [0, -1, 1.5, NaN, Infinity, 2 ** 40 + 1, 2 ** 53]) {
        await assert.rejects(place.open({ blockBytes: 4096, blockCount }), RangeError);
      }
      await assert.rejects(
        place.open({ blockBytes: 2 ** 24, blockCount: 2 ** 28 + 1 }),
        RangeError,
      );
      const allocator = await place.open({ blockBytes: 2 ** 24, blockCount: 1 });
      const run = await allocator.allocate();
      run.writeAt(new Uint8Array([1]), 2 ** 24 - 1);
      assert.equal(run.readAt(new Uint8Array(2), 2 ** 24 - 1), 1);
      await allocator.close();
    }),
  );

  test(
    `${name} opening again finds the runs, their bytes and the next id`,
    on(async (place, { passes }) => {
      if (passes) return;
      let allocator = await place.open(SHAPE);
      for (const salt of [1, 2, 3]) {
        const run = await allocator.allocate();
        run.writeAt(pattern(5000, salt), 10);
        run.sync();
      }
      await allocator.release((await allocator.list())[0]!);
      await allocator.close();
      for (let round = 0; round < 3; round++) {
        allocator = await place.open({ ...SHAPE, blockCount: 5 + round });
        const runs = await allocator.list();
        assert.deepEqual(runs.map(({ id }) => id), [2, 3]);
        for (const run of runs) {
          assert.equal(run.blockCount, 5, "a run keeps its own number of blocks");
          const buffer = new Uint8Array(5000);
          run.readAt(buffer, 10);
          assert.deepEqual(buffer, pattern(5000, run.id));
        }
        await allocator.close();
      }
      allocator = await place.open({ ...SHAPE, blockCount: 2 });
      for (const run of await allocator.list()) await allocator.release(run);
      await allocator.close();
      allocator = await place.open({ ...SHAPE, blockCount: 2 });
      assert.deepEqual(await allocator.list(), []);
      const next = await allocator.allocate();
      assert.deepEqual([next.id, next.blockCount], [4, 2]);
      await allocator.close();
    }),
  );
}
