import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, CorruptionError, Database, index, type IoAdapter, repair } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { applyChanges } from "../../src/kernel/commit/apply.ts";
import { completeOptions } from "../../src/kernel/database_options.ts";
import { createStore, openStore } from "../../src/kernel/open_store.ts";
import { decodePrepared, encodePrepared } from "../../src/kernel/two_phase/prepared_set.ts";
import { FIRST_TREE, IN_DOUBT_TREE } from "../../src/kernel/tree/state.ts";
import { WriteSet } from "../../src/kernel/commit/write_set.ts";
import { RUNNING } from "../io/running_io.ts";
import { assertWhole, bytes, withFolder } from "./checked.ts";

const table = index("table", { key: codec.string, value: codec.string });
const blobs = index("blobs", { key: codec.string, value: codec.bytes });
const PATH = "/store.hold";

const text = (id: Uint8Array): string => new TextDecoder().decode(id);
const idsOf = (db: Database): string[] => db.prepared().map((one) => text(one.transactionId));

/** Prepares a transaction for each id, which puts the id under the id, and closes the store. */
async function leaveInDoubt(io: IoAdapter, ...ids: string[]): Promise<void> {
  const db = await Database.open(PATH, { io });
  for (const id of ids) {
    const tx = db.begin({ transactionId: bytes(id) });
    tx.open(table).put(id, id);
    await tx.prepare();
  }
  await db.close();
}

test("Recovery lists, takes choices, and carries them out when it is finished", async () => {
  const disk = new SimulatedDisk();
  await leaveInDoubt(disk.io, "one", "two", "three");
  const recovery = await Database.recover(PATH, { io: disk.io, decide: () => "commit" });
  const listed = (): string[] =>
    recovery.list().map(({ transactionId, status }) => `${text(transactionId)} ${status}`).sort();
  assert.deepEqual(listed(), ["one prepared", "three prepared", "two prepared"]);
  recovery.commit(bytes("one"));
  recovery.commit(bytes("two"));
  recovery.rollback(bytes("two"));
  assert.deepEqual(listed(), ["one commit", "three prepared", "two rollback"]);
  assert.throws(() => recovery.commit(bytes("four")), { code: "NOT_FOUND" });
  assert.throws(() => recovery.rollback("one" as unknown as Uint8Array), TypeError);
  const db = await recovery.finish();
  assert.throws(() => recovery.list(), { code: "CLOSED" });
  assert.throws(() => recovery.commit(bytes("three")), { code: "CLOSED" });
  await assert.rejects(recovery.finish(), { code: "CLOSED" });
  await recovery.close();
  for (const one of [db, await Database.open(PATH, { io: disk.crash("nothing kept").io })]) {
    assert.deepEqual([...one.open(table).range()], [["one", "one"]]);
    assert.deepEqual(idsOf(one), ["three"]);
    await assertWhole(one);
    await one.close();
  }
});

test("Recovery that is closed has decided nothing, one after another finds the same", async () => {
  const io = memoryIo();
  await leaveInDoubt(io, "one");
  for (let round = 0; round < 3; round++) {
    const recovery = await Database.recover(PATH, { io });
    recovery.commit(bytes("one"));
    await assert.rejects(Database.recover(PATH, { io }), { code: "LOCKED" });
    if (round === 1) await recovery[Symbol.asyncDispose]();
    else await recovery.close();
    await recovery.close();
    assert.throws(() => recovery.list(), { code: "CLOSED" });
  }
  await assert.rejects(Database.recover("/missing.hold", { io }), { code: "NOT_FOUND" });
  const recovery = await Database.recover(PATH, { io });
  assert.equal(recovery.list()[0]?.status, "prepared");
  const db = await recovery.finish();
  assert.deepEqual(idsOf(db), ["one"]);
  await db.close();
});

