import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { loadSqlite, takeSqliteLock } from "../../adapters/node/sqlite_lock.ts";
import type { IoLock, IoLockMode } from "../../src/io/adapter.ts";
import { RUNNING, runningIo } from "./running_io.ts";

const top = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-lock-")));
const children = new Set<ChildProcess>();

after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(top, { recursive: true, force: true });
});

const HOLDER = fileURLToPath(new URL("./lock_holder.ts", import.meta.url));
const makeFolder = (): string => mkdtempSync(join(top, "case-"));

interface Holder {
  readonly answer: string;
  readonly errors: () => string;
  /** Ends the process and waits until it is gone. */
  readonly end: (how: "SIGKILL" | "end of input") => Promise<void>;
}

/** Starts the holder program and waits for its answer. */
async function startHolder(program: string, path: string, mode?: IoLockMode): Promise<Holder> {
  const isDeno = /deno[^/\\]*$/.test(program);
  const args = isDeno ? ["run", "-A", "--no-check", HOLDER, path] : [HOLDER, path];
  if (mode !== undefined) args.push(mode);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  children.add(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
  const gone = once(child, "close");
  const line = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([line, gone.then(() => undefined)]);
  assert.ok(first, `the holder ended without an answer: ${errors}`);
  return {
    answer: String(first[0]),
    errors: () => errors,
    end: async (how) => {
      if (how === "SIGKILL") child.kill("SIGKILL");
      else child.stdin.end();
      await gone;
      children.delete(child);
    },
  };
}

async function mustLock(path: string, mode?: IoLockMode): Promise<IoLock> {
  const lock = await (await runningIo()).tryLock(path, mode);
  assert.ok(lock, "the lock should be free");
  return lock;
}

const isLocked = async (path: string): Promise<boolean> => {
  const lock = await (await runningIo()).tryLock(path);
  lock?.release();
  return lock === undefined;
};

for (const other of ["deno", "bun", "node"] as const) {
  const program = process.env[`${other.toUpperCase()}_BIN`] ??
    (other === RUNNING ? process.execPath : undefined);
  const skip = program === undefined ? `${other.toUpperCase()}_BIN names no program` : false;

  for (const hasData of [false, true]) {
    const state = hasData ? "an existing store" : "a new store";

    test(`tryLock: a process of ${other} is refused ${state} until release`, { skip }, async () => {
      const path = join(makeFolder(), "store");
      if (hasData) writeFileSync(path, "data");
      const lock = await mustLock(path);
      const refused = await startHolder(program!, path);
      assert.equal(refused.answer, "refused");
      await refused.end("end of input");
      assert.ok(await isLocked(path), "the one who was refused freed nothing");
      lock.release();
      const holder = await startHolder(program!, path);
      assert.equal(holder.answer, "held");
      assert.ok(await isLocked(path));
      await holder.end("end of input");
      (await mustLock(path)).release();
      assert.equal(holder.errors(), "", "nothing is printed to people");
    });
  }

  test(`tryLock: readers here and in ${other} share, and keep owners out`, { skip }, async () => {
    const path = join(makeFolder(), "store");
    writeFileSync(path, "data");
    const owner = await mustLock(path);
    const early = await startHolder(program!, path, "shared");
    assert.equal(early.answer, "refused", "beside an owner");
    await early.end("end of input");
    owner.release();
    const here = await mustLock(path, "shared");
    const there = await startHolder(program!, path, "shared");
    assert.equal(there.answer, "held");
    assert.ok(await isLocked(path));
    here.release();
    assert.ok(await isLocked(path), "the other process still reads");
    const again = await mustLock(path, "shared");
    await there.end("SIGKILL");
    const refused = await startHolder(program!, path);
    assert.equal(refused.answer, "refused", "this process still reads");
    await refused.end("end of input");
    again.release();
    (await mustLock(path)).release();
    assert.equal(there.errors(), "", "nothing is printed to people");
    assert.equal(statSync(`${path}.lock`).size, 0, "nothing was ever written to it");
  });

  test(`tryLock: killing an owner of ${other} frees its store at once`, { skip }, async () => {
    const path = join(makeFolder(), "store");
    writeFileSync(path, "data");
    for (let round = 0; round < 2; round++) {
      const holder = await startHolder(program!, path);
      assert.equal(holder.answer, "held");
      assert.ok(await isLocked(path));
      await holder.end("SIGKILL");
      (await mustLock(path)).release();
      assert.equal(statSync(`${path}.lock`).size, 0, "nothing was ever written to it");
    }
  });
}

test("tryLock: sees through symbolic links, of the file and of its folder", async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, "real"));
  const path = join(folder, "real", "store");
  symlinkSync(join(folder, "real"), join(folder, "linked"));
  const lock = await mustLock(path);
  assert.ok(await isLocked(join(folder, "linked", "store")), "without a data file");
  writeFileSync(path, "data");
  symlinkSync(path, join(folder, "alias"));
  assert.ok(await isLocked(join(folder, "linked", "store")));
  assert.ok(await isLocked(join(folder, "alias")));
  const refused = await startHolder(process.execPath, join(folder, "alias"));
  assert.equal(refused.answer, "refused");
  await refused.end("end of input");
  lock.release();
  const byAlias = await mustLock(join(folder, "alias"));
  assert.ok(await isLocked(path));
  byAlias.release();
  assert.deepEqual(readdirSync(folder).sort(), ["alias", "linked", "real"]);
});

