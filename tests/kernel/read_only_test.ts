import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index, recordLog } from "../../mod.ts";
import { assertWhole, withFolder } from "./checked.ts";

const names = index("names", { key: codec.string, value: codec.string });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });
const audit = recordLog("audit");

const LARGE = new Uint8Array(200_000).fill(5);

/** A store of its owner's, with changes in the log alone. */
async function fill(db: Database): Promise<void> {
  await db.update((tx) => tx.open(names).put("ann", "Oslo"));
  await db.checkpoint();
  for (let i = 0; i < 50; i++) {
    await db.update((tx) => {
      tx.open(names).put(`name ${i}`, `value ${i}`);
      tx.open(audit).append(new Uint8Array([i]));
    });
  }
  await db.update((tx) => tx.open(blobs).put(1, LARGE));
}

/** All that the store holds. */
function contents(db: Database): unknown[] {
  return [
    ...db.open(names).range(),
    ...[...db.open(blobs).range()].map(([key, value]) => [key, value.length, value.at(-1)]),
    ...db.open(audit).read(),
  ];
}

test("Database.open readOnly replays a log that its killed owner left, and changes no byte", async () => {
  await withFolder(async (folder) => {
    const [live, path] = [join(folder, "live.hold"), join(folder, "killed.hold")];
    const owner = await Database.open(live);
    await fill(owner);
    const expected = contents(owner);
    copyFileSync(live, path); // all that a kill would leave
    await owner.close();
    const before = readFileSync(path);
    const modified = statSync(path).mtimeMs;
    for (let round = 0; round < 2; round++) {
      const db = await Database.open(path, { readOnly: true });
      assert.equal(db.recovered.cleanClose, false);
      assert.ok(db.recovered.replayedCommits >= 51, "nothing of the replay was kept");
      assert.deepEqual(contents(db), expected);
      assert.deepEqual(db.open(blobs).get(1), LARGE);
      const snapshot = db.snapshot();
      assert.equal(snapshot.open(names).get("ann"), "Oslo");
      snapshot.release();
      assert.ok(db.stats().fileBytes > 0);
      await assertWhole(db);
      const copy = join(folder, `copy-${round}.hold`);
      await db.backup(copy);
      const restored = await Database.open(copy, { readOnly: true });
      assert.deepEqual(contents(restored), expected);
      await restored.close();
      await db.close();
      assert.ok(readFileSync(path).equals(before));
      assert.equal(statSync(path).mtimeMs, modified);
    }
    const next = await Database.open(path);
    assert.deepEqual(contents(next), expected);
    await next.close();
  });
});

test("Database.open readOnly finds after every power cut what an owner would", async () => {
  const disk = new SimulatedDisk({ seed: 3 });
  const db = await Database.open("/a", { io: disk.io });
  await fill(db);
  void db.update((tx) => tx.open(names).put("torn", "x".repeat(20_000)), { durability: "os" });
  void db.update((tx) => tx.open(blobs).put(2, LARGE), { durability: "os" });
  await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  let torn = 0;
  let images = 0;
  for (const image of disk.images({ limit: 40 })) {
    const before = image.disk.contents("/a");
    const operations = image.disk.operations;
    const reader = await Database.open("/a", { io: image.disk.io, readOnly: true });
    const report = reader.recovered;
    const seen = contents(reader);
    await assertWhole(reader);
    await reader.close();
    assert.deepEqual(image.disk.contents("/a"), before);
    assert.equal(image.disk.operations, operations, "nothing was written or synced");
    const owner = await Database.open("/a", { io: image.disk.io });
    assert.deepEqual(owner.recovered, report);
    assert.deepEqual(contents(owner), seen);
    await owner.close();
    if (report.droppedBytes > 0) torn++;
    images++;
  }
  assert.ok(torn > 0 && torn < images, `${torn} of ${images} images had a torn tail`);
});

test("Database.open readOnly is shared by readers and excludes writers, both ways", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.hold");
    const owner = await Database.open(path);
    await fill(owner);
    await assert.rejects(Database.open(path, { readOnly: true }), { code: "LOCKED" });
    await owner.close();
    const readers = await Promise.all(
      Array.from({ length: 4 }, () => Database.open(path, { readOnly: true })),
    );
    for (const reader of readers) {
      assert.equal(reader.recovered.cleanClose, true);
      await assert.rejects(Database.open(path), { code: "LOCKED" });
      assert.equal(reader.open(names).get("ann"), "Oslo");
      await reader.close();
      assert.throws(() => reader.open(names).get("ann"), { code: "CLOSED" });
    }
    const next = await Database.open(path);
    assert.equal(next.recovered.cleanClose, true, "the mark of the clean close has stayed");
    await next.close();
  });
});

test("Database.open readOnly refuses at once whatever would write", async () => {
  const io = memoryIo();
  const owner = await Database.open("/a", { io });
  await fill(owner);
  await owner.close();
  const db = await Database.open("/a", { io, readOnly: true });
  assert.throws(() => db.begin(), { code: "READ_ONLY" });
  let ran = false;
  await assert.rejects(db.update(() => void (ran = true)), {
    code: "READ_ONLY",
    name: "StateError",
  });
  assert.equal(ran, false);
  await assert.rejects(db.checkpoint(), { code: "READ_ONLY" });
  assert.equal(db.open(names).get("ann"), "Oslo");
  assert.equal(db.open(index("none", { key: codec.u8, value: codec.u8 })).count(), 0);
  await db.close();
});

test("Database.open readOnly neither creates a file nor takes part in creating one", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.hold");
    await assert.rejects(Database.open(path, { readOnly: true }), { code: "NOT_FOUND" });
    assert.deepEqual(readdirSync(folder), []);
    await assert.rejects(Database.open(path, { readOnly: true, create: "new" }), TypeError);
    await assert.rejects(Database.open(path, { readOnly: 1 } as never), TypeError);
  });
});

test("Database.open readOnly needs no permission to write", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.hold");
    const owner = await Database.open(path);
    await fill(owner);
    await owner.close();
    rmSync(`${path}.lock`);
    chmodSync(path, 0o400);
    chmodSync(folder, 0o500);
    const db = await Database.open(path, { readOnly: true });
    assert.equal(db.open(names).count(), 51);
    await db.close();
    chmodSync(folder, 0o700);
  });
});

test("Database.open readOnly replays a store that is at its quota", async () => {
  const disk = new SimulatedDisk({ seed: 5 });
  const maxBytes = 3 * 1024 * 1024;
  const db = await Database.open("/a", { io: disk.io, maxBytes });
  const full = (async (): Promise<void> => {
    for (let key = 0;; key++) {
      await db.update((tx) => tx.open(blobs).put(key, new Uint8Array(30_000).fill(key)));
    }
  })();
  await assert.rejects(full, { code: "NO_SPACE" });
  const count = db.open(blobs).count();
  const { io } = disk.processDeath();
  const reader = await Database.open("/a", { io, maxBytes, readOnly: true });
  assert.equal(reader.open(blobs).count(), count);
  await assertWhole(reader);
  await reader.close();
});
