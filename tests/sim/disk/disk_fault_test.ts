/** Each fault of a call of the simulated disk is seen to do what it says. */

import { test } from "node:test";
import assert from "node:assert/strict";
import { type Errno, type Fault, SimulatedDisk } from "../../../adapters/simulated.ts";
import { IoError } from "../../../src/errors.ts";
import { diskWithFile, DROPPED, filled, hasCode, KEPT, sectors } from "./disk_fixture.ts";

/** The codes that the adapters of real systems give. */
const CODES: Readonly<Record<Errno, string>> = {
  EIO: "IO_FAILED",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EROFS: "IO_ACCESS",
  EFBIG: "IO_FAILED",
  EMFILE: "IO_TOO_MANY_FILES",
  ENFILE: "IO_TOO_MANY_FILES",
  EACCES: "IO_ACCESS",
  EPERM: "IO_ACCESS",
};

for (const [name, code] of Object.entries(CODES) as [Errno, string][]) {
  test(`Fault.error: ${name} is ${code} from every call, and then is over`, async () => {
    const { disk, file } = await diskWithFile(512);
    const calls: Readonly<Record<Fault["operation"], () => unknown>> = {
      open: () => disk.io.open("/f", "read"),
      read: async () => file.readAt(new Uint8Array(1), 0),
      write: async () => file.writeAt(filled(1, 1), 0),
      truncate: async () => file.truncate(512),
      sync: async () => file.sync(),
      rename: () => disk.io.rename("/f", "/f"),
      remove: () => disk.io.remove("/none"),
      list: () => disk.io.list("/"),
      stat: () => disk.io.stat("/f"),
      syncDirectory: () => disk.io.syncDirectory("/f"),
    };
    for (const [operation, call] of Object.entries(calls) as [Fault["operation"], () => never][]) {
      disk.fail({ operation, error: name });
      await assert.rejects(async () => await call(), (error) => {
        assert.ok(error instanceof IoError);
        assert.equal(error.code, code, operation);
        assert.equal((error.cause as { code?: unknown }).code, name);
        return true;
      });
      await call();
    }
    assert.equal(disk.injected, Object.keys(calls).length);
  });
}

test("Fault.at and times: of many calls the chosen ones fail", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.fail({ operation: "read", at: 2, times: 3 });
  const failed = Array.from({ length: 8 }, () => {
    try {
      return file.readAt(new Uint8Array(1), 0);
    } catch {
      return "failed";
    }
  });
  assert.deepEqual(failed, [1, 1, "failed", "failed", "failed", 1, 1, 1]);
});

test("Fault.path: only calls on that file count and fail, of a folder's its own", async () => {
  const { disk, file } = await diskWithFile(512);
  const other = await disk.io.open("/dir/g", "create");
  disk.fail({ operation: "write", path: "//dir/./g", at: 1 });
  disk.fail({ operation: "list", path: "/dir" });
  disk.fail({ operation: "syncDirectory", path: "/dir/" });
  for (let call = 0; call < 3; call++) file.writeAt(filled(1, 1), 0);
  other.writeAt(filled(1, 1), 0);
  assert.throws(() => other.writeAt(filled(1, 1), 0), hasCode("IO_FAILED"));
  await disk.io.list("/");
  await assert.rejects(disk.io.list("/dir"), hasCode("IO_FAILED"));
  await disk.io.syncDirectory("/f");
  await assert.rejects(disk.io.syncDirectory("/dir/g"), hasCode("IO_FAILED"));
});

test("Fault short: a read of any length goes on to the end, however short its calls", async () => {
  const { disk, file } = await diskWithFile(0);
  const bytes = Uint8Array.from({ length: 40 }, (_, at) => at + 1);
  file.writeAt(bytes, 0);
  for (let most = 1; most <= 41; most++) {
    disk.fail({ operation: "read", kind: "short", bytes: most, times: Infinity });
    const before = disk.calls("read");
    const buffer = new Uint8Array(40);
    assert.equal(file.readAt(buffer, 0), 40);
    assert.deepEqual(buffer, bytes);
    assert.equal(disk.calls("read") - before, Math.ceil(40 / most));
    assert.equal(file.readAt(new Uint8Array(50), 30), 10);
    disk.heal();
  }
});

