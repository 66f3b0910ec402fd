import assert from "node:assert/strict";
import { test } from "node:test";
import { opfsError } from "../../adapters/opfs/opfs_errors.ts";
import { opfsIo, type OpfsOptions } from "../../adapters/opfs.ts";
import { StateError } from "../../src/errors.ts";
import { codec, Database, index, type IoAdapter, type IoFile, recordLog } from "../../mod.ts";
import { assertWhole, bytes } from "../kernel/checked.ts";
import { ioContract } from "./contract.ts";
import { type FakeBrowser, type FakeContext, FakeOrigin } from "./fake_opfs.ts";
import { contentOf, pattern } from "./file_criteria.ts";
import { OPFS_SKIPS } from "./opfs_skips.ts";

const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
const audit = recordLog("audit");

/** The adapter of a new worker. */
const workerIo = (origin: FakeOrigin): IoAdapter => opfsIo(undefined, origin.context());

async function makeFolder(context: FakeContext, name: string): Promise<void> {
  const root = await context.storage.getDirectory();
  await root.getDirectoryHandle(name, { create: true });
}

async function contractIo(browser: FakeBrowser): Promise<IoAdapter> {
  const context = new FakeOrigin(browser).context();
  await makeFolder(context, "folder");
  return opfsIo(undefined, context);
}

ioContract("opfsIo", () => contractIo({}), () => "/folder", OPFS_SKIPS);
ioContract(
  "opfsIo where calls are short and modes unknown",
  () => contractIo({ transfer: 100_003, modes: false }),
  () => "/folder",
  OPFS_SKIPS,
);

async function put(io: IoAdapter, path: string, content: Uint8Array): Promise<void> {
  const file = await io.open(path, "create");
  file.writeAt(content, 0);
  file.close();
}

test("opfsIo: a database is written, closed, opened again, and whole", async () => {
  const origin = new FakeOrigin();
  const db = await Database.open("/app.hold", { io: workerIo(origin) });
  for (let round = 0; round < 300; round++) {
    await db.update((tx) => {
      tx.open(users).put(`user ${round}`, { city: "x".repeat(1 + round * 7) });
      tx.open(audit).append(bytes(`round ${round}`));
    });
  }
  await db.update((tx) => void tx.open(users).put("large", { city: "y".repeat(400_000) }));
  await assertWhole(db);
  await db.close();
  const io = workerIo(origin);
  assert.deepEqual(await io.list("/"), ["app.hold"]);
  const again = await Database.open("/app.hold", { io });
  await assertWhole(again);
  assert.deepEqual(again.open(users).get("user 299"), { city: "x".repeat(1 + 299 * 7) });
  assert.equal(again.open(users).get("large")?.city.length, 400_000);
  await again.backup("/copy.hold");
  await again.close();
  const copy = await Database.open("/copy.hold", { io });
  await assertWhole(copy);
  assert.equal([...copy.open(users).range()].length, 301);
  await copy.close();
});

test("opfsIo: a second owner is LOCKED, and readers share", async () => {
  const origin = new FakeOrigin();
  const [one, two] = [workerIo(origin), workerIo(origin)];
  const owner = await Database.open("/a", { io: one });
  await owner.update((tx) => void tx.open(users).put("ann", { city: "Oslo" }));
  for (const readOnly of [false, true]) {
    await assert.rejects(Database.open("/a", { io: two, readOnly }), { code: "LOCKED" });
    await assert.rejects(Database.open("/a", { io: one, readOnly }), { code: "LOCKED" });
  }
  await owner.close();
  const readers = [];
  for (const io of [one, one, two]) readers.push(await Database.open("/a", { io, readOnly: true }));
  for (const reader of readers) {
    assert.deepEqual(reader.open(users).get("ann"), { city: "Oslo" });
    await assert.rejects(Database.open("/a", { io: two }), { code: "LOCKED" });
    await assertWhole(reader);
    await reader.close();
  }
  await (await Database.open("/a", { io: two })).close();
});

