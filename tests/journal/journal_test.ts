import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Journal } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { browserIo } from "./browser_io.ts";
import { journalContract } from "./journal_contract.ts";

const top = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
after(() => rmSync(top, { recursive: true, force: true }));

journalContract("in memory", () => memoryIo(), () => "/folder");
journalContract("on a simulated disk", () => new SimulatedDisk().io, () => "/folder");
journalContract("in a browser", browserIo, () => "/folder");
journalContract("on the running system", runningIo, () => mkdtempSync(join(top, "case-")));

const PATH = "/folder/a.journal";

test("Journal: 64 callers share a write and a sync, and each sync is a real one", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 1 });
  const journal = await Journal.open(disk.io, PATH, { codec: codec.u32 });
  const before = { write: disk.calls("write"), sync: disk.calls("sync") };
  await Promise.all(Array.from({ length: 64 }, () => journal.update((n = 0) => n + 1)));
  assert.equal(journal.get(), 64);
  assert.deepEqual([disk.calls("write") - before.write, disk.calls("sync") - before.sync], [1, 1]);
  for (let n = 0; n < 10; n++) await journal.update((n = 0) => n + 1);
  assert.equal(disk.calls("sync") - before.sync, 11, "one for each that waits alone");
  await journal.update((n) => n);
  assert.equal(disk.calls("sync") - before.sync, 11, "none for what is durable already");
  await journal.close();
});

test("Journal: get shows nothing that a power cut could take back", async () => {
  const disk = new SimulatedDisk({ syncMilliseconds: 1 });
  const journal = await Journal.open(disk.io, PATH, { codec: codec.u32 });
  await journal.update(() => 1);
  let looks = 0;
  const updating = journal.update((present) => {
    assert.equal(present, 1);
    return 2;
  }).then(() => looks = Infinity);
  while (looks < Infinity) {
    const seen = journal.get()!;
    for (const image of disk.images({ limit: 6 })) {
      const after = await Journal.open(image.disk.io, PATH, { codec: codec.u32 });
      assert.ok(after.get()! >= seen, `${after.get()} after ${seen} was seen`);
      await after.close();
    }
    looks++;
    await new Promise<void>((resolve) => disk.io.nextTurn(resolve));
  }
  await updating;
  assert.equal(journal.get(), 2);
  await journal.close();
});

test("Journal: a failed write or sync poisons it until it is opened again", async () => {
  for (const operation of ["write", "sync"] as const) {
    for (const mode of ["F1", "F2", "F3"] as const) {
      const disk = new SimulatedDisk();
      const journal = await Journal.open(disk.io, PATH, { codec: codec.u32 });
      await journal.update(() => 1);
      disk.fail({ operation, mode, shortWrite: 600 });
      const beside = [journal.update(() => 2), journal.update(() => 3)];
      for (const call of beside) await assert.rejects(call, { code: "IO_FAILED" });
      await assert.rejects(journal.update(() => 4), { code: "POISONED" });
      await assert.rejects(journal.compareAndSet(1, 4), { code: "POISONED" });
      assert.equal(journal.get(), 1, "reads go on");
      await journal.close();
      const again = await Journal.open(disk.io, PATH, { codec: codec.u32 });
      assert.ok([1, 3].includes(again.get()!));
      const value = again.get();
      for (const image of disk.images({ limit: 10 })) {
        const after = await Journal.open(image.disk.io, PATH, { codec: codec.u32 });
        assert.equal(after.get(), value, "what opening showed is durable");
        await after.close();
      }
      await again.update(() => 5);
      await again.close();
    }
  }
});

test("Journal: after a failed sync no power cut costs what was acknowledged before", async () => {
  for (const mode of ["F1", "F2", "F3"] as const) {
    for (const sizes of [[1, 2, 3], [100, 4064, 9000]]) {
      for (let cut = 0; cut < 8; cut++) {
        const disk = new SimulatedDisk({ profile: "no-psow" });
        const journal = await Journal.open(disk.io, PATH, { codec: codec.bytes });
        const value = (n: number) => new Uint8Array(sizes[n]!).fill(n);
        await journal.update(() => value(0));
        await journal.update(() => value(1));
        disk.fail({ operation: "sync", mode });
        await assert.rejects(journal.update(() => value(2)), { code: "IO_FAILED" });
        await journal.close();
        disk.cutAt(disk.operations + cut);
        const again = await Journal.open(disk.io, PATH, { codec: codec.bytes }).catch(() => {});
        const seen = again?.get() ?? value(1);
        for (const image of disk.images({ limit: 16, seed: cut })) {
          const after = await Journal.open(image.disk.io, PATH, { codec: codec.bytes });
          const found = after.get()!;
          assert.deepEqual(found, value(found[0]!), "whole");
          assert.ok(found[0]! >= seen[0]!, `${mode}, cut ${cut}, ${image.policy.label}`);
          await after.close();
        }
      }
    }
  }
});

test("regression 2d.10: a full disk is an error of the change alone, and space ends it", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 40_000 });
  const journal = await Journal.open(disk.io, PATH, { codec: codec.bytes });
  await journal.update(() => new Uint8Array(100).fill(1));
  for (let round = 0; round < 2; round++) {
    await assert.rejects(journal.update(() => new Uint8Array(30_000)), { code: "NO_SPACE" });
    assert.deepEqual(await disk.io.list("/folder"), ["a.journal"], "no draft is left");
    await journal.update((present) => present!.map((byte) => byte + 1));
  }
  disk.setCapacity(500_000);
  await journal.update(() => new Uint8Array(30_000).fill(7));
  await journal.close();
  const again = await Journal.open(disk.io, PATH, { codec: codec.bytes });
  assert.deepEqual(again.get(), new Uint8Array(30_000).fill(7));
  await again.close();
});

test("Journal: a failure while a larger file takes its place poisons, one before does not", async () => {
  for (const operation of ["open", "write", "sync", "rename", "syncDirectory"] as const) {
    const disk = new SimulatedDisk();
    const journal = await Journal.open(disk.io, PATH, { codec: codec.bytes });
    await journal.update(() => new Uint8Array([1]));
    disk.fail({ operation });
    await assert.rejects(journal.update(() => new Uint8Array(9000)), { code: "IO_FAILED" });
    assert.deepEqual(journal.get(), new Uint8Array([1]));
    const isNamed = operation === "rename" || operation === "syncDirectory";
    const next = journal.update(() => new Uint8Array([2]));
    if (isNamed) await assert.rejects(next, { code: "POISONED" });
    else await next;
    await journal.close();
    const again = await Journal.open(disk.io, PATH, { codec: codec.bytes });
    const expected = isNamed ? [1, 9000] : [1];
    assert.ok(expected.includes(again.get()!.length), operation);
    await again.close();
  }
});