test("Fault short: a read that moves nothing is IO_FAILED, but for the end of the file", async () => {
  const { disk, file } = await diskWithFile(512);
  disk.fail({ operation: "read", kind: "short", bytes: 100 });
  disk.fail({ operation: "read", kind: "short", at: 1 });
  assert.throws(() => file.readAt(new Uint8Array(512), 0), (error) => {
    assert.ok(error instanceof IoError);
    assert.deepEqual([error.code, error.path, error.offset], ["IO_FAILED", "/f", 100]);
    return true;
  });
  assert.equal(file.readAt(new Uint8Array(512), 0), 512);
  disk.fail({ operation: "read", kind: "short", times: Infinity });
  assert.equal(file.readAt(new Uint8Array(512), 512), 0);
});

test("Fault short: a write of any length goes on to the end, however short its calls", async () => {
  for (let most = 1; most <= 41; most++) {
    const { disk, file } = await diskWithFile(10);
    const bytes = Uint8Array.from({ length: 40 }, (_, at) => at + 1);
    disk.fail({ operation: "write", kind: "short", bytes: most, times: Infinity });
    const before = [disk.calls("write"), disk.operations];
    file.writeAt(bytes, 5);
    assert.deepEqual(disk.contents("/f")?.subarray(5), bytes);
    assert.equal(disk.calls("write") - before[0]!, Math.ceil(40 / most));
    assert.equal(disk.operations - before[1]!, 1);
    file.sync();
    assert.deepEqual(disk.crash(DROPPED).contents("/f")?.subarray(5), bytes);
  }
});

test("Fault short: a write that moves nothing is IO_FAILED, after what others moved", async () => {
  for (let moved = 0; moved < 40; moved++) {
    const { disk, file } = await diskWithFile(40);
    if (moved > 0) disk.fail({ operation: "write", kind: "short", bytes: moved });
    disk.fail({ operation: "write", kind: "short", at: moved > 0 ? 1 : 0, times: Infinity });
    assert.throws(() => file.writeAt(filled(40, 2), 0), hasCode("IO_FAILED"));
    assert.equal(disk.contents("/f")?.filter((byte) => byte === 2).length, moved);
  }
});

test("Fault.shortWrite: a failing write arrives in any length but whole", async () => {
  for (let arrives = 0; arrives <= 41; arrives++) {
    const { disk, file } = await diskWithFile(40);
    disk.fail({ operation: "write", error: "EFBIG", shortWrite: arrives });
    assert.throws(() => file.writeAt(filled(40, 2), 0), hasCode("IO_FAILED"));
    const there = disk.contents("/f")?.filter((byte) => byte === 2).length;
    assert.equal(there, Math.min(arrives, 39));
  }
});

test("Fault flip: one read has one wrong bit, drawn by the seed, and the next is right", async () => {
  const wrong = async (seed: number, bit?: number): Promise<number[]> => {
    const { disk, file } = await diskWithFile(512, { seed });
    disk.fail({ operation: "read", kind: "flip", ...(bit === undefined ? {} : { bit }) });
    const [first, second] = [new Uint8Array(512), new Uint8Array(512)];
    assert.equal(file.readAt(first, 0), 512);
    file.readAt(second, 0);
    assert.deepEqual(second, filled(512, 1));
    assert.deepEqual(disk.contents("/f"), second);
    return Array.from(first).flatMap((byte, at) => byte === 1 ? [] : [at, byte]);
  };
  assert.deepEqual(await wrong(1, 100 * 8 + 3), [100, 9]);
  const drawn = await wrong(5);
  assert.equal(drawn.length, 2);
  assert.equal((drawn[1]! ^ 1) & ((drawn[1]! ^ 1) - 1), 0);
  assert.deepEqual(await wrong(5), drawn);
  assert.notDeepEqual(await wrong(6), drawn);
});

test("Fault lost: an acknowledged write never arrives, but its size does", async () => {
  const { disk, file } = await diskWithFile(1024);
  disk.fail({ operation: "write", kind: "lost" });
  file.writeAt(filled(1024, 2), 512);
  assert.deepEqual(sectors(disk), [1, 1, 0]);
  file.sync();
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 1, 0]);
  file.writeAt(filled(512, 3), 0);
  assert.deepEqual(sectors(disk), [3, 1, 0]);
});