test("Recovery that a power cut ends anywhere can be repeated", async () => {
  const disk = new SimulatedDisk();
  await leaveInDoubt(disk.io, "one", "two");
  const before = disk.processDeath();
  const operations = await finishCut(before, Infinity);
  assert.ok(operations > 3);
  for (let cut = 0; cut < operations; cut++) {
    const image = disk.processDeath();
    await finishCut(image, cut);
    for (const policy of ["nothing kept", "everything kept"] as const) {
      const next = image.crash(policy);
      const db = await Database.open(PATH, { io: next.io });
      const inDoubt = idsOf(db);
      const entries = [...db.open(table).range()];
      assert.equal(inDoubt.includes("one"), entries.length === 0, "decided is committed");
      await assertWhole(db);
      await db.close();
      await finishCut(next, Infinity);
      const after = await Database.open(PATH, { io: next.io });
      assert.deepEqual([...after.open(table).range()], [["one", "one"]]);
      assert.deepEqual(idsOf(after), []);
      await after.close();
    }
  }
});

/** Commits "one", rolls back "two", both if they are there. @returns the operations it took. */
async function finishCut(disk: SimulatedDisk, cut: number): Promise<number> {
  const begin = disk.operations;
  disk.cutAt(begin + cut);
  try {
    const recovery = await Database.recover(PATH, { io: disk.io });
    for (const { transactionId } of recovery.list()) {
      if (text(transactionId) === "one") recovery.commit(transactionId);
      else recovery.rollback(transactionId);
    }
    const db = await recovery.finish();
    await db.close();
  } catch (error) {
    if (!disk.isDark) throw error;
  }
  return disk.operations - begin;
}

test("In doubt after the process was killed: listed and decided", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "store.hold");
    const program = fileURLToPath(new URL("./prepare_holder.ts", import.meta.url));
    const args = RUNNING === "deno" ? ["run", "-A", "--no-check", program] : [program];
    const child = spawn(process.execPath, [...args, path], { stdio: ["pipe", "pipe", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (more: string) => errors += more);
    const gone = once(child, "close");
    const line = once(createInterface({ input: child.stdout }), "line");
    const first = await Promise.race([line, gone.then(() => undefined)]);
    child.kill("SIGKILL");
    await gone;
    assert.equal(first?.[0], "prepared", errors);
    const recovery = await Database.recover(path);
    assert.deepEqual(recovery.list().map((one) => text(one.transactionId)).sort(), ["no", "yes"]);
    recovery.commit(bytes("yes"));
    recovery.rollback(bytes("no"));
    const db = await recovery.finish();
    await assertWhole(db);
    assert.deepEqual([...db.open(table).range()].map(([key]) => key), ["kept", "yes"]);
    await db.close();
  });
});

test("Database.backup takes along what is in doubt, with its large values", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  const values = [70_000, 300_000].map((length, n) => new Uint8Array(length).fill(n + 1));
  for (const [n, id] of ["small", "large"].entries()) {
    const tx = db.begin({ transactionId: bytes(id) });
    tx.open(blobs).put(id, values[n]!);
    for (let i = 0; i < n * 2000; i++) tx.open(table).put(`k${i}`, "x".repeat(100));
    await tx.prepare();
  }
  await db.backup("/copy.hold");
  const inDoubt = db.prepared();
  const backing = db.backup("/later.hold");
  await Promise.all(inDoubt.map((one) => one.rollback()));
  await db.update((tx) => tx.open(blobs).put("other", new Uint8Array(600_000)));
  await backing;
  await assertWhole(db);
  await db.close();
  for (const path of ["/copy.hold", "/later.hold"]) {
    const copy = await Database.open(path, { io });
    assert.deepEqual(idsOf(copy).sort(), ["large", "small"]);
    await assertWhole(copy);
    assert.equal(copy.open(blobs).count(), 0);
    for (const one of copy.prepared()) await one.commit();
    assert.deepEqual([...copy.open(blobs).range()], [["large", values[1]], ["small", values[0]]]);
    assert.equal(copy.open(table).count(), 2000);
    await assertWhole(copy);
    await copy.close();
  }
});

