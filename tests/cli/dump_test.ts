import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { codec, Database, index, type IoAdapter, recordLog, segment } from "../../mod.ts";
import { crc32 } from "../../src/base/checksum.ts";
import {
  type DumpLine,
  entryLines,
  logLines,
  overviewLines,
  pageLines,
} from "../../src/cli/dump_lines.ts";
import { PAGE_BYTES } from "../../src/kernel/limits.ts";
import { StoreInspector } from "../../src/kernel/inspect/store_inspector.ts";
import { Generator } from "../base/generator.ts";
import { withFolder } from "../kernel/checked.ts";
import { holdfast } from "./run_holdfast.ts";
import { readBytes } from "../kernel/file_bytes.ts";

const users = index("users", { key: codec.string, value: codec.json<{ city: string }>() });
const blobs = index("blobs", { key: codec.u8, value: codec.bytes });
const PATH = "/dump.hold";

/** A store with trees of several levels and values of their own pages, and records in its log. */
async function fill(path: string, io?: IoAdapter): Promise<Database> {
  const db = await Database.open(path, io === undefined ? {} : { io });
  await db.update((tx) => {
    for (let n = 0; n < 600; n++) tx.open(users).put(`user ${n}`, { city: "x".repeat(n % 90) });
    tx.open(blobs).put(1, new Uint8Array(9000).fill(7));
    tx.open(segment("notes")).insert(new Uint8Array(3));
  });
  await db.checkpoint();
  await db.update((tx) => tx.open(recordLog("log")).append(new Uint8Array(5)));
  await db.update((tx) => {
    tx.open(users).remove("user 1");
    tx.open(blobs).put(2, new Uint8Array(70_000));
  });
  return db;
}

async function inspect<T>(image: Uint8Array, body: (inspector: StoreInspector) => T): Promise<T> {
  const io = memoryIo();
  const file = await io.open(PATH, "create");
  file.writeAt(image, 0);
  file.close();
  const inspector = await StoreInspector.open(io, PATH);
  const result = body(inspector);
  inspector.close();
  return result;
}

function ofType(lines: Iterable<DumpLine>, type: string): DumpLine[] {
  return [...lines].filter((line) => line.type === type);
}

test("dump: superblocks, batches, structures, entries, pages and records of a crashed file", async () => {
  const io = memoryIo();
  const db = await fill(PATH, io);
  const image = await readBytes(io, PATH);
  await db.close();
  await inspect(image, (inspector) => {
    const overview = [...overviewLines(inspector)];
    assert.deepEqual(ofType(overview, "problem"), []);
    const slots = ofType(overview, "superblock");
    assert.deepEqual(slots.map(({ state }) => state), ["valid", "valid", "valid"]);
    assert.equal(slots.filter(({ used }) => used).length, 1);
    const structures = ofType(overview, "structure").map(({ name, entries }) => [name, entries]);
    assert.deepEqual(structures.sort(), [["blobs", 1], ["notes", 1], ["users", 600]]);
    const batches = ofType(overview, "batch");
    assert.deepEqual(batches.map(({ inOrder }) => inOrder), [true, true]);
    const log = [...logLines(inspector, true)];
    assert.equal(ofType(log, "record").length, 2);
    const [removed] = ofType(log, "remove");
    assert.equal(removed?.["key"], "75736572" + "2031");
    assert.equal(ofType(log, "put-reference")[0]?.["valueBytes"], 70_000);
    const entries = [...entryLines(inspector, "users", false)];
    assert.equal(ofType(entries, "entry").length, 600);
    assert.deepEqual(entries[1], { type: "entry", key: "user 0", value: { city: "" } });
    const [, raw] = [...entryLines(inspector, "blobs", true)];
    assert.deepEqual(raw, { type: "entry", hexKey: "01", hexValue: "07".repeat(9000) });
    assert.throws(() => [...entryLines(inspector, "none", false)], { code: "NOT_FOUND" });
    const kinds = new Set<unknown>();
    for (let page = 0; page < image.length / PAGE_BYTES; page++) {
      const lines = [...pageLines(inspector, page)];
      kinds.add(lines.find(({ type }) => type === "page")?.["level"]);
      if (lines.some(({ type }) => type === "slot" && lines[0]?.type === "page")) {
        assert.equal(lines.length - 1, lines[0]?.["slots"]);
      }
    }
    assert.ok(kinds.has(0) && kinds.has(1));
  });
});