test("Fault misdirected: the bytes arrive elsewhere, as far as the file reaches", async () => {
  const { disk, file } = await diskWithFile(4096 + 512);
  disk.fail({ operation: "write", kind: "misdirected" });
  file.writeAt(filled(1024, 2), 0);
  assert.deepEqual(sectors(disk), [1, 1, 1, 1, 1, 1, 1, 1, 2]);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 1, 1, 1, 1, 1, 1, 1, 2]);
  disk.fail({ operation: "write", kind: "misdirected", shift: -512 });
  file.writeAt(filled(512, 3), 1024);
  assert.deepEqual(sectors(disk).slice(0, 3), [1, 3, 1]);
});

test("Fault misdirected: into another file", async () => {
  const { disk, file } = await diskWithFile(1024);
  const other = await disk.io.open("/g", "create");
  other.writeAt(filled(600, 5), 0);
  disk.fail({ operation: "write", kind: "misdirected", to: "/g" });
  file.writeAt(filled(512, 2), 512);
  assert.deepEqual(sectors(disk), [1, 1]);
  assert.equal(other.size(), 600);
  assert.deepEqual(disk.contents("/g"), Uint8Array.from([...filled(512, 5), ...filled(88, 2)]));
});

test("Fault.mode F4: the sync succeeds, its changes are lost, and the next one fails", async () => {
  const { disk, file } = await diskWithFile(1024);
  file.writeAt(filled(512, 2), 0);
  disk.fail({ operation: "sync", mode: "F4", error: "EDQUOT" });
  file.sync();
  assert.deepEqual(sectors(disk), [2, 1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [1, 1]);
  file.writeAt(filled(512, 3), 512);
  assert.throws(() => file.sync(), hasCode("NO_SPACE"));
  assert.deepEqual(sectors(disk), [2, 3]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [1, 1]);
  file.writeAt(filled(512, 4), 512);
  file.sync();
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 4]);
});

test("Fault.mode F5: the sync lies, an honest one covers its changes", async () => {
  const { disk, file } = await diskWithFile(512);
  file.writeAt(filled(512, 2), 0);
  disk.fail({ operation: "sync", mode: "F5", times: 2 });
  file.sync();
  await file.syncAsync();
  assert.equal(disk.injected, 2);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1]);
  assert.deepEqual(sectors(disk.crash(KEPT)), [2]);
  file.sync();
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2]);
});

test("Fault.mode: a failed syncDirectory keeps, loses, reverts or lies about names", async () => {
  for (const mode of ["F1", "F2", "F3", "F4", "F5"] as const) {
    const { disk } = await diskWithFile(512);
    await disk.io.rename("/f", "/g");
    disk.fail({ operation: "syncDirectory", mode });
    const syncing = disk.io.syncDirectory("/g");
    if (mode === "F4" || mode === "F5") await syncing;
    else await assert.rejects(syncing, hasCode("IO_FAILED"));
    assert.deepEqual(await disk.io.list("/"), mode === "F3" ? ["f"] : ["g"], mode);
    const kept = await disk.crash(KEPT).io.list("/");
    assert.deepEqual(kept, mode === "F1" || mode === "F5" ? ["g"] : ["f"], mode);
    if (mode === "F4") await assert.rejects(disk.io.syncDirectory("/g"), hasCode("IO_FAILED"));
    await disk.io.syncDirectory("/g");
    assert.deepEqual(await disk.crash(DROPPED).io.list("/"), [
      mode === "F2" || mode === "F4" ? "f" : kept[0],
    ]);
  }
});

test("Fault late: a sync ends after one that started later, and covers what it saw", async () => {
  const { disk, file } = await diskWithFile(1024);
  const other = await disk.io.open("/g", "create");
  const ended: string[] = [];
  disk.fail({ operation: "sync", kind: "late", turns: 5 });
  file.writeAt(filled(512, 2), 0);
  const late = file.syncAsync().then(() => ended.push("late"));
  file.writeAt(filled(512, 3), 512);
  await other.syncAsync().then(() => ended.push("other"));
  assert.deepEqual(sectors(disk.crash(DROPPED)), [1, 1]);
  await late;
  assert.deepEqual(ended, ["other", "late"]);
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2, 1]);
});