test("opfsIo: a worker that ends frees its store, which has all that was acknowledged", async () => {
  const origin = new FakeOrigin();
  const worker = origin.context();
  const db = await Database.open("/a", { io: opfsIo(undefined, worker) });
  await db.update((tx) => void tx.open(users).put("ann", { city: "Oslo" }));
  const next = workerIo(origin);
  await assert.rejects(Database.open("/a", { io: next }), { code: "LOCKED" });
  worker.end();
  const again = await Database.open("/a", { io: next });
  assert.deepEqual(again.open(users).get("ann"), { city: "Oslo" });
  await assertWhole(again);
  await again.close();
});

test("opfsIo: a file that is open is not renamed, replaced, removed: LOCKED", async () => {
  const origin = new FakeOrigin();
  const [here, elsewhere] = [workerIo(origin), workerIo(origin)];
  await put(here, "/a", pattern(10));
  await put(here, "/b", pattern(20));
  const file = await here.open("/a", "write");
  const locked = { code: "LOCKED", name: "StateError" };
  for (const io of [here, elsewhere]) {
    await assert.rejects(io.rename("/a", "/c"), locked);
    await assert.rejects(io.rename("/b", "/a"), locked);
    await assert.rejects(io.remove("/a"), locked);
    assert.deepEqual(await io.list("/"), ["a", "b"]);
  }
  assert.deepEqual(contentOf(file), pattern(10));
  file.close();
  await elsewhere.rename("/b", "/a");
  await here.remove("/a");
  assert.deepEqual(await here.list("/"), []);
});

test("opfsIo: one worker writes a file, or any number read it", async () => {
  const origin = new FakeOrigin();
  const [here, elsewhere] = [workerIo(origin), workerIo(origin)];
  const locked = { code: "LOCKED", name: "StateError" };
  await put(here, "/a", pattern(10));
  const writer = await here.open("/a", "write");
  await assert.rejects(elsewhere.open("/a", "read"), locked);
  await assert.rejects(elsewhere.open("/a", "write"), locked);
  assert.deepEqual(await elsewhere.stat("/a"), { size: 10, links: 1 });
  writer.close();
  const readers = [await here.open("/a", "read"), await elsewhere.open("/a", "read")];
  await assert.rejects(here.open("/a", "write"), locked);
  await assert.rejects(elsewhere.open("/a", "write"), locked);
  for (const reader of readers) {
    assert.deepEqual(contentOf(reader), pattern(10));
    reader.sync();
    reader.close();
  }
  (await elsewhere.open("/a", "write")).close();
});

test("opfsIo: of many that create a file at once one makes it, or all share it", async () => {
  const io = workerIo(new FakeOrigin());
  const opens = Array.from({ length: 5 }, () => io.open("/a", "create-new"));
  const files = (await Promise.allSettled(opens)).filter(({ status }) => status === "fulfilled");
  assert.equal(files.length, 1);
  const shared = await Promise.all(Array.from({ length: 5 }, () => io.open("/b", "create")));
  shared.forEach((file, place) => file.writeAt(pattern(10, place), place * 10));
  shared.forEach((file, place) => {
    const bytes = new Uint8Array(10);
    assert.equal(file.size(), 50);
    assert.equal(file.readAt(bytes, 40 - place * 10), 10);
    assert.deepEqual(bytes, pattern(10, 4 - place));
  });
});

test("opfsIo: without access modes a second worker that reads is LOCKED", async () => {
  const origin = new FakeOrigin({ modes: false });
  const [here, elsewhere] = [workerIo(origin), workerIo(origin)];
  await put(here, "/a", pattern(10));
  const files = [await here.open("/a", "read"), await here.open("/a", "read")];
  await assert.rejects(elsewhere.open("/a", "read"), { code: "LOCKED" });
  for (const file of files) file.close();
  (await elsewhere.open("/a", "read")).close();
});