test("repair brings what is in doubt over, and reports what is not whole", async () => {
  for (const where of ["image", "log"] as const) {
    const disk = new SimulatedDisk();
    const db = await Database.open(PATH, { io: disk.io });
    const value = new Uint8Array(100_000).fill(0xa5);
    for (const id of ["first", "second"]) {
      const tx = db.begin({ transactionId: bytes(id) });
      tx.open(blobs).put(id, value);
      tx.open(blobs).put(`${id} too`, value);
      await tx.prepare();
    }
    if (where === "image") await db.close();
    const { io } = disk.processDeath();
    const whole = await repair(PATH, "/whole.hold", { io });
    assert.deepEqual(whole.problems, []);
    const repaired = await Database.open("/whole.hold", { io });
    await assertWhole(repaired);
    assert.deepEqual(idsOf(repaired), ["first", "second"]);
    for (const one of repaired.prepared()) await one.commit();
    assert.deepEqual(repaired.open(blobs).get("second too"), value);
    assert.equal(repaired.open(blobs).count(), 4);
    await assertWhole(repaired);
    await repaired.close();

    const file = await io.open(PATH, "write");
    const image = new Uint8Array(file.size());
    file.readAt(image, 0);
    // The first run of the value is that of the first transaction.
    const run = image.findIndex((byte, at) => byte === 0xa5 && image[at + 4096] === 0xa5);
    file.writeAt(new Uint8Array([1]), run + 5000);
    file.close();
    const damaged = await repair(PATH, "/damaged.hold", { io });
    assert.ok(damaged.problems.some(({ code }) => code === "CORRUPT_VALUE"));
    const rest = await Database.open("/damaged.hold", { io });
    await assertWhole(rest);
    assert.deepEqual(idsOf(rest), ["second"]);
    await rest.close();
  }
});

test("A database opened for reading lists what is in doubt and decides nothing", async () => {
  const io = memoryIo();
  await leaveInDoubt(io, "one");
  const db = await Database.open(PATH, { io, readOnly: true, decide: () => "commit" });
  assert.deepEqual(idsOf(db), ["one"]);
  await assert.rejects(db.prepared()[0]!.commit(), { code: "READ_ONLY" });
  await db.close();
  const again = await Database.open(PATH, { io });
  assert.deepEqual(idsOf(again), ["one"]);
  await again.close();
});

/** A store whose tree of transactions in doubt has this value, in its image or in its log. */
async function storeWith(value: Uint8Array, where: "image" | "log"): Promise<IoAdapter> {
  const io = memoryIo();
  await createStore(io, PATH);
  const file = await io.open(PATH, "write");
  const { engine, checkpointer } = await openStore(io, PATH, file, completeOptions({}));
  const set = new WriteSet();
  set.put(IN_DOUBT_TREE, bytes("id"), 2, value, 0, value.length);
  set.prepared = new WriteSet();
  if (where === "log") {
    engine.log.add(set.out.bytes, 0, set.out.length);
    engine.log.write(true);
  } else {
    applyChanges(engine, set);
    await checkpointer.start({ exclusive: true, clean: true });
  }
  file.close();
  return io;
}

test("Damaged transactions in doubt are CORRUPT_VALUE, in the image and in the log", async () => {
  const good = new WriteSet();
  good.put(FIRST_TREE, bytes("key"), 3, bytes("value"), 0, 5);
  const { bytes: whole, length } = encodePrepared(good);
  const kernelTree = new WriteSet();
  kernelTree.put(IN_DOUBT_TREE, bytes("key"), 3, bytes("value"), 0, 5);
  const noCatalogEntry = new WriteSet();
  noCatalogEntry.put(0, new Uint8Array([0xff]), 1, bytes("?"), 0, 1);
  const freePages = new WriteSet();
  const reference = new Uint8Array(16);
  new DataView(reference.buffer).setUint32(0, 131, true);
  new DataView(reference.buffer).setUint32(8, 100_000, true);
  freePages.putReference(FIRST_TREE, bytes("key"), 3, reference);
  const cases: Record<string, Uint8Array> = {
    "nothing": new Uint8Array(0),
    "another version": new Uint8Array([2]),
    "cut short": whole.slice(0, length - 1),
    "an unknown operation": new Uint8Array([1, 9, 16, 1, 1]),
    "the kernel's own trees": encodePrepared(kernelTree).toBytes(),
    "a structure without a name": encodePrepared(noCatalogEntry).toBytes(),
  };
  for (const where of ["image", "log"] as const) {
    for (const [name, value] of Object.entries(cases)) {
      const io = await storeWith(value, where);
      await assert.rejects(Database.open(PATH, { io }), { code: "CORRUPT_VALUE" }, name);
    }
    const io = await storeWith(whole.slice(0, length), where);
    const db = await Database.open(PATH, { io });
    assert.deepEqual(idsOf(db), ["id"]);
    await db.close();
  }
  const io = await storeWith(encodePrepared(freePages).toBytes(), "image");
  await assert.rejects(Database.open(PATH, { io }), { code: "CORRUPT_VALUE" });
});