test("dump --log: what is defined, dropped, prepared and decided, with what is in doubt", async () => {
  const io = memoryIo();
  const db = await Database.open(PATH, { io });
  await db.update((tx) => tx.open(users).put("ann", { city: "Oslo" }));
  const number = db.structures()[0]!.number;
  const large = new Uint8Array(12_000).fill(3);
  for (const [name, decision] of [["a", "commit"], ["b", "rollback"], ["c", "keep"]] as const) {
    const tx = db.begin({ transactionId: new TextEncoder().encode(name) });
    tx.open(users).put(name, { city: name });
    // Two of these are more than a log record holds of a value.
    if (decision === "keep") { for (const at of [7, 8]) tx.open(blobs).put(at, large); }
    const prepared = await tx.prepare();
    if (decision !== "keep") await prepared[decision]();
  }
  await db.update((tx) => {
    tx.open(segment("notes")).insert(new Uint8Array(3));
    tx.drop(segment("notes"));
  });
  await db.update((tx) => tx.open(recordLog("old")).append(new Uint8Array(5)));
  await db.update((tx) => tx.drop(recordLog("old")));
  const crashed = await readBytes(io, PATH);
  await inspect(crashed, (inspector) => {
    const log = [...logLines(inspector, true)];
    assert.deepEqual(ofType(log, "problem"), []);
    const said = log.filter(({ means }) => means !== undefined);
    const told = said.map(({ means, name, transactionId }) => [means, name ?? transactionId]);
    assert.deepEqual(told.slice(0, 6), [
      ["define", "users"],
      ["prepare", "61"],
      ["commit", "61"],
      ["prepare", "62"],
      ["rollback", "62"],
      ["prepare", "63"],
    ]);
    assert.deepEqual(told.slice(-3), [["define", "old"], ["undefine", "old"], ["drop", undefined]]);
    assert.equal(said[0]?.["number"], number);
    assert.equal(said[0]?.["format"], "replace(string,json)");
    const old = said.find(({ means, name }) => means === "define" && name === "old");
    assert.equal(said.at(-1)?.["number"], old?.["number"]);
    assert.equal(said[5]?.type, "put-reference");
    const held = ofType(log, "prepared").filter(({ transactionId }) => transactionId === "63");
    const isUser = ({ tree }: DumpLine): boolean => tree === number;
    assert.deepEqual(held.filter(isUser).map(({ operation, key }) => [operation, key]), [
      ["put", "63"],
    ]);
    assert.equal(held.filter(({ value }) => value === "03".repeat(12_000)).length, 2);
  });
  await db.checkpoint();
  const folded = await readBytes(io, PATH);
  await db.close();
  await inspect(folded, (inspector) => {
    const waiting = ofType(overviewLines(inspector), "in-doubt");
    assert.deepEqual(waiting, [{ type: "in-doubt", transactionId: "63" }]);
  });
});

test("dump: a damaged page costs its own entries only", async () => {
  const io = memoryIo();
  const db = await fill(PATH, io);
  await db.checkpoint();
  const image = await readBytes(io, PATH);
  await db.close();
  const leaf = await inspect(image, (inspector) => {
    for (const tree of inspector.trees()) {
      if ("problem" in tree || tree.structure?.name !== "users") continue;
      const slots = ofType(pageLines(inspector, tree.root.page), "slot");
      return Number(slots[1]?.["child"]);
    }
    return assert.fail("no such structure");
  });
  image.fill(0xff, leaf * PAGE_BYTES + 16, leaf * PAGE_BYTES + 600);
  await inspect(image, (inspector) => {
    const lines = [...entryLines(inspector, "users", false)];
    assert.ok(ofType(lines, "problem").some(({ page }) => page === leaf));
    const left = ofType(lines, "entry").length;
    assert.ok(left > 400 && left < 600, `${left} entries`);
  });
});

