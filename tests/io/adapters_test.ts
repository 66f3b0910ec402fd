import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { bunIo } from "../../adapters/bun.ts";
import { denoIo } from "../../adapters/deno.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { nodeIo } from "../../adapters/node.ts";
import { ioError, isInterrupted } from "../../adapters/node/node_errors.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { StateError } from "../../src/errors.ts";
import { ioContract } from "./contract.ts";
import { RUNNING, runningIo } from "./running_io.ts";

const top = mkdtempSync(join(tmpdir(), "holdfast-io-"));
after(() => rmSync(top, { recursive: true, force: true }));

const makeFolder = (): string => mkdtempSync(join(top, "case-"));
const noFolders = "every folder exists there";

ioContract("memoryIo", memoryIo, () => "/folder", {
  "open: a missing folder is IO_NOT_FOUND": noFolders,
  "open: a folder is IO_ACCESS": noFolders,
});

ioContract("SimulatedDisk", () => new SimulatedDisk({ seed: 1 }).io, () => "/folder", {
  "open: a missing folder is IO_NOT_FOUND": noFolders,
  "open: a folder is IO_ACCESS": noFolders,
});

// Under one name, so that all runtimes count the same tests.
ioContract("the running runtime's adapter", runningIo, makeFolder);

test("adapters: each entry point loads everywhere and names itself", () => {
  assert.deepEqual([denoIo().name, bunIo().name, nodeIo().name], ["deno", "bun", "node"]);
});

test("memoryIo: each object is a disk of its own", async () => {
  const [one, two] = [memoryIo(), memoryIo()];
  (await one.open("a", "create")).close();
  assert.deepEqual(await one.list("."), ["a"]);
  assert.deepEqual(await two.list("."), []);
  assert.ok(await one.tryLock("a"));
  assert.ok(await two.tryLock("a"));
});

test("memoryIo: one file has one name, however it is spelled", async () => {
  const io = memoryIo();
  (await io.open("/x/./y//../a", "create")).close();
  assert.ok(await io.stat("/x/a"));
  assert.deepEqual(await io.list("/"), ["x"]);
  assert.deepEqual(await io.list("/x/"), ["a"]);
});

test("open: a created file has mode 0600", async (t) => {
  if (process.platform === "win32") return t.skip("Windows has no modes");
  const folder = makeFolder();
  const io = await runningIo();
  for (const mode of ["create", "create-new"] as const) {
    (await io.open(join(folder, mode), mode)).close();
    assert.equal(statSync(join(folder, mode)).mode & 0o777, 0o600, mode);
  }
});

test("open: what is no regular file is IO_ACCESS", async (t) => {
  if (process.platform === "win32") return t.skip("Windows has no device files");
  const io = await runningIo();
  await assert.rejects(io.open("/dev/null", "read"), { code: "IO_ACCESS" });
  await assert.rejects(io.open("/dev/null", "write"), { code: "IO_ACCESS" });
});

test("open: a refused permission is IO_ACCESS", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may open everything");
  const path = join(makeFolder(), "a");
  writeFileSync(path, "");
  chmodSync(path, 0o400);
  const io = await runningIo();
  await assert.rejects(io.open(path, "write"), { code: "IO_ACCESS", path });
});

test("open: a file where a folder should be is IO_NOT_FOUND, and stat undefined", async () => {
  const path = join(makeFolder(), "a");
  writeFileSync(path, "");
  const io = await runningIo();
  await assert.rejects(io.open(join(path, "b"), "create"), { code: "IO_NOT_FOUND" });
  assert.equal(await io.stat(join(path, "b")), undefined);
  await io.remove(join(path, "b"));
});

test("stat: counts hard links", async () => {
  const path = join(makeFolder(), "a");
  writeFileSync(path, "abc");
  linkSync(path, `${path}2`);
  assert.deepEqual(await (await runningIo()).stat(path), { size: 3, links: 2 });
});

test("rename: does not replace a symbolic link", async () => {
  const folder = makeFolder();
  const [target, link, fresh] = [join(folder, "t"), join(folder, "l"), join(folder, "n")];
  for (const path of [target, fresh]) writeFileSync(path, "");
  symlinkSync(target, link);
  await assert.rejects((await runningIo()).rename(fresh, link), { code: "IO_ACCESS" });
});

