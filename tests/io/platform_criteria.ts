import assert from "node:assert/strict";
import { blake3, sha256 } from "../../src/base/digest.ts";
import type { Criterion } from "./contract.ts";

/** The promises about the platform: capabilities, clock, entropy, turns, checksum. */
export const PLATFORM_CRITERIA: Readonly<Record<string, Criterion>> = {
  "capabilities: every one is stated": (io) => {
    const { durable, directorySync, atomicReplace, asyncSync, lock } = io.capabilities;
    for (const value of [durable, directorySync, atomicReplace, asyncSync]) {
      assert.equal(typeof value, "boolean");
    }
    assert.ok(lock === "kernel" || lock === "process");
    assert.match(io.name, /^[a-z]+$/);
  },

  "now: milliseconds since 1970": (io) => {
    assert.ok(Number.isFinite(io.now()));
    assert.ok(io.now() > Date.UTC(2020, 0) && io.now() < Date.UTC(2100, 0));
  },

  "monotonic: never goes backwards": async (io) => {
    let last = io.monotonic();
    assert.ok(Number.isFinite(last));
    for (let turn = 0; turn < 100; turn++) {
      await new Promise<void>((resolve) => io.nextTurn(resolve));
      const next = io.monotonic();
      assert.ok(next >= last);
      last = next;
    }
  },

  "random: fills all of the buffer, and nothing around it": (io) => {
    const bytes = new Uint8Array(200_002);
    io.random(bytes.subarray(1, -1));
    assert.equal(bytes[0], 0);
    assert.equal(bytes.at(-1), 0);
    for (let start = 1; start < 200_001; start += 20_000) {
      const distinct = new Set(bytes.subarray(start, start + 20_000));
      assert.equal(distinct.size, 256, `from ${start}`);
    }
    const [one, two] = [new Uint8Array(16), new Uint8Array(16)];
    io.random(one);
    io.random(two);
    assert.notDeepEqual(one, two);
    io.random(new Uint8Array(0));
  },

  "nextTurn: after promise jobs, in order, never at once": async (io) => {
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      io.nextTurn(() => {
        events.push("turn 1");
        void Promise.resolve().then(() => events.push("job of turn 1"));
      });
      io.nextTurn(() => {
        events.push("turn 2");
        resolve();
      });
      void Promise.resolve().then(() => Promise.resolve()).then(() => events.push("job"));
      events.push("now");
    });
    assert.deepEqual(events.slice(0, 3), ["now", "job", "turn 1"]);
    assert.deepEqual(events.toSorted(), ["job", "job of turn 1", "now", "turn 1", "turn 2"]);
  },

  "digest: a native one equals the portable one, whole and however its input is split": (io) => {
    for (const { name, outputLen, create } of [sha256, blake3]) {
      const native = io.digest?.(name);
      if (native === undefined) continue;
      const bytes = new Uint8Array(5_000).map((_, i) => i * i);
      const [state, portable] = [native.create(), create()];
      for (const at of [0, 7, 64, 4_000]) {
        const end = [7, 64, 4_000, 5_000].find((end) => end > at)!;
        state.update(bytes.subarray(at, end));
      }
      portable.update(bytes);
      const digest = portable.digest();
      assert.deepEqual([native.name, native.outputLen], [name, outputLen]);
      assert.deepEqual(Uint8Array.from(state.digest()), digest);
      if (native.whole !== undefined) {
        assert.deepEqual(Uint8Array.from(native.whole(bytes)), digest);
      }
    }
    assert.equal(io.digest?.("no such digest"), undefined);
  },
  "crc32: IEEE, continued from a start value, where there is one": (io) => {
    if (io.crc32 === undefined) return;
    const digits = new TextEncoder().encode("123456789");
    assert.equal(io.crc32(digits), 0xcbf43926); // the check value of the CRC catalogue
    assert.equal(io.crc32(digits.subarray(4), io.crc32(digits.subarray(0, 4))), 0xcbf43926);
    assert.equal(io.crc32(digits, 0), 0xcbf43926);
    assert.equal(io.crc32(new Uint8Array(0)), 0);
  },
};
