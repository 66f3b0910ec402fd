import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec } from "../../src/base/codec.ts";
import type { IoAdapter } from "../../src/io/adapter.ts";
import { Database } from "../../src/kernel/database.ts";
import { EmbeddedStreamStore } from "../../src/streams/embedded_stream_store.ts";
import { numberKey } from "../../src/streams/table_keys.ts";
import { index } from "../../src/structures/index/index.ts";
import { assertTexts, done, messages, page, reason, START } from "./outcomes.ts";
import { streamStoreContract } from "./stream_store_contract.ts";

const BEGIN = 1_800_000_000_000;

streamStoreContract("EmbeddedStreamStore", async () => {
  const clock = { now: BEGIN };
  const io = memoryIo();
  const database = await Database.open("streams.hold", { io });
  const store = await EmbeddedStreamStore.open(database, { now: () => clock.now });
  const end = async (): Promise<void> => {
    await store.close();
    const { problems } = await database.check();
    await database.close();
    deepStrictEqual(problems, []);
  };
  return { store, clock, end };
});

function openAt(io: IoAdapter, now: () => number = () => BEGIN): Promise<EmbeddedStreamStore> {
  return EmbeddedStreamStore.open("streams.hold", { now, database: { io } });
}

test("EmbeddedStreamStore: reopening keeps everything", async () => {
  const io = memoryIo();
  let store = await openAt(io);
  const producer = { id: "p", epoch: 3, seq: 0 };
  done(await store.create("a", { contentType: "text/plain", ttlSeconds: 100 }));
  done(await store.append("a", messages("1", "2"), { producer, streamSeq: "5" }));
  done(await store.create("c", { messages: messages("x") }));
  done(await store.append("c", messages("end"), { producer, close: true }));
  done(await store.create("s", { messages: messages("inherited") }));
  done(await store.fork("f", "s", { messages: messages("own") }));
  strictEqual(done(await store.delete("s")).soft, true);
  done(await store.create("d", { messages: messages("gone") }));
  done(await store.delete("d"));
  const { streams } = await store.list();
  await store.close();

  store = await openAt(io);
  deepStrictEqual((await store.list()).streams, streams);
  await assertTexts(store, "a", ["1", "2"]);
  await assertTexts(store, "c", ["x", "end"]);
  await assertTexts(store, "f", ["inherited", "own"]);
  strictEqual(reason(await store.head("s")), "gone");
  strictEqual(reason(await store.head("d")), "not-found");
  const again = { producer, streamSeq: "5" };
  strictEqual(done(await store.append("a", messages("1", "2"), again)).duplicate, true);
  strictEqual(
    reason(await store.append("a", messages("x"), { streamSeq: "5" })),
    "sequence-conflict",
  );
  strictEqual(
    done(await store.append("c", messages("end"), { producer, close: true })).duplicate,
    true,
  );
  strictEqual((await store.sweep()).freed > 0, true);
  done(await store.delete("f"));
  strictEqual(reason(await store.head("s")), "not-found");
  const next = done(await store.create("new")).stream.incarnation;
  strictEqual(streams.some((stream) => stream.incarnation === next), false);
  await store.close();
});

test("EmbeddedStreamStore: a clean close persists renewals", async () => {
  const io = memoryIo();
  const clock = { now: BEGIN };
  let store = await openAt(io, () => clock.now);
  done(await store.create("read", { ttlSeconds: 10 }));
  done(await store.create("left", { ttlSeconds: 10 }));
  clock.now += 9_000;
  done(await store.read("read", "-1"));
  await store.close();
  clock.now += 9_000;
  store = await openAt(io, () => clock.now);
  done(await store.head("read"));
  strictEqual(reason(await store.head("left")), "not-found");
  clock.now += 1_000;
  strictEqual(reason(await store.head("read")), "not-found");
  strictEqual((await store.sweep()).expired, 2);
  await store.close();
});

test("EmbeddedStreamStore: after a crash nothing expires early", async () => {
  const disk = new SimulatedDisk();
  const clock = { now: BEGIN };
  const crashed = await openAt(disk.io, () => clock.now);
  done(await crashed.create("a", { ttlSeconds: 10 }));
  done(await crashed.create("b", { expiresAt: BEGIN + 15_000 }));
  clock.now += 9_000;
  done(await crashed.read("a", "-1"));
  const image = disk.crash("nothing kept");
  clock.now += 9_000;
  const store = await openAt(image.io, () => clock.now);
  strictEqual((await store.sweep()).expired, 1);
  done(await store.head("a"));
  strictEqual(reason(await store.head("b")), "not-found");
  clock.now += 9_999;
  await store.sweep();
  done(await store.head("a"));
  clock.now += 1;
  strictEqual((await store.sweep()).expired, 1);
  await store.close();
  await crashed.close();
});