test("remove: refuses a folder, an empty one too", async () => {
  const folder = join(makeFolder(), "empty");
  mkdirSync(folder);
  await assert.rejects((await runningIo()).remove(folder), { code: "IO_ACCESS" });
  assert.ok(statSync(folder).isDirectory());
});

test("open: closes its descriptor whenever it fails", async (t) => {
  if (process.platform !== "linux") return t.skip("counts descriptors in /proc");
  const io = await runningIo();
  const folder = makeFolder();
  const open = async (): Promise<number> => (await io.list("/proc/self/fd")).length;
  await assert.rejects(io.open(folder, "read"), { code: "IO_ACCESS" });
  const before = await open();
  for (let round = 0; round < 50; round++) {
    await assert.rejects(io.open(folder, "read"), { code: "IO_ACCESS" });
    const file = await io.open(join(folder, "a"), "create");
    const pending = file.syncAsync();
    file.close();
    await pending;
    await io.syncDirectory(join(folder, "a"));
    const lock = await io.tryLock(join(folder, "a"));
    assert.equal(await io.tryLock(join(folder, "a")), undefined);
    lock?.release();
  }
  assert.ok(await open() <= before + 2, `${before} descriptors, then ${await open()}`);
});

test("ioError: the portable code of every shape a runtime throws", () => {
  const shape = (properties: object): Error => Object.assign(new Error("text"), properties);
  const cases: [unknown, string][] = [
    [shape({ code: "ENOSPC", errno: -28 }), "NO_SPACE"],
    [shape({ code: "ENOSPC" }), "NO_SPACE"],
    [shape({ code: "UNKNOWN", errno: -122 }), "NO_SPACE"], // EDQUOT on Node
    [shape({ code: "EDQUOT", errno: -122 }), "NO_SPACE"], // on Bun
    [new Error("Disk quota exceeded (os error 122)"), "NO_SPACE"], // on Deno
    [new Error("File too large (os error 27)"), "IO_FAILED"],
    [shape({ code: "EACCES", errno: -13 }), "IO_ACCESS"],
    [shape({ code: "EPERM", errno: -1 }), "IO_ACCESS"],
    [shape({ code: "EROFS" }), "IO_ACCESS"],
    [shape({ code: "EISDIR", errno: -21 }), "IO_ACCESS"],
    [shape({ name: "NotCapable" }), "IO_ACCESS"],
    [shape({ code: "ENOENT", errno: -2 }), "IO_NOT_FOUND"],
    [shape({ code: "ENOTDIR", errno: -20 }), "IO_NOT_FOUND"],
    [shape({ code: "EEXIST", errno: -17 }), "IO_EXISTS"],
    [shape({ code: "EMFILE", errno: -24 }), "IO_TOO_MANY_FILES"],
    [shape({ code: "ENFILE", errno: -23 }), "IO_TOO_MANY_FILES"],
    [shape({ code: "EIO", errno: -5 }), "IO_FAILED"],
    [shape({ code: "toString" }), "IO_FAILED"],
    [new Error("no number"), "IO_FAILED"],
    [undefined, "IO_FAILED"],
  ];
  for (const [cause, code] of cases) {
    const error = ioError("write", "/a", cause, 7);
    assert.deepEqual([(error as StateError).code, error.name], [code, "IoError"], String(cause));
    assert.equal(error.cause, cause);
  }
  const ours = new StateError("CLOSED", "text");
  assert.equal(ioError("write", "/a", ours), ours);
});

test("isInterrupted: knows EINTR in every shape, and nothing else", () => {
  const shape = (properties: object): Error => Object.assign(new Error("text"), properties);
  assert.ok(isInterrupted(shape({ code: "EINTR", errno: -4 })));
  assert.ok(isInterrupted(shape({ name: "Interrupted" })));
  assert.ok(isInterrupted(new Error("Interrupted system call (os error 4)")));
  assert.ok(!isInterrupted(shape({ code: "EIO", errno: -5 })));
  assert.ok(!isInterrupted(new Error("text")));
  assert.ok(!isInterrupted(null));
});

test("the running runtime's adapter: says what it guarantees", async () => {
  const { capabilities } = await runningIo();
  assert.equal(capabilities.lock, "kernel");
  assert.equal(capabilities.asyncSync, true);
  assert.equal(capabilities.durable, RUNNING !== "bun" || process.platform !== "darwin");
});
