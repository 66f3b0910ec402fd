/**
 * What runs in the browser's workers: the task is in the address, the outcome goes to the runner.
 *
 * @module
 */

import assert from "node:assert/strict";
import { opfsIo } from "../../adapters/opfs.ts";
import { codec, Database, index } from "../../mod.ts";
import type { Criterion } from "../io/contract.ts";
import { FILE_CRITERIA } from "../io/file_criteria.ts";
import { NAME_CRITERIA } from "../io/name_criteria.ts";
import { OPFS_SKIPS } from "../io/opfs_skips.ts";
import { PLATFORM_CRITERIA } from "../io/platform_criteria.ts";
import type { Outcome } from "./outcome.ts";

const CONTRACT = { ...FILE_CRITERIA, ...NAME_CRITERIA, ...PLATFORM_CRITERIA };
const numbers = index("numbers", { key: codec.u32, value: codec.json<{ text: string }>() });
const textOf = (number: number): string => `${number} `.repeat(1 + number % 200);
const task = new URLSearchParams(location.search);

async function report(outcome: Outcome): Promise<void> {
  await fetch("/report", { method: "POST", body: JSON.stringify(outcome) });
}

async function prove(name: string, body: () => Promise<unknown>): Promise<void> {
  try {
    await body();
    await report({ name });
  } catch (error) {
    await report({ name, error: error instanceof Error ? error.stack ?? `${error}` : `${error}` });
  }
}

async function assertWhole(db: Database): Promise<void> {
  assert.deepEqual((await db.check()).problems, []);
}

async function put(db: Database, number: number): Promise<void> {
  await db.update((tx) => void tx.open(numbers).put(number, { text: textOf(number) }));
}

/** Another worker that has the store open, or says why not. */
async function openElsewhere(mode: string): Promise<{ answer: string; worker: Worker }> {
  const worker = new Worker(`${location.pathname}?task=hold&mode=${mode}`, { type: "module" });
  const answer = await new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }): void => resolve(data);
    worker.onerror = reject;
  });
  return { answer, worker };
}

async function hold(): Promise<void> {
  try {
    const db = await Database.open("/shared.hold", { readOnly: task.get("mode") === "read" });
    await assertWhole(db);
    self.postMessage("open");
  } catch (error) {
    self.postMessage((error as { code?: string }).code ?? String(error));
  }
}

/** Opens the store once the browser has noticed that a worker is gone; bounded. */
async function openFreed(): Promise<Database> {
  for (let turns = 0;; turns++) {
    try {
      return await Database.open("/shared.hold");
    } catch (error) {
      if (turns === 200 || (error as { code?: string }).code !== "LOCKED") throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function contract(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  let number = 0;
  for (const [name, criterion] of Object.entries<Criterion>(CONTRACT)) {
    if (OPFS_SKIPS[name] !== undefined) continue;
    const folder = `case-${number++}`;
    await root.getDirectoryHandle(folder, { create: true });
    await prove(name, async () => await criterion(opfsIo(), `/${folder}`));
  }
}

async function database(): Promise<void> {
  await prove("Database.open takes OPFS by itself; what was written is there again", async () => {
    const db = await Database.open("/shared.hold");
    for (let number = 0; number < 500; number++) await put(db, number);
    await assertWhole(db);
    await db.close();
    const again = await Database.open("/shared.hold");
    await assertWhole(again);
    assert.equal(again.open(numbers).get(499)?.text, textOf(499));
    await again.close();
    assert.ok((await opfsIo().list("/")).includes("shared.hold"));
  });
  await prove("a second owner in another worker is LOCKED, and so is a reader", async () => {
    const db = await Database.open("/shared.hold");
    for (const mode of ["write", "read"]) {
      const { answer, worker } = await openElsewhere(mode);
      worker.terminate();
      assert.equal(answer, "LOCKED");
    }
    await db.close();
  });
  await prove("readers in two workers share, and keep an owner out", async () => {
    const db = await Database.open("/shared.hold", { readOnly: true });
    const reader = await openElsewhere("read");
    assert.equal(reader.answer, "open");
    const owner = await openElsewhere("write");
    assert.equal(owner.answer, "LOCKED");
    owner.worker.terminate();
    reader.worker.terminate();
    await db.close();
    await (await openFreed()).close();
  });
  await prove("a worker that is terminated frees its store", async () => {
    const owner = await openElsewhere("write");
    assert.equal(owner.answer, "open");
    await assert.rejects(Database.open("/shared.hold"), { code: "LOCKED" });
    owner.worker.terminate();
    const db = await openFreed();
    await assertWhole(db);
    await db.close();
  });
  await prove(
    "an open file is neither moved, replaced nor removed by another adapter",
    async () => {
      const [here, elsewhere] = [opfsIo(), opfsIo()];
      (await here.open("/b", "create")).close();
      const file = await here.open("/a", "create");
      file.writeAt(new Uint8Array(10), 0);
      const locked = { code: "LOCKED" };
      await assert.rejects(elsewhere.rename("/a", "/c"), locked);
      await assert.rejects(elsewhere.rename("/b", "/a"), locked);
      await assert.rejects(elsewhere.remove("/a"), locked);
      await assert.rejects(elsewhere.open("/a", "read"), locked);
      assert.equal((await elsewhere.stat("/a"))?.size, 10);
      file.close();
    },
  );
  await prove("names that are in the way are told by code", async () => {
    const io = opfsIo();
    await assert.rejects(io.open("/a/b", "create"), { code: "IO_NOT_FOUND" });
    await assert.rejects(io.rename("/a", "/case-0"), { code: "IO_ACCESS" });
    await assert.rejects(io.remove("/case-0"), { code: "IO_ACCESS" });
  });
}

/** Commits until the browser is killed; the runner hears of each commit after it. */
async function write(): Promise<void> {
  const db = await Database.open("/killed.hold");
  for (let number = 0;; number++) {
    await put(db, number);
    await report({ name: "committed", number });
  }
}

async function verify(): Promise<void> {
  const acknowledged = Number(task.get("acknowledged"));
  await prove(
    `all ${acknowledged + 1} commits acknowledged before the kill are there`,
    async () => {
      const db = await Database.open("/killed.hold");
      await assertWhole(db);
      const entries = [...db.open(numbers).range()];
      assert.ok(entries.length > acknowledged, `${entries.length} are there`);
      entries.forEach(([key, { text }], place) => {
        assert.equal(key, place);
        assert.equal(text, textOf(place));
      });
      await db.close();
    },
  );
}

const TASKS: Readonly<Record<string, () => Promise<void>>> = {
  all: async () => {
    await contract();
    await database();
  },
  hold,
  write,
  verify,
};

const name = task.get("task") ?? "";
try {
  await TASKS[name]?.();
} catch (error) {
  await report({ name, error: String(error) });
}
if (name !== "hold") await report({ name: "end" });