test("tryLock: refuses a dangling symbolic link, whose real path is unknown", async () => {
  const folder = makeFolder();
  symlinkSync(join(folder, "none"), join(folder, "alias"));
  const io = await runningIo();
  await assert.rejects(io.tryLock(join(folder, "alias")), { code: "IO_NOT_FOUND" });
});

test("tryLock: leaves exactly one empty lock file, with mode 0600", async () => {
  const folder = makeFolder();
  const path = join(folder, "store");
  for (let round = 0; round < 3; round++) {
    const lock = await mustLock(path);
    assert.ok(await isLocked(path));
    assert.deepEqual(readdirSync(folder), ["store.lock"]);
    lock.release();
  }
  assert.deepEqual(readdirSync(folder), ["store.lock"]);
  const facts = statSync(`${path}.lock`);
  assert.deepEqual([facts.size, facts.nlink], [0, 1]);
  if (process.platform !== "win32") assert.equal(facts.mode & 0o777, 0o600);
});

test("tryLock: a foreign file in the lock's place is an error, not a busy store", async () => {
  const path = join(makeFolder(), "store");
  writeFileSync(`${path}.lock`, "something else ".repeat(400));
  const io = await runningIo();
  await assert.rejects(io.tryLock(path), { code: "IO_FAILED", path: `${path}.lock` });
  rmSync(`${path}.lock`);
  (await mustLock(path)).release();
});

test("tryLock: a lock file that may only be read is IO_ACCESS, not a shared lock", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may write everything");
  const path = join(makeFolder(), "store");
  writeFileSync(`${path}.lock`, "");
  chmodSync(`${path}.lock`, 0o400);
  await assert.rejects((await runningIo()).tryLock(path), { code: "IO_ACCESS" });
});

test("tryLock: a reader needs no permission to write the lock file", async () => {
  const path = join(makeFolder(), "store");
  writeFileSync(path, "data");
  writeFileSync(`${path}.lock`, "");
  chmodSync(`${path}.lock`, 0o400);
  const lock = await mustLock(path, "shared");
  const refused = await startHolder(process.execPath, path).catch(() => undefined);
  assert.notEqual(refused?.answer, "held");
  await refused?.end("end of input");
  lock.release();
});

test("tryLock: a reader goes on where no lock file can be made", async (t) => {
  // A folder in which not even the superuser can make a file.
  if (!existsSync("/sys/kernel")) return t.skip("there is no /sys");
  const io = await runningIo();
  await assert.rejects(io.tryLock("/sys/kernel/store"), { code: "IO_ACCESS" });
  const lock = await mustLock("/sys/kernel/store", "shared");
  (await mustLock("/sys/kernel/store", "shared")).release();
  lock.release();
});