test("dump: whatever the bytes are, it ends and does not throw", async () => {
  const io = memoryIo();
  const db = await fill(PATH, io);
  const crashed = await readBytes(io, PATH);
  await db.close();
  const clean = await readBytes(io, PATH);
  const random = new Generator(11);
  for (let round = 0; round < 30; round++) {
    const image = (round % 2 === 0 ? crashed : clean).slice();
    for (let flips = 1 + random.below(20); flips > 0; flips--) {
      // Pages with data, superblocks and log headers are hit most; some keep right checksums.
      const page = random.pick([0, 1, 2, 66, 2 + 2 * 64 + random.below(30)]);
      const at = page * PAGE_BYTES + random.below(random.pick([40, 160, PAGE_BYTES]));
      if (at >= image.length) continue;
      image[at] = random.pick([0, 1, 255, random.below(256)]);
      if (random.below(2) === 0) mend(image, page);
    }
    const length = random.below(4) === 0 ? random.below(image.length) : image.length;
    await inspect(image.subarray(0, length), (inspector) => {
      let lines = 0;
      for (const _ of overviewLines(inspector)) lines++;
      for (const _ of logLines(inspector, true)) lines++;
      for (let page = 128; page < 160; page++) for (const _ of pageLines(inspector, page)) lines++;
      for (const tree of inspector.trees()) {
        if ("problem" in tree || tree.structure === undefined) continue;
        for (const _ of entryLines(inspector, tree.structure.name, false)) lines++;
      }
      assert.ok(lines < 20_000, `${lines} lines`);
    });
  }
  for (const image of [new Uint8Array(0), new Uint8Array(9000), random.bytes(9000)]) {
    await inspect(image, (inspector) => {
      assert.ok(ofType(overviewLines(inspector), "problem").length > 0);
    });
  }
});

/** Gives a page the checksum of its bytes: as a superblock slot or as a tree page. */
function mend(image: Uint8Array, page: number): void {
  const base = page * PAGE_BYTES;
  const view = new DataView(image.buffer, base, PAGE_BYTES);
  if (page < 3) {
    const end = 32 + view.getUint32(20, true);
    if (end <= PAGE_BYTES) view.setUint32(16, crc32(image, base + 20, base + end), true);
  } else {
    view.setUint32(0, crc32(image, base + 4, base + PAGE_BYTES), true);
  }
}

test("holdfast dump: text, JSON lines, exit codes; the file stays as it is", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "data.hold");
    await (await fill(path)).close();
    const before = readFileSync(path);
    const text = await holdfast("dump", path);
    assert.equal(text.code, 0, text.output);
    assert.match(text.stdout, /^structure name="users" kind="index" .* entries=599 /m);
    const json = await holdfast("dump", path, "--structure", "users", "--json");
    assert.equal(json.code, 0);
    const lines = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as DumpLine);
    assert.equal(lines.length, 600);
    assert.deepEqual(readFileSync(path), before);
    for (const words of [["--page", "x"], ["--page", "1", "--log"], ["--raw"], ["b"]]) {
      assert.equal((await holdfast("dump", path, ...words)).code, 2, words.join(" "));
    }
    assert.equal((await holdfast("dump", path, "--structure", "none")).code, 1);
    const missing = await holdfast("dump", join(folder, "missing.hold"));
    assert.equal(missing.code, 1);
    assert.match(missing.output, /NOT_FOUND/);
    writeFileSync(path, before.subarray(0, before.length - 3 * PAGE_BYTES).fill(9, 0, 20));
    const damaged = await holdfast("dump", path);
    assert.equal(damaged.code, 1, damaged.output);
    assert.match(damaged.stdout, /problem/);
  });
});
