import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { codec, Database, index, recordLog } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";
import { ROOT } from "../tools/repository.ts";
import { holdfast, holdfastWords, RUNTIME } from "./run_holdfast.ts";

const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
const audit = recordLog("audit");

async function build(path: string): Promise<void> {
  const db = await Database.open(path);
  await db.update((tx) => {
    for (let n = 0; n < 300; n++) tx.open(users).put(`user ${n}`, { city: `city ${n % 7}` });
    tx.open(audit).append(new TextEncoder().encode("hello"));
  });
  await db.close();
}

/** Changes one byte in every page from the first behind the logs on. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 2 * 4096 + 2 * 262_144 + 100; at < bytes.length; at += 4096) bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

test("check, stats: exit code 2 for a wrong command line, 1 for a file that is not there", async () => {
  await withFolder(async (folder) => {
    for (const command of ["check", "stats"]) {
      for (const words of [[], ["a", "b"], ["a", "--nonsense"]]) {
        const wrong = await holdfast(command, ...words);
        assert.equal(wrong.code, 2, wrong.output);
        assert.equal(wrong.stdout, "");
      }
      const missing = await holdfast(command, join(folder, "missing.hold"));
      assert.equal(missing.code, 1);
      assert.match(missing.output, /NOT_FOUND/);
      assert.deepEqual(readdirSync(folder), []);
    }
  });
});

test("check: a whole file is exit code 0, a damaged one 1, with --json a document", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const whole = await holdfast("check", path);
    assert.equal(whole.code, 0, whole.output);
    assert.match(whole.stdout, /whole/);
    const { stdout } = await holdfast("check", path, "--json");
    const report = JSON.parse(stdout) as { ok: boolean; entries: number; problems: unknown[] };
    assert.equal(report.ok, true);
    assert.ok(report.entries >= 301);
    assert.deepEqual(report.problems, []);
    damage(path);
    const damaged = await holdfast("check", path);
    assert.equal(damaged.code, 1, damaged.output);
    assert.match(damaged.stdout, /CORRUPT_/);
    const json = await holdfast("check", path, "--json");
    assert.equal(json.code, 1);
    const found = JSON.parse(json.stdout) as { ok: boolean; problems: { code: string }[] };
    assert.equal(found.ok, false);
    assert.match(found.problems[0]!.code, /^CORRUPT_/);
  });
});

test("stats: sizes and structures, as text and as --json", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const text = await holdfast("stats", path);
    assert.equal(text.code, 0, text.output);
    assert.match(text.stdout, /liveBytes +\d+/);
    assert.match(text.stdout, /"users" +index +replace\(string,json\) +300/);
    const fill = await holdfast("stats", path, "--fill");
    assert.match(fill.stdout, /"users" +index .* \d+ %$/m);
    const { stdout } = await holdfast("stats", path, "--json");
    const { stats, structures } = JSON.parse(stdout) as {
      stats: { fileBytes: number };
      structures: { name: string; entries: number }[];
    };
    assert.equal(stats.fileBytes, readFileSync(path).length);
    assert.deepEqual(structures.map(({ name, entries }) => [name, entries]), [
      ["audit", 1],
      ["users", 300],
    ]);
  });
});

test("check, stats, export, backup: nothing is written to the file, not even after a crash", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    const source = await Database.open(path);
    await source.update((tx) => tx.open(users).put("ann", { city: "Oslo" }));
    const crashed = join(folder, "crashed.hold");
    writeFileSync(crashed, readFileSync(path));
    await source.close();
    for (const file of [path, crashed]) {
      const before = readFileSync(file);
      const target = join(folder, `backup of ${file === path ? "data" : "crashed"}.hold`);
      for (const words of [["check"], ["stats"], ["export"]]) {
        const { code, output } = await holdfast(...words, file);
        assert.equal(code, 0, output);
      }
      const { code, output, stdout } = await holdfast("backup", file, target, "--json");
      assert.equal(code, 0, output);
      const report = JSON.parse(stdout) as { target: string; bytes: number };
      assert.deepEqual([report.target, report.bytes], [target, readFileSync(target).length]);
      assert.deepEqual(readFileSync(file), before);
      const copy = await Database.open(target, { create: false });
      assert.deepEqual(copy.open(users).get("ann"), { city: "Oslo" });
      await copy.close();
      const again = await holdfast("backup", file, target);
      assert.equal(again.code, 1);
      assert.match(again.output, /ALREADY_EXISTS/);
    }
    assert.equal((await holdfast("backup", path)).code, 2);
  });
});

test("repair: a new file of what verifies, exit code 3 when something is missing", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const whole = await holdfast("repair", path, join(folder, "whole.hold"), "--json");
    assert.equal(whole.code, 0, whole.output);
    assert.equal((JSON.parse(whole.stdout) as { entries: number }).entries, 301);
    const again = await holdfast("repair", path, join(folder, "whole.hold"));
    assert.equal(again.code, 1);
    assert.match(again.output, /ALREADY_EXISTS/);
    const bytes = readFileSync(path);
    const at = bytes.lastIndexOf("city 5");
    writeFileSync(path, bytes.fill(0, at, at + 6));
    const target = join(folder, "repaired.hold");
    const partly = await holdfast("repair", path, target);
    assert.equal(partly.code, 3, partly.output);
    assert.match(partly.stdout, /CORRUPT_PAGE/);
    assert.match(partly.stdout, /index "users": \d+ entries, \d+ are missing/);
    assert.equal((await holdfast("check", target)).code, 0);
    assert.equal((await holdfast("repair", path)).code, 2);
    const missing = await holdfast("repair", join(folder, "none.hold"), join(folder, "x.hold"));
    assert.equal(missing.code, 1);
  });
});

test("backup: SIGINT ends it with exit code 130", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const words = ["backup", path, "-", "--bytes-per-second", "20000"];
    const child = spawn(RUNTIME.path, holdfastWords(...words), {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    let bytes = 0;
    child.stdout.on("data", (chunk: Uint8Array) => {
      // Deno's `child.kill` would hide the exit code.
      if (bytes === 0) process.kill(child.pid!, "SIGINT");
      bytes += chunk.length;
    });
    assert.equal(await ended, 130);
    assert.ok(bytes > 0 && bytes < readFileSync(path).length, `${bytes} bytes`);
  });
});
