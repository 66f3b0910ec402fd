/**
 * What a journal does, over any adapter.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codec, type IoAdapter, Journal, type KeyCodec } from "../../mod.ts";

/** One promise, proved in a fresh folder. */
type Criterion = (io: IoAdapter, folder: string) => Promise<void>;

interface Config {
  readonly name: string;
  readonly list: number[];
}

/** Registers one test for each promise. */
export function journalContract(
  name: string,
  makeIo: () => IoAdapter | Promise<IoAdapter>,
  makeFolder: () => string,
): void {
  const on = (prove: Criterion) => async (): Promise<void> =>
    await prove(await makeIo(), makeFolder());

  test(
    `Journal ${name}: get: undefined before the first value, then the newest one, also after reopening`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      const options = { codec: codec.json<Config>() };
      let journal = await Journal.open(io, path, options);
      assert.equal(journal.get(), undefined);
      for (let round = 1; round <= 5; round++) {
        const value = { name: `n${round}`, list: [round] };
        assert.deepEqual(await journal.update(() => value), value);
        assert.deepEqual(journal.get(), value);
        await journal.close();
        journal = await Journal.open(io, path, options);
        assert.deepEqual(journal.get(), value);
        assert.deepEqual(journal.damagedSlots, []);
      }
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: get: what it gives is the caller's own`,
    on(async (io, folder) => {
      const journal = await Journal.open(io, `${folder}/a.journal`, {
        codec: codec.json<Config>(),
      });
      const value = { name: "n", list: [1] };
      await journal.update(() => value);
      value.list.push(2);
      journal.get()!.list.push(3);
      await journal.update((present) => {
        assert.deepEqual(present, { name: "n", list: [1] });
        present!.list.push(4);
        return present;
      });
      assert.deepEqual(journal.get(), { name: "n", list: [1, 4] });
      await journal.close();
      const bytes = await Journal.open(io, `${folder}/b.journal`, { codec: codec.bytes });
      await bytes.update(() => new Uint8Array([1, 2, 3]));
      bytes.get()!.fill(9);
      assert.deepEqual(bytes.get(), new Uint8Array([1, 2, 3]));
      await bytes.close();
    }),
  );

  test(
    `Journal ${name}: update: calls that overlap take effect in call order and share syncs`,
    on(async (io, folder) => {
      const journal = await Journal.open(io, `${folder}/a.journal`, { codec: codec.string });
      const order: number[] = [];
      const calls = Array.from({ length: 64 }, (_, n) =>
        journal.update((present = "") => {
          assert.equal(present.split(",").length - 1, n);
          return `${present}${n},`;
        }).then(() => order.push(n)));
      await Promise.all(calls);
      assert.deepEqual(order, Array.from({ length: 64 }, (_, n) => n));
      assert.equal(journal.get(), order.map((n) => `${n},`).join(""));
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: update: one that throws changes nothing, and those beside it go on`,
    on(async (io, folder) => {
      const journal = await Journal.open(io, `${folder}/a.journal`, { codec: codec.u8 });
      const mistake = new Error("no");
      const results = await Promise.allSettled([
        journal.update(() => 1),
        journal.update(() => {
          throw mistake;
        }),
        journal.update(() => 256),
        journal.update((() => Promise.resolve(3)) as unknown as () => number),
        journal.update((present) => present! + 1),
      ]);
      assert.deepEqual(
        results.map((result) => result.status === "fulfilled" ? result.value : "-"),
        [
          1,
          "-",
          "-",
          "-",
          2,
        ],
      );
      assert.equal((results[1] as PromiseRejectedResult).reason, mistake);
      assert.ok((results[2] as PromiseRejectedResult).reason instanceof RangeError);
      assert.ok((results[3] as PromiseRejectedResult).reason instanceof TypeError);
      assert.equal(journal.get(), 2);
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: update: undefined takes the value away, which is not zero and not empty`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      const open = () => Journal.open(io, path, { codec: codec.bytes });
      let journal = await open();
      for (const value of [new Uint8Array(0), undefined, new Uint8Array(1), undefined]) {
        assert.deepEqual(await journal.update(() => value), value);
        assert.deepEqual(journal.get(), value);
        await journal.close();
        journal = await open();
        assert.deepEqual(journal.get(), value);
      }
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: update: a signal takes back a change that waits`,
    on(async (io, folder) => {
      const journal = await Journal.open(io, `${folder}/a.journal`, { codec: codec.u32 });
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const calls = [
        journal.update(() => 1),
        journal.update(() => 2, { signal }),
        journal.compareAndSet(1, 3, { signal }),
      ];
      controller.abort(reason);
      const [first, ...rest] = await Promise.allSettled(calls);
      assert.equal(first?.status, "fulfilled");
      assert.deepEqual(rest, [1, 2].map(() => ({ status: "rejected", reason })));
      assert.equal(journal.get(), 1);
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: compareAndSet: sets what is expected only`,
    on(async (io, folder) => {
      const journal = await Journal.open(io, `${folder}/a.journal`, { codec: codec.string });
      assert.equal(await journal.compareAndSet("a", "b"), false);
      assert.equal(await journal.compareAndSet(undefined, "a"), true);
      assert.equal(await journal.compareAndSet(undefined, "b"), false);
      assert.equal(await journal.compareAndSet("a", "a"), true);
      assert.equal(await journal.compareAndSet("", "b"), false);
      const race = await Promise.all(["x", "y", "z"].map((to) => journal.compareAndSet("a", to)));
      assert.deepEqual(race, [true, false, false], "the first of three wins");
      assert.equal(journal.get(), "x");
      assert.equal(await journal.compareAndSet("x", undefined), true);
      assert.equal(journal.get(), undefined);
      await journal.close();
    }),
  );

  test(
    `Journal ${name}: monotonic: a smaller value is DECREASED, and the old one is kept`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      const options = { codec: codec.tuple(codec.i32, codec.string), monotonic: true } as const;
      let journal = await Journal.open(io, path, options);
      await journal.update(() => [-5, "b"]);
      for (const smaller of [[-6, "z"], [-5, "a"], [-5, ""]] as [number, string][]) {
        await assert.rejects(journal.update(() => smaller), { code: "DECREASED" });
        await assert.rejects(journal.compareAndSet([-5, "b"], smaller), { code: "DECREASED" });
      }
      await assert.rejects(journal.update(() => undefined), { code: "DECREASED" });
      assert.deepEqual(await journal.update(() => [-5, "b"]), [-5, "b"], "an equal one is fine");
      assert.equal(await journal.compareAndSet([-5, "a"], [0, ""]), false);
      const race = await Promise.allSettled([
        journal.update(() => [7, ""]),
        journal.update(() => [6, ""]),
        journal.update(() => [8, ""]),
      ]);
      assert.deepEqual(race.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
      await journal.close();
      journal = await Journal.open(io, path, options);
      assert.deepEqual(journal.get(), [8, ""]);
      await journal.close();
      const json = { codec: codec.json<number>() as unknown as KeyCodec<number>, monotonic: true };
      await assert.rejects(Journal.open(io, `${folder}/b.journal`, json), TypeError);
    }),
  );

  test(
    `Journal ${name}: regression 2d.5: values of any size, larger than a slot too`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      const open = () => Journal.open(io, path, { codec: codec.bytes });
      let journal = await open();
      const sizes = [0, 1, 3, 12, 4062, 4063, 4064, 4065, 8159, 8160, 100, 70_000, 1_000_001, 5];
      for (const [at, size] of sizes.entries()) {
        const value = new Uint8Array(size).fill(at + 1);
        await journal.update(() => value);
        assert.deepEqual(journal.get(), value);
        if (at % 2 === 0) continue;
        await journal.close();
        journal = await open();
        assert.deepEqual(journal.get(), value, `${size} bytes`);
      }
      await assert.rejects(journal.update(() => new Uint8Array(67_108_865)), { code: "TOO_LARGE" });
      assert.deepEqual(journal.get(), new Uint8Array(5).fill(sizes.length));
      await journal.close();
      assert.deepEqual((await io.list(folder)).filter((name) => !name.endsWith(".lock")), [
        "a.journal",
      ]);
    }),
  );

  test(
    `Journal ${name}: open: another codec, or monotonic and not, is TYPE_MISMATCH`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      await (await Journal.open(io, path, { codec: codec.u32 })).close();
      for (const other of [codec.i32, codec.json<number>(), codec.f64, codec.desc(codec.u32)]) {
        await assert.rejects(Journal.open(io, path, { codec: other }), { code: "TYPE_MISMATCH" });
      }
      await assert.rejects(Journal.open(io, path, { codec: codec.u32, monotonic: true }), {
        code: "TYPE_MISMATCH",
      });
      const journal = await Journal.open(io, path, { codec: codec.u32, slots: 5 });
      await journal.close();
      const fields = Object.fromEntries(
        Array.from({ length: 500 }, (_, n) => [`long_name_${n}`, codec.u8]),
      );
      await assert.rejects(
        Journal.open(io, `${folder}/b.journal`, { codec: codec.struct(fields) }),
        {
          code: "TOO_LARGE",
        },
      );
      const names = (await io.list(folder)).filter((name) => !name.endsWith(".lock"));
      assert.deepEqual(names, ["a.journal"], "a refused one leaves nothing");
    }),
  );

  test(
    `Journal ${name}: open: slots are 3 to 64`,
    on(async (io, folder) => {
      for (const slots of [0, 1, 2, 65, 3.5, NaN]) {
        const opening = Journal.open(io, `${folder}/a.journal`, { codec: codec.u8, slots });
        await assert.rejects(opening, RangeError);
      }
      await assert.rejects(Journal.open(io, `${folder}/a.journal`, {} as never), TypeError);
      for (const slots of [3, 4, 64]) {
        const path = `${folder}/${slots}.journal`;
        for (let round = 0; round < 3; round++) {
          const journal = await Journal.open(io, path, { codec: codec.u8, slots });
          assert.equal(journal.get(), round === 0 ? undefined : 70 + round - 1);
          for (let n = 0; n <= 70; n++) await journal.update(() => n + round);
          await journal.close();
        }
      }
    }),
  );

  test(
    `Journal ${name}: close: waits for what was begun, frees the file, and ends the journal`,
    on(async (io, folder) => {
      const path = `${folder}/a.journal`;
      const journal = await Journal.open(io, path, { codec: codec.u32 });
      await assert.rejects(Journal.open(io, path, { codec: codec.u32 }), { code: "LOCKED" });
      const calls = [1, 2, 3].map((n) => journal.update(() => n));
      await Promise.all([journal.close(), journal.close(), journal[Symbol.asyncDispose]()]);
      assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
      assert.throws(() => journal.get(), { code: "CLOSED" });
      await assert.rejects(journal.update(() => 4), { code: "CLOSED" });
      await assert.rejects(journal.compareAndSet(3, 4), { code: "CLOSED" });
      const again = await Journal.open(io, path, { codec: codec.u32 });
      assert.equal(again.get(), 3);
      await again.close();
    }),
  );
}