test("opfsIo: without move a rename is refused and nothing has the name", async () => {
  const origin = new FakeOrigin({ move: false });
  const io = workerIo(origin);
  await assert.rejects(Database.open("/a", { io }), { code: "IO_FAILED" });
  assert.equal(await io.stat("/a"), undefined);
  origin.browser = {};
  await (await Database.open("/a", { io })).close();
  origin.browser = { move: false };
  const db = await Database.open("/a", { io });
  await db.update((tx) => void tx.open(users).put("ann", { city: "Oslo" }));
  await db.close();
});

test("opfsIo: a full quota is NO_SPACE, and the size stays true", async () => {
  const origin = new FakeOrigin({ quota: 1000, transfer: 300 });
  const io = workerIo(origin);
  const file = await io.open("/a", "create");
  assert.throws(() => file.writeAt(pattern(1200), 0), { code: "NO_SPACE", offset: 900 });
  assert.equal(file.size(), 900);
  assert.throws(() => file.truncate(1001), { code: "NO_SPACE" });
  assert.equal(file.size(), 900);
  file.truncate(0);
  file.writeAt(pattern(1000), 0);
  assert.deepEqual(contentOf(file), pattern(1000));
  file.close();
});

test("opfsIo: a failure of a call is IO_FAILED; a write that moves nothing too", async () => {
  const origin = new FakeOrigin();
  const io = workerIo(origin);
  const file = await io.open("/a", "create");
  file.writeAt(pattern(10), 0);
  const calls: ["flush" | "write" | "truncate", (file: IoFile) => void][] = [
    ["flush", (file) => file.sync()],
    ["write", (file) => file.writeAt(pattern(100), 5)],
    ["truncate", (file) => file.truncate(100)],
  ];
  for (const [failing, run] of calls) {
    const cause = new DOMException("the disk is gone", "InvalidStateError");
    origin.before = (call) => {
      if (call === failing) throw cause;
    };
    assert.throws(() => run(file), { code: "IO_FAILED", name: "IoError", cause });
    assert.equal(file.size(), 10);
  }
  origin.before = () => {};
  origin.browser = { transfer: 0 };
  assert.throws(() => file.writeAt(pattern(1), 0), { code: "IO_FAILED" });
  assert.throws(() => file.readAt(new Uint8Array(5), 7), { code: "IO_FAILED", offset: 7 });
  assert.equal(file.readAt(new Uint8Array(5), 10), 0);
  file.close();
});

test("opfsIo: a failed flush poisons a database, which opens again", async () => {
  const origin = new FakeOrigin();
  const io = workerIo(origin);
  const db = await Database.open("/a", { io });
  await db.update((tx) => void tx.open(users).put("ann", { city: "Oslo" }));
  origin.before = (call) => {
    if (call === "flush") throw new DOMException("the disk is gone", "InvalidStateError");
  };
  const change = (db: Database): Promise<void> =>
    db.update((tx) => void tx.open(users).put("bob", { city: "Rome" }));
  await assert.rejects(change(db));
  await assert.rejects(change(db), { code: "POISONED" });
  origin.before = () => {};
  await db.close().catch((error) => assert.equal(error.code, "POISONED"));
  const again = await Database.open("/a", { io });
  assert.deepEqual(again.open(users).get("ann"), { city: "Oslo" });
  await assertWhole(again);
  await again.close();
});

test("opfsIo: a folder is the root of its own files, and locks are the origin's", async () => {
  const origin = new FakeOrigin();
  const context = origin.context();
  await makeFolder(context, "sub");
  const sub = await (await context.storage.getDirectory()).getDirectoryHandle("sub");
  const [below, top] = [opfsIo(sub, context), workerIo(origin)];
  await put(below, "/a", pattern(10));
  await put(below, "/../b/../c", pattern(10));
  assert.deepEqual(await top.list("sub"), ["a", "c"]);
  const lock = await below.tryLock("/x/../a");
  assert.equal(lock?.path, "/a");
  assert.equal(await top.tryLock("/sub/a"), undefined);
  const other = await top.tryLock("/a");
  assert.ok(other, "another file");
  other.release();
  lock?.release();
  const again = await top.tryLock("/sub/a");
  assert.ok(again);
  again.release();
  const foreign = await new FakeOrigin().context().storage.getDirectory();
  await assert.rejects(opfsIo(foreign, context).list("/"), TypeError);
});

