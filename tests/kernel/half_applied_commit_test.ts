/** Commits whose way into the trees fails in the middle: readers see all of them, or nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import {
  codec,
  Database,
  type Durability,
  exportDatabase,
  index,
  type IoAdapter,
  IoError,
  type IoFile,
  recordLog,
  segment,
  type Snapshot,
} from "../../mod.ts";
import { assertWhole } from "./checked.ts";
import { filled } from "./damaged_store.ts";
import { diskWith, readBytes } from "./file_bytes.ts";

const left = index("left", { key: codec.u8, value: codec.bytes });
const middle = index("middle", { key: codec.u8, value: codec.u8, mode: "cluster" });
const right = index("right", { key: codec.u8, value: codec.bytes });
const audit = recordLog("audit");
const fresh = segment("fresh");
const gone = index("gone", { key: codec.u8, value: codec.u8 });

/** Longer than what fits into a page beside its key: written when the commit is carried out. */
const LENGTH = 3000;

const PATH = "/half.hold";
const SMALL = { logBytes: 256 * 1024, cacheBytes: 1024 * 1024 };

async function begin(): Promise<[SimulatedDisk, Database]> {
  const disk = new SimulatedDisk({ seed: 1 });
  const db = await Database.open(PATH, { io: disk.io, ...SMALL });
  await db.update((tx) => {
    tx.open(left).put(1, filled(LENGTH, 1));
    tx.open(middle).put(1, 1);
    tx.open(right).put(1, filled(LENGTH, 1));
    tx.open(audit).append(filled(10, 0));
    tx.open(gone).put(1, 1);
  });
  await db.checkpoint();
  return [disk, db];
}

function change(db: Database, durability: Durability): Promise<void> {
  return db.update((tx) => {
    tx.open(left).put(1, filled(LENGTH, 2));
    tx.open(left).put(2, filled(LENGTH, 2));
    tx.open(middle).remove(1, 1);
    tx.open(middle).put(2, 2);
    tx.open(audit).append(filled(LENGTH, 1));
    tx.open(fresh).insert(filled(LENGTH, 3));
    tx.drop(gone);
    tx.open(right).remove(1);
    tx.open(right).put(3, filled(LENGTH, 2));
  }, { durability });
}

/** All that readers learn, in all ways to ask. */
function seen(from: Database | Snapshot): unknown {
  const [l, m, r, log] = [from.open(left), from.open(middle), from.open(right), from.open(audit)];
  return {
    left: [...l.range()],
    one: [l.get(1), l.get(2), l.has(2), l.count(), l.last()],
    middle: [...m.range(), m.count(), m.has(1), m.get(2)],
    right: [...r.range(), r.has(1), r.get(3), r.count()],
    log: [...log.read(), log.head(), log.get(1)],
    fresh: [from.open(fresh).count(), [...from.open(fresh).scan()].map(({ bytes }) => bytes)],
    gone: from.open(gone).get(1),
    structures: from.structures().map(({ name, kind, format }) => [name, kind, format]),
  };
}

for (const durability of ["disk", "memory"] as const) {
  test(
    `Database: a commit that is carried out in part is seen whole, or not at all: ${durability}`,
    { timeout: 60_000 },
    async () => {
      const [, untouched] = await begin();
      const before = seen(untouched);
      await change(untouched, durability);
      const after = seen(untouched);
      const found = new Set<unknown>();
      for (let call = 0; call < 12; call++) {
        const [disk, db] = await begin();
        seen(db);
        const earlier = db.snapshot();
        disk.fail({ operation: "write", at: call });
        const outcome = await change(db, durability).then(() => "done", (error) => error.code);
        disk.heal();
        const state = call % 2 === 0 ? seen(db) : seen(db.snapshot());
        const isAfter = (state as { gone: unknown }).gone === undefined;
        assert.deepEqual(state, isAfter ? after : before, `${outcome} at write ${call}`);
        assert.deepEqual(seen(earlier), before);
        if (outcome !== "done") {
          found.add(isAfter);
          await new Response(exportDatabase(db, { format: "jsonl" })).text();
        }
        await db.close();
        const again = await Database.open(PATH, { io: disk.io });
        await assertWhole(again);
        const left = seen(again) as { gone: unknown };
        assert.deepEqual(left, left.gone === undefined ? after : before);
        await again.close();
      }
      assert.ok(found.has(true), "some of them failed on the way into the trees");
    },
  );
}