test("EmbeddedStreamStore: nor does it after a clean close that follows the crash", async () => {
  const disk = new SimulatedDisk();
  const clock = { now: BEGIN };
  const crashed = await openAt(disk.io, () => clock.now);
  done(await crashed.create("a", { ttlSeconds: 10 }));
  clock.now += 9_000;
  done(await crashed.read("a", "-1"));
  const image = disk.crash("nothing kept");
  await (await openAt(image.io, () => clock.now)).close();
  clock.now += 9_999;
  const store = await openAt(image.io, () => clock.now);
  done(await store.head("a"));
  clock.now += 1;
  strictEqual(reason(await store.head("a")), "not-found");
  await store.close();
  await crashed.close();
});

test("EmbeddedStreamStore: no-space is only refused when nothing was stored", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  done(await store.create("a"));
  disk.fail({ operation: "sync", error: "NO_SPACE" });
  await rejects(store.append("a", messages("perhaps")), { code: "IO_FAILED" });
  await rejects(store.append("a", messages("no")), { code: "POISONED" });
  const next = await openAt(disk.processDeath().io);
  await assertTexts(next, "a", ["perhaps"]);
  await next.close();
  await store.close();
});

test("EmbeddedStreamStore: renewals in memory are persisted after a minute", async () => {
  const io = memoryIo();
  const clock = { now: BEGIN };
  const database = await Database.open("streams.hold", { io });
  const store = await EmbeddedStreamStore.open(database, { now: () => clock.now });
  done(await store.create("a", { ttlSeconds: 1000 }));
  clock.now += 1_000;
  const commits = async (use: () => Promise<unknown>): Promise<number> => {
    const before = database.stats().commits;
    await use();
    return database.stats().commits - before;
  };
  for (let i = 0; i < 5; i++) strictEqual(await commits(() => store.read("a", "-1")), 0);
  strictEqual(await commits(() => store.sweep()), 0);
  clock.now += 61_000;
  strictEqual(await commits(() => store.sweep()), 1);
  strictEqual(await commits(() => store.sweep()), 0);
  await store.close();
  await database.close();
});

test("EmbeddedStreamStore: 64 appends to one stream share a sync", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  done(await store.create("a"));
  const before = disk.calls("sync");
  const appends = Array.from({ length: 64 }, (_, i) => store.append("a", messages(`${i}`)));
  for (const outcome of await Promise.all(appends)) done(outcome);
  ok(disk.calls("sync") - before <= 2, `${disk.calls("sync") - before} syncs`);
  await assertTexts(store, "a", Array.from({ length: 64 }, (_, i) => `${i}`));
  await store.close();
});

test("EmbeddedStreamStore: readers see only what is durable", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  const { stream } = done(await store.create("a"));
  const position = { incarnation: stream.incarnation, offset: START };
  const woken = store.subscribe("a", position);
  const producer = { id: "p", epoch: 0, seq: 0 };
  const syncs = disk.calls("sync");
  const append = store.append("a", messages("x"), { producer });
  const repeat = store.append("a", messages("x"), { producer });
  const refused = store.append("a", messages("x"), { expectedOffset: START });
  const creation = store.create("b");
  strictEqual((await page(store, "a")).messages.length, 0);
  strictEqual(done(await store.head("a")).stream.nextOffset, START);
  strictEqual(reason(await store.head("b")), "not-found");
  strictEqual((await store.list()).streams.length, 1);
  strictEqual(disk.calls("sync"), syncs, "nothing was answered before the sync");
  strictEqual(done(await repeat).duplicate, true);
  strictEqual(disk.calls("sync") > syncs, true);
  strictEqual(reason(await refused), "offset-mismatch");
  done(await append);
  done(await creation);
  strictEqual(await woken, "changed");
  await assertTexts(store, "a", ["x"]);
  await store.close();
});

test("EmbeddedStreamStore: a failed sync acknowledges nothing, and reads go on", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  done(await store.create("a", { messages: messages("safe") }));
  disk.fail({ operation: "sync" });
  const producer = { id: "p", epoch: 0, seq: 0 };
  const calls = [
    store.append("a", messages("lost"), { producer }),
    store.append("a", messages("lost"), { producer }),
    store.close("a"),
    store.create("b"),
    store.delete("a"),
  ];
  for (const result of await Promise.allSettled(calls)) strictEqual(result.status, "rejected");
  await rejects(store.append("a", messages("later")), { code: "POISONED" });
  await rejects(store.sweep(), { code: "POISONED" });
  await assertTexts(store, "a", ["safe"]);
  await store.close();
  const reopened = await openAt(disk.crash("nothing kept").io);
  await assertTexts(reopened, "a", ["safe"]);
  strictEqual(done(await reopened.append("a", messages("kept"), { producer })).duplicate, false);
  await assertTexts(reopened, "a", ["safe", "kept"]);
  await reopened.close();
});

