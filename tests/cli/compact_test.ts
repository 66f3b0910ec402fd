import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";
import { runCommand } from "../tools/run_command.ts";
import { runWords } from "../tools/runtimes.ts";
import { holdfast, RUNTIME } from "./run_holdfast.ts";

const days = index("days", { key: codec.u32, value: codec.bytes });
const KEPT = 100;

/** A file of some megabytes of which few are in use. */
async function build(path: string): Promise<void> {
  const db = await Database.open(path);
  await db.update((tx) => {
    for (let n = 0; n < 4000; n++) tx.open(days).put(n, new Uint8Array(900).fill(n % 251));
  });
  await db.checkpoint();
  await db.update((tx) => tx.open(days).deleteRange({ lt: 4000 - KEPT }));
  await db.close();
}

async function assertKept(path: string): Promise<void> {
  const db = await Database.open(path, { readOnly: true });
  assert.deepEqual([...db.open(days).keys()], Array.from({ length: KEPT }, (_, n) => 3900 + n));
  for (const [n, bytes] of db.open(days).range()) {
    assert.deepEqual(bytes, new Uint8Array(900).fill(n % 251));
  }
  assert.equal((await db.check()).ok, true);
  await db.close();
}

test("compact: the file gets short and holds the same, as text and as --json", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const before = statSync(path).size;
    const json = await holdfast("compact", path, "--json");
    assert.equal(json.code, 0, json.output);
    const report = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.equal(report["file"], path);
    assert.equal(report["bytesBefore"], before);
    assert.equal(report["bytesAfter"], statSync(path).size);
    assert.ok(Number(report["movedPages"]) > 0);
    assert.ok(statSync(path).size < before / 3, `${statSync(path).size} of ${before} bytes`);
    await assertKept(path);
    const text = await holdfast("compact", path);
    assert.equal(text.code, 0, text.output);
    assert.match(text.stdout, /: \d+ bytes before, \d+ now\n$/);
    await assertKept(path);
  });
});

test("compact: 2 for a wrong command line, 1 for a file that is missing, foreign or in use", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    for (const words of [[], [path, "b"], [path, "--nonsense"]]) {
      assert.equal((await holdfast("compact", ...words)).code, 2, words.join(" "));
    }
    const missing = await holdfast("compact", path);
    assert.equal(missing.code, 1);
    assert.match(missing.output, /NOT_FOUND/);
    assert.deepEqual(readdirSync(folder), []);
    const db = await Database.open(path);
    const held = await holdfast("compact", path);
    await db.close();
    assert.equal(held.code, 1);
    assert.match(held.output, /LOCKED/);
    writeFileSync(path, "something else".repeat(2000));
    const foreign = await holdfast("compact", path);
    assert.equal(foreign.code, 1);
    assert.match(foreign.output, /NOT_OUR_FILE/);
    assert.equal(readFileSync(path, "utf8"), "something else".repeat(2000));
    const help = await holdfast("compact", "--help");
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Exit codes: .*130/s);
  });
});

test("compact: SIGINT ends it with exit code 130 and a whole file", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const before = readFileSync(path).length;
    const { code, output } = await runCommand(
      RUNTIME.path,
      [...runWords(RUNTIME.name, "none"), "tests/cli/interrupted_compact.ts", path],
      { timeoutMs: 60_000 },
    );
    assert.equal(code, 130, output);
    assert.match(output, /ended by SIGINT/);
    assert.ok(readFileSync(path).length <= before);
    await assertKept(path);
  });
});
