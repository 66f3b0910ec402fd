import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codec, Database, index, segment } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";
import { holdfast } from "./run_holdfast.ts";

const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
const notes = segment("notes");

async function build(path: string): Promise<void> {
  const db = await Database.open(path);
  await db.update((tx) => {
    for (let n = 0; n < 2000; n++) tx.open(users).put(`user ${n}`, { city: "x".repeat(200) });
    tx.open(notes).insert(new Uint8Array(100_000));
  });
  await db.close();
}

test("export, import: both formats make the file again", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    for (const format of ["jsonl", "binary"]) {
      const output = join(folder, `export.${format}`);
      const flags = ["--format", format, "--output", output, "--json"];
      const done = await holdfast("export", path, ...flags);
      assert.equal(done.code, 0, done.output);
      const report = JSON.parse(done.stdout) as Record<string, unknown>;
      assert.deepEqual(report, {
        file: path,
        output,
        format,
        structures: 2,
        entries: 2001,
        bytes: readFileSync(output).length,
      });
      const copy = join(folder, `copy-${format}.hold`);
      const taken = await holdfast("import", copy, "--input", output, "--json");
      assert.equal(taken.code, 0, taken.output);
      assert.equal((JSON.parse(taken.stdout) as { entries: number }).entries, 2001);
      const db = await Database.open(copy, { create: false });
      assert.equal(db.open(users).count(), 2000);
      assert.equal([...db.open(notes).scan()][0]?.bytes.length, 100_000);
      await db.close();
    }
  });
});

test("export: without --output all goes to standard output", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await build(path);
    const { code, stdout } = await holdfast("export", path);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 1 + 2 + 2001 + 1);
    assert.match(lines.at(-1)!, /^\{"end":true,"structures":2,"entries":2001,/);
  });
});

test("export, import: failures are exit code 1 and leave no file, a wrong line is 2", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    const output = join(folder, "export.jsonl");
    const copy = join(folder, "copy.hold");
    for (
      const words of [
        ["export"],
        ["export", path, "--format", "xml"],
        ["export", path, "--json"],
        ["import", path],
        ["import", "--input", "-"],
      ]
    ) assert.equal((await holdfast(...words)).code, 2, words.join(" "));
    assert.equal((await holdfast("export", path, "--output", output)).code, 1);
    assert.ok(!existsSync(output) && !existsSync(path));
    const missing = await holdfast("import", copy, "--input", output);
    assert.equal(missing.code, 1);
    assert.match(missing.output, /NOT_FOUND/);
    assert.ok(!existsSync(copy));
    await build(path);
    assert.equal((await holdfast("export", path, "--output", output)).code, 0);
    const again = await holdfast("export", path, "--output", output);
    assert.equal(again.code, 1);
    assert.match(again.output, /ALREADY_EXISTS/);
    const taken = await holdfast("import", path, "--input", output);
    assert.equal(taken.code, 1);
    assert.match(taken.output, /ALREADY_EXISTS/);
    writeFileSync(output, readFileSync(output).subarray(0, -200));
    const cut = await holdfast("import", copy, "--input", output);
    assert.equal(cut.code, 1);
    assert.match(cut.output, /CORRUPT_EXPORT/);
    assert.ok(!existsSync(copy));
  });
});
