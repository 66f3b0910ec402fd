/** What is shown of damaged files: all that can still be read, and what is wrong with the rest. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../src/base/checksum.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Database } from "../../mod.ts";
import {
  type InspectProblem,
  StoreInspector,
  type TreeReport,
} from "../../src/kernel/inspect/store_inspector.ts";
import { filled, makeStore, numbers, PAGE } from "./damaged_store.ts";
import { diskWith } from "./file_bytes.ts";

const PATH = "/look.hold";

/** Two trees of many leaves. */
async function fill(db: Database): Promise<void> {
  await db.update((tx) => {
    for (const name of ["a", "b"]) {
      for (let n = 0; n < 300; n++) tx.open(numbers(name)).put(n, filled(100, n));
    }
  });
}

async function inspect(bytes: Uint8Array): Promise<StoreInspector> {
  return await StoreInspector.open(await diskWith(bytes, PATH), PATH);
}

/** The trees, the problems on the way, and the entries and problems of one of them in `present`. */
async function look(bytes: Uint8Array, wanted: number, present = bytes): Promise<{
  readonly trees: readonly TreeReport[];
  readonly problems: readonly InspectProblem[];
  readonly entries: number;
  readonly inside: readonly InspectProblem[];
}> {
  const inspector = await inspect(bytes);
  const trees: TreeReport[] = [];
  const problems: InspectProblem[] = [];
  for (const step of inspector.trees()) {
    if ("problem" in step) problems.push(step);
    else trees.push(step);
  }
  const inside: InspectProblem[] = [];
  let entries = 0;
  inspector.close();
  const reader = await inspect(present);
  for (const step of reader.entries(trees.find(({ number }) => number === wanted)!)) {
    if ("problem" in step) inside.push(step);
    else entries++;
  }
  reader.close();
  return { trees, problems, entries, inside };
}

/** The pages of a tree, by their own headers. */
function pagesOf(bytes: Uint8Array, tree: number): number[] {
  const words = new DataView(bytes.buffer);
  return Array.from({ length: Math.floor(bytes.length / PAGE) }, (_, page) => page).filter((page) =>
    words.getUint32(page * PAGE + 4, true) === page &&
    words.getUint32(page * PAGE + 12, true) === tree
  );
}

test("StoreInspector: of a file that was cut, what is before the cut", async () => {
  const { bytes } = await makeStore(fill, []);
  const pages = pagesOf(bytes, 17);
  const whole = await look(bytes, 17);
  assert.deepEqual([whole.entries, whole.problems, whole.inside], [300, [], []]);
  const words = new DataView(bytes.buffer);
  const leaves = pages.filter((page) => bytes[page * PAGE + 16] === 1);
  const last = Math.max(...leaves);
  const root = pages.find((page) => !leaves.includes(page))!;
  assert.ok(root < last, "the cut is behind the root");
  const { entries, inside } = await look(bytes, 17, bytes.slice(0, last * PAGE));
  assert.equal(entries, 300 - words.getUint16(last * PAGE + 18, true));
  assert.deepEqual(inside, [{ page: last, problem: "it lies outside the file" }]);
});

test("StoreInspector: a page of another tree, as a lost write leaves it", async () => {
  const { bytes } = await makeStore(fill, []);
  const page = pagesOf(bytes, 17).find((one) => bytes[one * PAGE + 16] === 1)!;
  const words = new DataView(bytes.buffer);
  const lost = words.getUint16(page * PAGE + 18, true);
  words.setUint32(page * PAGE + 12, 16, true);
  words.setUint32(page * PAGE, crc32(bytes, page * PAGE + 4, (page + 1) * PAGE), true);
  const { entries, inside } = await look(bytes, 17);
  assert.equal(entries, 300 - lost);
  assert.deepEqual(inside.map(({ problem }) => problem), [
    "its checksum is not the one its parent knows",
    "it belongs to tree 16 level 0",
  ]);
});

test("StoreInspector: a damaged entry of the catalog costs one name", async () => {
  const { bytes } = await makeStore(fill, []);
  const [page] = pagesOf(bytes, 0);
  const view = new DataView(bytes.buffer, page! * PAGE, PAGE);
  const cell = view.getUint16(32 + 4, true);
  // The length of the kind: longer than all there is.
  view.setUint8(cell + 2 + 1 + 1, 99);
  const { trees, problems } = await look(bytes, 16);
  assert.deepEqual(trees.map(({ number, structure }) => [number, structure?.name]), [
    [0, undefined],
    [16, undefined],
    [17, "b"],
  ]);
  assert.deepEqual(problems, [{ page, problem: "its checksum does not match its bytes" }]);
});

test("StoreInspector: a batch that a power cut has torn, and what was there before", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open(PATH, { io: disk.io });
  await db.update((tx) => tx.open(numbers("a")).put(1, filled(3000, 1)));
  const synced = disk.operations;
  disk.cutAt(synced + 1);
  await assert.rejects(db.update((tx) => tx.open(numbers("a")).put(2, filled(3000, 2))));
  const seen = new Set<string>();
  for (const { disk: image } of disk.images()) {
    const inspector = await StoreInspector.open(image.io, PATH);
    const batches = [...inspector.log()];
    inspector.close();
    assert.equal(batches[0]!.isInOrder, true);
    assert.equal(batches[0]!.records.length, 1);
    const [, second] = batches;
    if (second?.problem !== undefined) {
      assert.equal(second.problem, "its payload is not whole");
      assert.deepEqual([second.isInOrder, second.records], [false, []]);
    }
    seen.add(second === undefined ? "nothing" : second.problem === undefined ? "all" : "part");
    const opened = await Database.open(PATH, { io: image.io });
    assert.equal(opened.open(numbers("a")).count(), second?.isInOrder ? 2 : 1);
    await opened.close();
  }
  assert.deepEqual([...seen].sort(), ["all", "nothing", "part"]);
});