test("tryLock: survives when the caller drops the lock object", async () => {
  const path = join(makeFolder(), "store");
  const take = async (): Promise<void> => void await mustLock(path);
  await take();
  const { gc } = globalThis as { gc?: () => void };
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  for (let round = 0; round < 5; round++) {
    Bun?.gc(true);
    gc?.();
    // Enough garbage for a collection where it cannot be asked for.
    for (let i = 0; i < 200; i++) new Uint8Array(1 << 20).fill(1);
  }
  assert.ok(await isLocked(path));
  const refused = await startHolder(process.execPath, path);
  assert.equal(refused.answer, "refused");
  await refused.end("end of input");
});

test("takeSqliteLock: a second connection of this process is refused, but readers share", () => {
  // What two copies of the package, or two workers, would meet: their registries know nothing of
  // each other.
  const path = join(makeFolder(), "store.lock");
  const take = (mode: IoLockMode) => takeSqliteLock(loadSqlite(), path, mode);
  const lock = take("exclusive");
  assert.ok(lock);
  assert.equal(take("exclusive"), undefined);
  assert.equal(take("shared"), undefined);
  lock.release();
  lock.release();
  const [one, two] = [take("shared"), take("shared")];
  assert.ok(one && two);
  one.release();
  assert.equal(take("exclusive"), undefined);
  two.release();
  const second = take("exclusive");
  assert.ok(second);
  second.release();
});

test("tryLock: a worker of this process is refused or shares, and its end frees nothing", async () => {
  const path = join(makeFolder(), "store");
  for (const mode of ["exclusive", "shared"] as const) {
    const lock = await mustLock(path, mode);
    const workerData = { path, mode };
    const worker = new Worker(new URL("./lock_worker.ts", import.meta.url), { workerData });
    const [answer] = await once(worker, "message");
    assert.equal(answer, mode === "shared" ? "held" : "refused");
    await worker.terminate();
    const refused = await startHolder(process.execPath, path);
    assert.equal(refused.answer, "refused", mode);
    await refused.end("end of input");
    lock.release();
    (await mustLock(path)).release();
  }
});

test("open: refuses the lock file of an own lock, whose closing would drop it", async () => {
  const path = join(makeFolder(), "store");
  const lock = await mustLock(path);
  const io = await runningIo();
  await assert.rejects(io.open(`${path}.lock`, "read"), { code: "IO_ACCESS" });
  await assert.rejects(io.tryLock(`${path}.lock`), { code: "IO_ACCESS" });
  lock.release();
  (await io.open(`${path}.lock`, "read")).close();
});

test("tryLock: the flock on the data file stands when the lock file is lost", async (t) => {
  if (RUNNING === "node") return t.skip("Node has no flock");
  if (process.platform === "win32") return t.skip("no flock on Windows");
  const folder = makeFolder();
  const path = join(folder, "store");
  const io = await runningIo();
  const refusedWithout = async (what: string): Promise<void> => {
    const away = join(folder, "away");
    renameSync(`${path}.lock`, away);
    const child = await startHolder(process.execPath, path);
    await child.end("end of input");
    assert.equal(child.answer, "refused", what);
    rmSync(`${path}.lock`);
    renameSync(away, `${path}.lock`);
  };
  writeFileSync(path, "data");
  let lock = await mustLock(path);
  await refusedWithout("data file from before");
  writeFileSync(`${path}.new`, "data");
  await io.rename(`${path}.new`, path);
  await refusedWithout("data file replaced");
  await io.remove(path);
  (await io.open(path, "create")).close();
  await refusedWithout("data file removed and made anew");
  lock.release();
  rmSync(path);
  lock = await mustLock(path);
  (await io.open(`${path}.new`, "create-new")).close();
  await io.rename(`${path}.new`, path);
  await refusedWithout("data file made under the lock");
  lock.release();
  lock = await mustLock(path, "shared");
  await refusedWithout("a reader's");
  lock.release();
  assert.ok(existsSync(path));
});
