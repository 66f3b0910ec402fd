import assert from "node:assert/strict";
import type { IoFile } from "../../src/io/adapter.ts";
import type { Criterion } from "./contract.ts";

/** `length` bytes that differ from place to place. */
export function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 0xff);
}

/** All the bytes of an open file. */
export function contentOf(file: IoFile): Uint8Array {
  const bytes = new Uint8Array(file.size());
  assert.equal(file.readAt(bytes, 0), bytes.length);
  return bytes;
}

/** The promises of an open file. */
export const FILE_CRITERIA: Readonly<Record<string, Criterion>> = {
  "readAt: short only at the end of the file, 0 behind it": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(100), 0);
    const buffer = new Uint8Array(64).fill(9);
    assert.equal(file.readAt(buffer, 0), 64);
    assert.deepEqual(buffer, pattern(100).slice(0, 64));
    buffer.fill(9);
    assert.equal(file.readAt(buffer, 90), 10);
    assert.deepEqual(buffer.slice(0, 10), pattern(100).slice(90));
    assert.deepEqual(buffer.slice(10), new Uint8Array(54).fill(9), "beyond what was read");
    assert.equal(file.readAt(buffer, 100), 0);
    assert.equal(file.readAt(buffer, 5000), 0);
    assert.equal(file.readAt(new Uint8Array(0), 0), 0);
    file.close();
  },

  "writeAt: overwrites, grows, and leaves the other bytes alone": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    const expected = new Uint8Array(300);
    for (const [length, offset, size] of [[200, 0, 200], [50, 20, 200], [150, 150, 300]] as const) {
      const bytes = pattern(length, offset + 1);
      file.writeAt(bytes, offset);
      expected.set(bytes, offset);
      assert.equal(file.size(), size);
    }
    file.writeAt(new Uint8Array(0), 1000);
    assert.equal(file.size(), 300, "an empty write changes nothing");
    assert.deepEqual(contentOf(file), expected);
    file.close();
  },

  "writeAt: takes the window of a buffer, and copies it": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    const whole = pattern(256);
    file.writeAt(whole.subarray(100, 120), 0);
    whole.fill(0);
    const target = new Uint8Array(64).fill(7);
    assert.equal(file.readAt(target.subarray(10, 30), 0), 20);
    const expected = new Uint8Array(64).fill(7);
    expected.set(pattern(256).subarray(100, 120), 10);
    assert.deepEqual(target, expected);
    file.close();
  },

  "writeAt: a hole reads as zeros": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(10), 0);
    file.writeAt(pattern(10), 200_000);
    assert.equal(file.size(), 200_010);
    const bytes = contentOf(file);
    assert.deepEqual(bytes.slice(0, 10), pattern(10));
    assert.ok(bytes.subarray(10, 200_000).every((byte) => byte === 0));
    assert.deepEqual(bytes.slice(200_000), pattern(10));
    file.close();
  },

  "writeAt: a megabyte at an odd offset comes back": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    const bytes = pattern(1_048_577);
    file.writeAt(bytes, 4095);
    const back = new Uint8Array(bytes.length);
    assert.equal(file.readAt(back, 4095), bytes.length);
    assert.ok(back.every((byte, index) => byte === bytes[index]));
    file.close();
  },

  "writeAt: offsets beyond 4 GiB": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    const offset = 2 ** 32 + 5;
    file.writeAt(pattern(100), offset);
    assert.equal(file.size(), offset + 100);
    const back = new Uint8Array(100);
    assert.equal(file.readAt(back, offset), 100);
    assert.deepEqual(back, pattern(100));
    assert.equal(file.readAt(back, 5), 100);
    assert.ok(back.every((byte) => byte === 0), "not wrapped around");
    file.truncate(0);
    file.close();
  },

  "writeAt: another handle of the same file sees it": async (io, folder) => {
    const writer = await io.open(`${folder}/a`, "create");
    const reader = await io.open(`${folder}/a`, "read");
    writer.writeAt(pattern(100), 0);
    const back = new Uint8Array(100);
    assert.equal(reader.readAt(back, 0), 100);
    assert.deepEqual(back, pattern(100));
    writer.close();
    assert.equal(reader.readAt(back, 50), 50, "the reader outlives the writer");
    reader.close();
  },

  "truncate: cuts, and what grows back is zero": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(9000), 0);
    file.truncate(5000);
    assert.equal(file.size(), 5000);
    const buffer = new Uint8Array(10);
    assert.equal(file.readAt(buffer, 4995), 5);
    assert.equal(file.readAt(buffer, 6000), 0);
    file.truncate(9000);
    assert.equal(file.size(), 9000);
    const bytes = contentOf(file);
    assert.deepEqual(bytes.slice(0, 5000), pattern(9000).slice(0, 5000));
    assert.ok(bytes.subarray(5000).every((byte) => byte === 0));
    file.truncate(5000);
    file.writeAt(pattern(1), 7000);
    assert.ok(contentOf(file).subarray(5000, 7000).every((byte) => byte === 0));
    file.truncate(0);
    assert.equal(file.size(), 0);
    file.close();
  },

  "size: is that of the file when it is opened again": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    assert.equal(file.size(), 0);
    file.writeAt(pattern(77), 0);
    file.close();
    for (const mode of ["read", "write", "create"] as const) {
      const again = await io.open(`${folder}/a`, mode);
      assert.equal(again.size(), 77, mode);
      assert.deepEqual(contentOf(again), pattern(77));
      again.close();
    }
  },

  "sync: returns, and syncAsync resolves, several at once too": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(5000), 0);
    file.sync();
    file.truncate(100);
    file.sync();
    file.writeAt(pattern(50), 0);
    await Promise.all([file.syncAsync(), file.syncAsync(), file.syncAsync()]);
    assert.equal(file.size(), 100);
    file.close();
  },

  "syncAsync: resolves although the file is closed meanwhile": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(5000), 0);
    const pending = [file.syncAsync(), file.syncAsync()];
    file.close();
    assert.throws(() => file.size(), { code: "CLOSED" });
    await Promise.all(pending);
  },

  "close: may be repeated, and every later use throws CLOSED": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(10), 0);
    file.close();
    file.close();
    const closed = { code: "CLOSED", name: "StateError" };
    assert.throws(() => file.readAt(new Uint8Array(1), 0), closed);
    assert.throws(() => file.readAt(new Uint8Array(0), 0), closed);
    assert.throws(() => file.writeAt(new Uint8Array(1), 0), closed);
    assert.throws(() => file.truncate(0), closed);
    assert.throws(() => file.size(), closed);
    assert.throws(() => file.sync(), closed);
    await assert.rejects(file.syncAsync(), closed);
    const again = await io.open(`${folder}/a`, "read");
    assert.deepEqual(contentOf(again), pattern(10));
    again.close();
  },

  "open read: refuses changes with IO_ACCESS": async (io, folder) => {
    (await io.open(`${folder}/a`, "create")).close();
    const file = await io.open(`${folder}/a`, "read");
    assert.throws(() => file.writeAt(new Uint8Array(1), 0), { code: "IO_ACCESS" });
    assert.throws(() => file.truncate(5), { code: "IO_ACCESS" });
    assert.equal(file.size(), 0);
    file.close();
  },

  "offsets and sizes: RangeError unless whole and not negative": async (io, folder) => {
    const file = await io.open(`${folder}/a`, "create");
    file.writeAt(pattern(10), 0);
    for (const wrong of [-1, -5, 0.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => file.readAt(new Uint8Array(1), wrong), RangeError, `${wrong}`);
      assert.throws(() => file.writeAt(new Uint8Array(1), wrong), RangeError, `${wrong}`);
      assert.throws(() => file.truncate(wrong), RangeError, `${wrong}`);
    }
    assert.deepEqual(contentOf(file), pattern(10));
    file.close();
  },
};