test("opfsIo: what is in the way of a name is told by code", async () => {
  const context = new FakeOrigin().context();
  const io = opfsIo(undefined, context);
  await makeFolder(context, "folder");
  await put(io, "/a", pattern(10));
  await assert.rejects(io.open("/a/b", "create"), { code: "IO_NOT_FOUND" });
  assert.equal(await io.stat("/a/b"), undefined);
  await io.remove("/a/b");
  for (const path of ["/", "/folder"]) {
    await assert.rejects(io.stat(path), { code: "IO_ACCESS" });
    await assert.rejects(io.remove(path), { code: "IO_ACCESS" });
    await assert.rejects(io.rename("/a", path), { code: "IO_ACCESS" });
  }
  await assert.rejects(io.open("/folder", "create-new"), { code: "IO_EXISTS" });
  await assert.rejects(io.open("/back\\slash", "create"), TypeError);
  assert.deepEqual(await io.list("/"), ["a", "folder"]);
});

test("opfsIo: outside a dedicated worker files do not open", async () => {
  const io = workerIo(new FakeOrigin({ worker: false }));
  await assert.rejects(io.open("/a", "create"), { code: "IO_FAILED" });
});

test("opfsIo: needs a browser's storage and its locks", () => {
  const { storage, locks } = new FakeOrigin().context();
  assert.throws(() => opfsIo(undefined, { storage: {} } as unknown as OpfsOptions), TypeError);
  assert.throws(
    () => opfsIo(undefined, { storage, locks: {} } as unknown as OpfsOptions),
    TypeError,
  );
  assert.equal(opfsIo(undefined, { storage, locks }).capabilities.durable, false);
});

test("opfsIo: storage that is blocked is IO_ACCESS, and asked again", async () => {
  const { storage, locks } = new FakeOrigin().context();
  let blocked = true;
  const io = opfsIo(undefined, {
    locks,
    storage: {
      getDirectory: async () => {
        if (blocked) throw new DOMException("blocked", "SecurityError");
        return await storage.getDirectory();
      },
    },
  });
  await assert.rejects(io.list("/"), { code: "IO_ACCESS" });
  blocked = false;
  assert.deepEqual(await io.list("/"), []);
});

test("opfsIo: locks that the browser refuses are an error, not a busy store", async () => {
  const { storage } = new FakeOrigin().context();
  const refusal = new DOMException("opaque origin", "SecurityError");
  const io = opfsIo(undefined, { storage, locks: { request: () => Promise.reject(refusal) } });
  await assert.rejects(io.tryLock("/a"), { code: "IO_ACCESS", cause: refusal });
});

test("opfsError: the code of every name that a browser gives", () => {
  const cases = [
    ["QuotaExceededError", "NO_SPACE"],
    ["NotFoundError", "IO_NOT_FOUND"],
    ["TypeMismatchError", "IO_ACCESS"],
    ["InvalidModificationError", "IO_ACCESS"],
    ["NotAllowedError", "IO_ACCESS"],
    ["SecurityError", "IO_ACCESS"],
    ["NoModificationAllowedError", "LOCKED"],
    ["InvalidStateError", "IO_FAILED"],
    ["UnknownError", "IO_FAILED"],
  ] as const;
  for (const [name, code] of cases) {
    const cause = new DOMException("text", name);
    const error = opfsError("write", "/a", cause, 7) as StateError;
    assert.deepEqual([error.code, error.path, error.offset], [code, "/a", 7], name);
    assert.equal(error.cause, cause);
  }
  const ours = new StateError("CLOSED", "text");
  assert.equal(opfsError("write", "/a", ours), ours);
  const argument = new TypeError("text");
  assert.equal(opfsError("open", "/a", argument), argument);
  const named = Object.assign(new Error("text"), { name: "NotFoundError" });
  assert.equal((opfsError("open", "/a", named) as StateError).code, "IO_FAILED");
});