test("Database.backup of a store with a commit that was carried out in part is POISONED", async () => {
  let refused = 0;
  for (let call = 0; call < 8; call++) {
    const [disk, db] = await begin();
    disk.fail({ operation: "write", at: call });
    await change(db, "disk").catch(() => {});
    disk.heal();
    const other = new SimulatedDisk({ seed: 2 });
    const path = "/copy.hold";
    const outcome = await db.backup(path, { io: other.io }).then(
      () => "done",
      (error) => error.code,
    );
    if (outcome === "done") {
      const copy = await Database.open(path, { io: other.io });
      await assertWhole(copy);
      assert.deepEqual(seen(copy), seen(db));
      await copy.close();
    } else {
      assert.equal(outcome, "POISONED");
      refused++;
    }
    await db.close();
  }
  assert.ok(refused > 0 && refused < 8, `${refused} of 8 refused`);
});

const table = index("table", { key: codec.u32, value: codec.bytes });
const other = index("other", { key: codec.u32, value: codec.u32 });

/** A disk with these bytes, on which one read fails once that is asked for. */
async function failingDisk(
  image: Uint8Array,
): Promise<{ io: IoAdapter; failAt(call: number): void }> {
  const inner = await diskWith(image, PATH);
  let left = Infinity;
  const failing = (file: IoFile): IoFile => {
    const { readAt } = file;
    file.readAt = (buffer, offset): number => {
      if (left-- === 0) throw new IoError("IO_FAILED", "a read that fails");
      return readAt.call(file, buffer, offset);
    };
    return file;
  };
  return {
    io: { ...inner, open: async (path, mode) => failing(await inner.open(path, mode)) },
    failAt: (call): void => {
      left = call;
    },
  };
}

test("Database: a page that cannot be read while a commit is carried out hides nothing of it", async () => {
  const keys = [1, 300, 500, 799, 3000];
  const first = memoryIo();
  const filling = await Database.open(PATH, { io: first, ...SMALL });
  await filling.update((tx) => {
    for (let n = 0; n < 800; n++) {
      tx.open(table).put(n, filled(60, n));
      tx.open(other).put(n, n);
    }
  });
  await filling.close();
  const image = await readBytes(first, PATH);
  let poisoned = 0;
  for (let call = 0; call < 10; call++) {
    const { io, failAt } = await failingDisk(image);
    const db = await Database.open(PATH, { io, ...SMALL });
    failAt(call);
    const outcome = await db.update((tx) => {
      for (const key of keys) {
        tx.open(table).put(key, filled(50, key));
        tx.open(other).put(key, key + 1);
      }
    }).then(() => "done", (error) => error.code);
    failAt(Infinity);
    if (outcome === "POISONED") poisoned++;
    const isNew = db.open(other).get(3000) !== undefined;
    assert.equal(isNew, outcome === "done" || outcome === "POISONED", outcome);
    for (const key of keys) {
      const value = key === 3000 && !isNew ? undefined : filled(isNew ? 50 : 60, key);
      assert.deepEqual(db.open(table).get(key), value, `${outcome} at read ${call}`);
      assert.equal(db.open(other).get(key), isNew ? key + 1 : key === 3000 ? undefined : key);
    }
    assert.equal([...db.open(table).keys()].length, isNew ? 801 : 800);
    assert.equal(db.open(other).count(), isNew ? 801 : 800);
    await db.close();
  }
  assert.ok(poisoned > 2, `${poisoned} stores were poisoned on the way`);
});