test("decodePrepared reads any bytes as changes or as CORRUPT_VALUE", () => {
  const random = new Prng(26);
  const set = new WriteSet();
  for (let i = 0; i < 5; i++) {
    set.put(FIRST_TREE + i, bytes(`key${i}`), 4, new Uint8Array(20).fill(i), 0, 20);
    set.remove(FIRST_TREE + i, bytes(`gone${i}`), 5);
  }
  const whole = encodePrepared(set).toBytes();
  assert.deepEqual(encodePrepared(decodePrepared(whole, 0, whole.length)).toBytes(), whole);
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const damaged = whole.slice(0, whole.length - random.below(3));
    for (let i = random.below(4); i >= 0; i--) {
      damaged[random.below(damaged.length)] = random.below(256);
    }
    try {
      decodePrepared(damaged, 0, damaged.length);
    } catch (error) {
      assert.ok(error instanceof CorruptionError && error.code === "CORRUPT_VALUE");
      refused++;
    }
  }
  assert.ok(refused > 500);
});

test("regression: a power cut while values of the log are renewed costs none of them", async () => {
  const disk = new SimulatedDisk({ profile: "hostile", seed: 3 });
  const db = await Database.open("/a.hold", { io: disk.io });
  const value = Uint8Array.from({ length: 20_001 }, (_, at) => at * 31);
  await db.update((tx) => tx.open(blobs).put("large", value));
  let cuts = 0;
  for (;; cuts++) {
    const image = disk.crash("nothing kept");
    image.cutAt(cuts);
    await Database.open("/a.hold", { io: image.io }).catch(() => {});
    if (!image.isDark) break;
    for (const policy of image.policies({ limit: 16, seed: cuts })) {
      const again = await Database.open("/a.hold", { io: image.crash(policy).io });
      assert.ok(again.open(blobs).get("large")?.join() === value.join(), `cut ${cuts}`);
    }
  }
  assert.ok(cuts > 5);
});

test("A large value prepared and committed in one batch is whole after a power cut, or not there", async () => {
  const value = Uint8Array.from({ length: 20_001 }, (_, at) => at * 31);
  const disk = new SimulatedDisk({ profile: "hostile", seed: 5 });
  const db = await Database.open("/a.hold", { io: disk.io });
  await db.update((tx) => tx.open(blobs).put("small", new Uint8Array(9)));
  const tx = db.begin();
  tx.open(blobs).put("large", value);
  const prepared = tx.prepare();
  const decided = db.prepared()[0]!.commit();
  disk.cutAt(disk.operations + 1);
  await Promise.allSettled([prepared, decided]);
  const found = new Set<string>();
  for (const { disk: image } of disk.images({ limit: 60, seed: 5 })) {
    for (const io of [image.io, image.processDeath().io]) {
      const again = await Database.open("/a.hold", { io });
      const large = again.open(blobs).get("large");
      assert.ok(large === undefined || large.join() === value.join());
      found.add(
        large === undefined ? `none, dropped ${again.recovered.droppedBytes > 0}` : "whole",
      );
      await assertWhole(again);
      await again.update((tx) => tx.open(blobs).put("next", value));
      await again.checkpoint();
      await assertWhole(again);
      await again.close();
    }
  }
  assert.ok(found.has("whole") && found.has("none, dropped true"), [...found].join());
});