test("Fault late: one after another of the same file, the younger covers both", async () => {
  const { disk, file } = await diskWithFile(1024);
  disk.fail({ operation: "sync", kind: "late" });
  file.writeAt(filled(512, 2), 0);
  const late = file.syncAsync();
  file.writeAt(filled(512, 3), 512);
  await file.syncAsync();
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2, 3]);
  file.writeAt(filled(512, 4), 512);
  await late;
  assert.deepEqual(sectors(disk.crash(DROPPED)), [2, 3]);
});

test("Fault late: a syncDirectory covers the names that it saw, and ends with the power", async () => {
  const { disk } = await diskWithFile(512);
  disk.fail({ operation: "syncDirectory", kind: "late", times: Infinity });
  await disk.io.rename("/f", "/g");
  const late = disk.io.syncDirectory("/g");
  await disk.io.rename("/g", "/h");
  assert.deepEqual(await disk.crash(DROPPED).io.list("/"), ["f"]);
  await late;
  assert.deepEqual(await disk.crash(DROPPED).io.list("/"), ["g"]);
  assert.deepEqual(await disk.crash(KEPT).io.list("/"), ["h"]);
  const cut = disk.io.syncDirectory("/h");
  disk.cutAt(disk.operations);
  await assert.rejects(disk.io.remove("/h"), hasCode("IO_FAILED"));
  await assert.rejects(cut, hasCode("IO_FAILED"));
  assert.deepEqual(await disk.crash(DROPPED).io.list("/"), ["g"]);
});

test("SimulatedDisk.zeroSector, swapSectors, overwrite and cutFile: damage at rest", async () => {
  const { disk, file } = await diskWithFile(0);
  for (let sector = 0; sector < 4; sector++) file.writeAt(filled(512, sector + 1), sector * 512);
  file.writeAt(filled(100, 5), 2048);
  file.sync();
  const both = (): number[][] => [sectors(disk), sectors(disk.crash(DROPPED))];
  disk.zeroSector("/f", 1);
  assert.deepEqual(both(), [[1, 0, 3, 4, 5], [1, 0, 3, 4, 5]].map((line) => line.slice(0, 4)));
  disk.swapSectors("/f", 0, 3);
  assert.deepEqual(both(), [[4, 0, 3, 1], [4, 0, 3, 1]]);
  disk.swapSectors("/f", 4, 2);
  assert.equal(disk.contents("/f")?.length, 2148);
  assert.deepEqual(disk.contents("/f")?.subarray(2048), filled(100, 3));
  assert.deepEqual(
    disk.contents("/f")?.subarray(1024, 1125),
    Uint8Array.from([...filled(100, 5), 3]),
  );
  disk.overwrite("/f", 2147, filled(1, 9));
  assert.equal(disk.contents("/f")?.[2147], 9);
  disk.cutFile("/f", 700);
  assert.deepEqual([file.size(), disk.crash(DROPPED).contents("/f")?.length], [700, 700]);
  assert.throws(() => disk.cutFile("/f", 700), RangeError);
  assert.throws(() => disk.zeroSector("/f", 2), RangeError);
  assert.throws(() => disk.swapSectors("/f", 0, 2), RangeError);
  assert.throws(() => disk.swapSectors("/f", -1, 0), RangeError);
  assert.throws(() => disk.overwrite("/f", 699, filled(2, 1)), RangeError);
  assert.throws(() => disk.overwrite("/none", 0, filled(1, 1)), RangeError);
});

test("Fault.cutAfter: so many changes arrive behind the fault, then nothing does", async () => {
  const { disk, file } = await diskWithFile(100);
  disk.fail({ operation: "sync", times: Infinity, cutAfter: 2 });
  assert.throws(() => file.sync(), hasCode("IO_FAILED"));
  file.writeAt(filled(10, 1), 0);
  // It meets the fault again, and gains no time by it.
  assert.throws(() => file.sync(), hasCode("IO_FAILED"));
  assert.equal(disk.isDark, false);
  assert.throws(() => file.writeAt(filled(10, 2), 0), hasCode("IO_FAILED"));
  assert.equal(disk.isDark, true);
  assert.equal(disk.processDeath().contents("/f")?.[0], 1);
});

test("SimulatedDiskOptions.checksums: the adapter has them, and otherwise none", () => {
  const crc32 = (): number => 7;
  assert.equal(new SimulatedDisk({ checksums: { crc32 } }).io.crc32, crc32);
  assert.equal(new SimulatedDisk().io.crc32, undefined);
  assert.equal(new SimulatedDisk().io.digest, undefined);
});