test("EmbeddedStreamStore: a full disk refuses, and the store stays usable", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  done(await store.create("a"));
  const body = new Uint8Array(100_000);
  disk.setCapacity(4 * 1024 * 1024);
  let accepted = 0;
  for (let outcome = await store.append("a", [body]);;) {
    if (outcome.outcome === "refused") {
      strictEqual(reason(outcome), "no-space");
      break;
    }
    accepted++;
    outcome = await store.append("a", [body]);
  }
  ok(accepted > 0);
  strictEqual(
    done(await store.head("a")).stream.nextOffset.startsWith(`${accepted}`.padStart(16, "0")),
    true,
  );
  disk.setCapacity(Infinity);
  done(await store.append("a", [body]));
  let count = 0;
  for (let offset = "-1";;) {
    const read = await page(store, "a", offset);
    count += read.messages.length;
    if (read.upToDate) break;
    offset = read.nextOffset;
  }
  strictEqual(count, accepted + 1);
  await store.close();
});

test("EmbeddedStreamStore: a stream quota refuses", async () => {
  const store = await EmbeddedStreamStore.open("streams.hold", {
    database: { io: memoryIo() },
    maxStreamBytes: 10,
  });
  done(await store.create("a"));
  done(await store.append("a", messages("12345")));
  strictEqual(reason(await store.append("a", messages("123456"))), "limit");
  done(await store.append("a", messages("12345")));
  await store.close();
});

test("EmbeddedStreamStore: one store at a time uses a database", async () => {
  const database = await Database.open("streams.hold", { io: memoryIo() });
  const store = await EmbeddedStreamStore.open(database);
  await rejects(EmbeddedStreamStore.open(database), { code: "LOCKED" });
  done(await store.create("a", { messages: messages("x") }));
  await store.close();
  const next = await EmbeddedStreamStore.open(database);
  await assertTexts(next, "a", ["x"]);
  await next[Symbol.asyncDispose]();
  await database.close();
});

test("EmbeddedStreamStore: close waits for calls under way", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk.io);
  done(await store.create("a"));
  const append = store.append("a", messages("x"));
  const closing = store.close();
  done(await append);
  await closing;
  const reopened = await openAt(disk.io);
  await assertTexts(reopened, "a", ["x"]);
  await reopened.close();
});

test("EmbeddedStreamStore: damage of one stream fails only calls to it", async () => {
  const io = memoryIo();
  const database = await Database.open("streams.hold", { io });
  const store = await EmbeddedStreamStore.open(database);
  const names = ["a", "b", "c"];
  for (const name of names) done(await store.create(name, { messages: messages("x") }));
  const states = index("streams/states", { key: codec.bytes, value: codec.bytes });
  const number = parseInt(done(await store.head("b")).stream.incarnation, 36);
  await database.update((tx) => tx.open(states).put(numberKey(number), Uint8Array.of(9)));
  const results = await Promise.allSettled(names.map((name) => store.append(name, messages("y"))));
  deepStrictEqual(results.map((result) => result.status), ["fulfilled", "rejected", "fulfilled"]);
  await rejects(store.append("b", messages("y")), { code: "CORRUPT_VALUE" });
  await rejects(store.read("b", "-1"), { code: "CORRUPT_VALUE" });
  await assertTexts(store, "a", ["x", "y"]);
  await assertTexts(store, "c", ["x", "y"]);
  await store.close();
  await database.close();
});

test("EmbeddedStreamStore: a change that fails half-way takes nothing with it", async () => {
  const io = memoryIo();
  const database = await Database.open("streams.hold", { io });
  const store = await EmbeddedStreamStore.open(database);
  done(await store.create("source", { messages: messages("s") }));
  const { incarnation } = done(await store.fork("fork", "source", { ttlSeconds: 9 })).stream;
  done(await store.create("other"));
  const origins = index("streams/origins", { key: codec.bytes, value: codec.bytes });
  const origin = numberKey(parseInt(incarnation, 36));
  await database.update((tx) => tx.open(origins).put(origin, Uint8Array.of(9)));
  const results = await Promise.allSettled([
    store.append("other", messages("1")),
    store.delete("fork"),
    store.append("other", messages("2")),
  ]);
  deepStrictEqual(results.map((result) => result.status), ["fulfilled", "rejected", "fulfilled"]);
  await assertTexts(store, "other", ["1", "2"]);
  strictEqual(done(await store.append("fork", messages("x"))).duplicate, false, "still there");
  await store.close();
  await database.close();
});
