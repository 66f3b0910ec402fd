import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import {
  codec,
  Database,
  index,
  type IoAdapter,
  type Isolation,
  recordLog,
  segment,
} from "../../mod.ts";
import { assertWhole, bytes, withStore } from "./checked.ts";

const words = index("words", { key: codec.u32, value: codec.string });
const sameWords = index("words", { key: codec.u32, value: codec.string });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });
const notes = segment("notes");
const audit = recordLog("audit");
/** Another structure under a used name. */
const otherWords = index("words", { key: codec.string, value: codec.u32 });

const gone = { code: "NOT_FOUND" };
const conflict = { code: "CONFLICT" };

/** Waits until all dropped space is freed; more turns than any test here needs. */
async function trimmed(db: Database): Promise<void> {
  for (let turn = 0; db.stats().droppedStructures > 0; turn++) {
    assert.ok(turn < 50_000, "the space of a dropped structure is not freed");
    await new Promise<void>((resolve) => db.io.nextTurn(resolve));
  }
}

/** Writes `entries` entries of `length` bytes each. */
async function fill(db: Database, entries: number, length: number): Promise<void> {
  for (let from = 0; from < entries; from += 500) {
    await db.update((tx) => {
      const writer = tx.open(blobs);
      for (let n = from; n < Math.min(entries, from + 500); n++) {
        writer.put(n, new Uint8Array(length).fill(n));
      }
    });
  }
}

test("Transaction.drop removes a structure with the commit, and not before", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(words).put(1, "one");
      tx.open(notes).insert(bytes("note"));
      tx.open(audit).append(bytes("line"));
    });
    const reader = db.open(words);
    const undone = db.begin();
    undone.drop(words);
    undone.rollback();
    assert.equal(reader.get(1), "one");
    const tx = db.begin();
    tx.drop(words);
    tx.drop(notes);
    tx.drop(audit);
    assert.deepEqual(tx.list(), []);
    assert.equal(reader.get(1), "one");
    assert.equal(db.begin().list().length, 3);
    await tx.commit();
    assert.equal(reader.get(1), undefined);
    assert.equal(reader.count(), 0);
    assert.deepEqual([...reader.range()], []);
    assert.equal(db.open(notes).count(), 0);
    assert.equal(db.open(audit).head(), 0);
    assert.deepEqual(db.begin().list(), []);
    await trimmed(db);
  });
});

test("Transaction.drop: NOT_FOUND for no structure, TYPE_MISMATCH for another", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      assert.throws(() => tx.drop(words), gone);
      tx.open(words).put(1, "one");
      assert.throws(() => tx.drop(otherWords), { code: "TYPE_MISMATCH" });
      tx.open(blobs);
      tx.drop(blobs);
      assert.throws(() => tx.drop(blobs), gone);
    });
    assert.equal(db.open(words).get(1), "one");
    const done = db.begin();
    done.rollback();
    assert.throws(() => done.drop(words), { code: "TRANSACTION_DONE" });
  });
});

test("Transaction.drop ends all views of the structure in its transaction", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    await db.update((tx) => {
      const first = tx.open(words);
      const second = tx.open(sameWords);
      const other = tx.open(blobs);
      tx.drop(words);
      for (const writer of [first, second]) {
        assert.throws(() => writer.get(1), gone);
        assert.throws(() => writer.put(1, "uno"), gone);
        assert.throws(() => writer.range(), gone);
      }
      other.put(1, bytes("kept"));
    });
    assert.deepEqual(db.open(blobs).get(1), bytes("kept"));
    assert.equal(db.open(words).count(), 0);
  });
});

test("Transaction.drop, then open again: a new, empty structure, of another kind too", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    const reader = db.open(words);
    await db.update((tx) => {
      tx.drop(words);
      assert.equal(tx.open(words).get(1), undefined);
      assert.equal(tx.open(words).count(), 0);
      tx.open(words).put(2, "two");
    });
    assert.deepEqual([...reader.range()], [[2, "two"]]);
    await db.update((tx) => {
      tx.drop(words);
      tx.open(otherWords).put("two", 2);
    });
    assert.equal(db.open(otherWords).get("two"), 2);
    assert.throws(() => reader.get(2), { code: "TYPE_MISMATCH" });
    assert.throws(() => db.open(words), { code: "TYPE_MISMATCH" });
    await db.update((tx) => tx.drop(otherWords));
    assert.equal(db.open(words), reader);
    assert.equal(reader.get(2), undefined);
    await db.update((tx) => tx.open(words).put(3, "three"));
    assert.deepEqual([...reader.range()], [[3, "three"]]);
    assert.throws(() => db.open(otherWords), { code: "TYPE_MISMATCH" });
    await trimmed(db);
  });
});

test("Transaction.drop gives a segment's ids to no later record", async () => {
  await withStore(async (db) => {
    const old = await db.update((tx) => tx.open(notes).insert(bytes("old")));
    await db.update((tx) => tx.drop(notes));
    const young = await db.update((tx) => tx.open(notes).insert(bytes("young")));
    assert.notEqual(`${old}`, `${young}`);
    assert.equal(db.open(notes).has(old), false);
    assert.deepEqual(db.open(notes).read(young), bytes("young"));
  });
});

test("Transaction.drop of what the same transaction created leaves nothing", async () => {
  await withStore(async (db) => {
    await db.update((tx) => {
      tx.open(words).put(1, "one");
      tx.open(blobs).put(1, new Uint8Array(100_000));
      tx.drop(words);
      tx.drop(blobs);
      assert.deepEqual(tx.list(), []);
    });
    assert.equal(db.open(words).count(), 0);
    await trimmed(db);
    await db.checkpoint();
    await db.checkpoint();
    const { pages, problems } = await db.check();
    assert.deepEqual(problems, []);
    assert.equal(pages, 0, "not even the tree of roots has pages left");
  });
});

test("Savepoint.rollback takes a drop back, and its views work again", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    const tx = db.begin();
    const writer = tx.open(words);
    const twin = tx.open(sameWords);
    writer.put(2, "two");
    const savepoint = tx.savepoint();
    for (let round = 0; round < 2; round++) {
      tx.drop(words);
      const fresh = tx.open(words);
      fresh.put(9, "nine");
      const freshTwin = tx.open(sameWords);
      assert.equal(freshTwin.get(9), "nine");
      assert.throws(() => writer.get(1), gone);
      savepoint.rollback();
      assert.throws(() => fresh.get(9), gone);
      assert.throws(() => freshTwin.put(9, "nine"), gone);
      assert.equal(writer.get(1), "one");
      assert.equal(tx.open(words), writer);
      assert.equal(tx.open(sameWords), twin);
      twin.put(3, "three");
      assert.equal(tx.list().length, 1);
      savepoint.rollback();
    }
    writer.put(4, "four");
    await tx.commit();
    assert.deepEqual([...db.open(words).range()], [[1, "one"], [2, "two"], [4, "four"]]);
    assert.equal(db.stats().droppedStructures, 0);
  });
});

test("Transaction.drop and Savepoint: a creation taken back ends every view of it", async () => {
  await withStore(async (db) => {
    const tx = db.begin();
    const savepoint = tx.savepoint();
    tx.open(words).put(1, "one");
    const twin = tx.open(sameWords);
    tx.drop(words);
    savepoint.rollback();
    assert.throws(() => twin.put(2, "two"), gone);
    tx.open(sameWords).put(3, "three");
    await tx.commit();
    assert.deepEqual([...db.open(words).range()], [[3, "three"]]);
  });
});

test("Transaction.drop: snapshots and iterators go on reading the old tree", async () => {
  await withStore(async (db) => {
    await fill(db, 2000, 1500);
    const snapshot = db.snapshot();
    const iterator = db.open(blobs).range();
    assert.equal(iterator.next().value?.[0], 0);
    const before = db.begin();
    await db.update((tx) => tx.drop(blobs));
    await trimmed(db);
    for (let round = 0; round < 3; round++) {
      await db.update((tx) => tx.open(words).put(round, "x".repeat(50_000)));
      await db.checkpoint();
    }
    const held = db.stats().pendingBytes;
    assert.ok(held > 2000 * 4096, `${held}`);
    assert.equal([...iterator].length, 1999);
    const seen = [...snapshot.open(blobs).range()];
    assert.equal(seen.length, 2000);
    assert.ok(seen.every(([n, value]) => value.length === 1500 && value[7] === n % 256));
    assert.equal(before.open(blobs).count(), 2000);
    before.rollback();
    assert.equal(db.open(blobs).count(), 0);
    snapshot.release();
    assert.ok(db.stats().pendingBytes < held / 10, "a released snapshot lets the space go");
  });
});

test("Transaction.drop, two transactions: CONFLICT where one drops what the other changed", async () => {
  type Step = (db: Database, tx: ReturnType<Database["begin"]>) => void;
  const drop: Step = (_, tx) => tx.drop(words);
  const put: Step = (_, tx) => tx.open(words).put(5, "five");
  const remove: Step = (_, tx) => tx.open(words).remove(1);
  const read: Step = (_, tx) => tx.open(words).get(1);
  const again: Step = (_, tx) => {
    tx.drop(words);
    tx.open(words).put(6, "six");
  };
  const elsewhere: Step = (_, tx) => tx.open(blobs).put(1, bytes("x"));
  const matrix: [string, Step, Step, boolean, number[]][] = [
    ["drop, put", drop, put, true, []],
    ["drop, remove", drop, remove, true, []],
    ["drop, drop", drop, drop, true, []],
    ["drop, drop and create", drop, again, true, []],
    ["drop, read", drop, read, false, []],
    ["drop, elsewhere", drop, elsewhere, false, []],
    ["put, drop", put, drop, true, [1, 5]],
    ["remove, drop", remove, drop, true, []],
    ["read, drop", read, drop, false, []],
    ["elsewhere, drop", elsewhere, drop, false, []],
    ["drop and create, put", again, put, true, [6]],
    ["drop and create, drop", again, drop, true, [6]],
    ["drop and create, drop and create", again, again, true, [6]],
    ["put, drop and create", put, again, true, [1, 5]],
  ];
  for (const durability of ["disk", "memory"] as const) {
    for (const [name, one, two, conflicts, keys] of matrix) {
      await withStore(async (db) => {
        await db.update((tx) => tx.open(words).put(1, "one"));
        const first = db.begin({ durability });
        const second = db.begin({ durability });
        one(db, first);
        two(db, second);
        const done = first.commit();
        if (conflicts) await assert.rejects(second.commit(), conflict, `${name} ${durability}`);
        else await second.commit();
        await done;
        assert.deepEqual([...db.open(words).range()].map(([key]) => key), keys, name);
        await db.update((tx) => tx.open(words).put(7, "seven"));
        assert.equal(db.open(words).get(7), "seven");
        await trimmed(db);
      });
    }
  }
});

test("Transaction.drop at every isolation: nothing is written to a dropped tree", async () => {
  const levels = ["snapshot", "serializable", "last-win", "version-on-write", "version-on-read"];
  for (const isolation of levels as Isolation[]) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(words).put(1, "one"));
      const writing = db.begin({ isolation });
      const dropping = db.begin({ isolation });
      const writer = writing.open(words);
      writer.put(2, "two");
      dropping.drop(words);
      await db.update((tx) => {
        tx.drop(words);
        tx.open(words).put(3, "three");
      });
      await assert.rejects(writing.commit(), conflict, isolation);
      await assert.rejects(dropping.commit(), conflict, isolation);
      assert.deepEqual([...db.open(words).range()], [[3, "three"]]);
      await trimmed(db);
    });
  }
});

test("Transaction.drop: who reads the newest is told at once, and update runs again", async () => {
  for (const isolation of ["last-win", "version-on-write", "version-on-read"] as const) {
    await withStore(async (db) => {
      await db.update((tx) => {
        for (let n = 0; n < 2000; n++) tx.open(words).put(n, "some");
      });
      let runs = 0;
      const seen = await db.update(async (tx) => {
        const reader = tx.open(words);
        const before = reader.count();
        if (runs++ === 0) {
          await db.update((other) => other.drop(words));
          const read = [
            () => reader.count(),
            () => reader.get(1),
            () => [...reader.range()],
            () => reader.put(1, "more"),
          ];
          for (const use of read) assert.throws(use, conflict, isolation);
        }
        return [before, reader.count()];
      }, { isolation });
      assert.deepEqual([runs, ...seen], [2, 0, 0]);
      await trimmed(db);
    });
  }
});

test("Transaction.drop is a change of all that a serializable transaction has read", async () => {
  await withStore(async (db) => {
    for (const read of ["key", "absent key", "range"]) {
      await db.update((tx) => tx.open(words).put(1, "one"));
      const tx = db.begin({ isolation: "serializable" });
      if (read === "range") assert.equal([...tx.open(words).range()].length, 1);
      else {assert.equal(
          tx.open(words).get(read === "key" ? 1 : 9),
          read === "key" ? "one" : undefined,
        );}
      tx.open(blobs).put(1, bytes("based on it"));
      await db.update((other) => other.drop(words));
      await assert.rejects(tx.commit(), conflict, read);
    }
  });
});

test("Transaction.drop and creation of one name side by side never share a dropped tree", async () => {
  await withStore(async (db) => {
    // Both get the same id for the new structure; one of them drops it again.
    const first = db.begin();
    const second = db.begin();
    first.open(words).put(1, "one");
    second.open(words).put(2, "two");
    first.drop(words);
    await first.commit();
    await assert.rejects(second.commit(), conflict);
    await db.update((tx) => tx.open(words).put(3, "three"));
    assert.deepEqual([...db.open(words).range()], [[3, "three"]]);

    const third = db.begin();
    const fourth = db.begin();
    third.open(blobs).put(1, bytes("one"));
    fourth.open(blobs).put(2, bytes("two"));
    fourth.drop(blobs);
    await third.commit();
    await assert.rejects(fourth.commit(), conflict);
    assert.equal(db.open(blobs).count(), 1);

    const fifth = db.begin();
    await db.update((tx) => tx.drop(blobs));
    await db.update((tx) => tx.open(blobs).put(4, bytes("four")));
    fifth.open(blobs).put(5, bytes("five"));
    assert.equal(fifth.open(blobs).count(), 2, "its view is that of the beginning");
    await assert.rejects(fifth.commit(), conflict);
    assert.deepEqual([...db.open(blobs).range()], [[4, bytes("four")]]);

    const sixth = db.begin();
    const seventh = db.begin();
    for (const tx of [sixth, seventh]) tx.open(notes).insert(bytes("alike"));
    await Promise.all([sixth.commit(), seventh.commit()]);
    assert.equal(db.open(notes).count(), 2, "two that create alike agree");
    await trimmed(db);
  });
});

test("Transaction.drop of a structure that is being written in the same turn", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(0, "zero"));
    const writes = [];
    for (let n = 1; n < 40; n++) {
      writes.push(db.update((tx) => {
        if (n % 10 === 0) tx.drop(words);
        tx.open(words).put(n, `${n}`);
      }));
    }
    await Promise.all(writes);
    assert.deepEqual(
      [...db.open(words).range()].map(([key]) => key),
      [
        ...Array(10).keys(),
      ].map((n) => n + 30),
    );
    await trimmed(db);
  });
});

test("Database.update retries what a drop was in the way of", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    let runs = 0;
    await db.update(async (tx) => {
      tx.open(words).put(2, "two");
      if (runs++ === 0) await db.update((other) => other.drop(words));
    });
    assert.equal(runs, 2);
    assert.deepEqual([...db.open(words).range()], [[2, "two"]]);
  });
});

test("Transaction.commit at memory durability is seen by the conflict check of others", async () => {
  await withStore(async (db) => {
    await db.update((tx) => tx.open(words).put(1, "one"));
    const first = db.begin({ durability: "memory" });
    const second = db.begin({ durability: "memory" });
    first.open(words).put(1, "first");
    second.open(words).put(1, "second");
    await first.commit();
    await assert.rejects(second.commit(), conflict);
    assert.equal(db.open(words).get(1), "first");
  });
});

test("Transaction.drop returns the space: ten rounds of 20,000 entries in the file of one", async () => {
  await withStore(async (db) => {
    const full: number[] = [];
    const after: number[] = [];
    for (let round = 0; round < 10; round++) {
      await fill(db, 20_000, round % 2 === 0 ? 1100 : 60);
      full.push(db.stats().fileBytes);
      const logged = db.stats().logBytesWritten;
      await db.update((tx) => tx.drop(blobs));
      assert.ok(db.stats().logBytesWritten - logged <= 8192, "a drop is a record of some bytes");
      await trimmed(db);
      await db.checkpoint();
      after.push(db.stats().fileBytes);
    }
    assert.ok(full[0]! > 20_000 * 1100, `${full}`);
    assert.ok(full.every((size) => size <= full[0]! * 1.1), `${full}`);
    assert.ok(after.every((size) => size < full[0]! / 4), `${after}`);
    assert.equal(after[9], after[4], `${after}`);
    const { pendingBytes, liveBytes, droppedStructures } = db.stats();
    assert.equal(pendingBytes, 0);
    assert.equal(liveBytes, 0);
    assert.equal(droppedStructures, 0);
  }, { logBytes: 1024 * 1024 });
});

test("Transaction.drop goes on freeing after close and open in the middle", async () => {
  const io = memoryIo();
  let db = await Database.open("/test.hold", { io });
  await fill(db, 6000, 900);
  await db.update((tx) => tx.open(words).put(1, "one"));
  await db.update((tx) => tx.drop(blobs));
  assert.equal(db.stats().droppedStructures, 1);
  const leaves: number[] = [];
  for (let round = 0; db.stats().droppedStructures > 0; round++) {
    assert.ok(round < 2000);
    if (round % 3 === 0) {
      leaves.push((await db.check()).pages);
      await assertWhole(db);
      await db.close();
      db = await Database.open("/test.hold", { io });
      assert.equal(db.open(words).get(1), "one");
      assert.equal(db.open(blobs).count(), 0);
    }
    await new Promise<void>((resolve) => io.nextTurn(resolve));
  }
  assert.ok(leaves.length > 5, `${leaves}`);
  assert.ok(leaves.every((pages, at) => at === 0 || pages <= leaves[at - 1]!), `${leaves}`);
  await assertWhole(db);
  assert.deepEqual(db.begin().list().map(({ name }) => name), ["words"]);
  await db.close();
});

test("Transaction.drop frees in steps of 5 ms or less, and commits pass between them", async () => {
  const plain = memoryIo();
  let clock = 0;
  let dropped = false;
  let readsOfTurn = 0;
  let mostOfTurn = 0;
  const io: IoAdapter = {
    ...plain,
    // Every page read takes a millisecond.
    monotonic: () => clock,
    async open(path, mode) {
      const file = await plain.open(path, mode);
      const readAt = file.readAt.bind(file);
      file.readAt = (buffer, offset): number => {
        clock++;
        readsOfTurn++;
        return readAt(buffer, offset);
      };
      return file;
    },
    nextTurn(callback) {
      plain.nextTurn(() => {
        readsOfTurn = 0;
        callback();
        if (dropped) mostOfTurn = Math.max(mostOfTurn, readsOfTurn);
      });
    },
  };
  await withStore(async (db) => {
    await fill(db, 4000, 900);
    await db.checkpoint();
    await db.update((tx) => tx.drop(blobs));
    dropped = true;
    let commits = 0;
    while (db.stats().droppedStructures > 0) {
      assert.ok(commits < 5000);
      await db.update((tx) => tx.open(words).put(commits++, "beside"));
    }
    dropped = false;
    assert.ok(commits > 100, `${commits} commits beside 1,000 leaves`);
    assert.ok(mostOfTurn >= 3 && mostOfTurn <= 5, `${mostOfTurn} ms in one step`);
  }, { io });
});

test("Transaction.drop in a full file: freeing waits for space, and gives it", async () => {
  await withStore(async (db) => {
    let entries = 0;
    await assert.rejects(async () => {
      for (;; entries++) {
        await db.update((tx) => tx.open(blobs).put(entries, new Uint8Array(20_000)));
      }
    }, { code: "NO_SPACE" });
    await db.update((tx) => tx.drop(blobs));
    await trimmed(db);
    await db.checkpoint();
    for (let n = 0; n < entries; n++) {
      await db.update((tx) => tx.open(blobs).put(n, new Uint8Array(20_000)));
    }
    assert.equal(db.open(blobs).count(), entries);
  }, { maxBytes: 4 * 1024 * 1024, logBytes: 256 * 1024 });
});

test("Transaction.drop of many structures at once", async () => {
  await withStore(async (db) => {
    const many = Array.from(
      { length: 300 },
      (_, n) => index(`structure ${n}`, { key: codec.u32, value: codec.u32 }),
    );
    await db.update((tx) => {
      for (const one of many) tx.open(one).put(1, 1);
    });
    await db.checkpoint();
    await db.update((tx) => {
      for (const one of many) if (one !== many[7]) tx.drop(one);
    });
    await trimmed(db);
    await db.checkpoint();
    assert.equal(db.open(many[7]!).get(1), 1);
    assert.equal(db.begin().list().length, 1);
  });
});

test("Transaction.drop takes the secondary indexes with the index they belong to", async () => {
  await withStore(async (db) => {
    const people = index("people", {
      key: codec.u32,
      value: codec.string,
      indexes: { byName: { key: codec.string, of: (name: string) => name } },
    });
    const names = (): string[] => {
      const tx = db.begin();
      const found = tx.list().map(({ name }) => name);
      tx.rollback();
      return found;
    };
    await db.update((tx) => tx.open(people).put(1, "ann"));
    assert.deepEqual(names(), ["people", "people#byName"]);
    await db.update((tx) => {
      const before = tx.savepoint();
      tx.drop(people);
      assert.deepEqual(tx.list(), []);
      before.rollback();
      assert.deepEqual(tx.open(people).by("byName").one("ann"), [1, "ann"]);
      tx.drop(people);
      tx.open(people).put(2, "bob");
    });
    assert.deepEqual([...db.open(people).by("byName").keys()], [["bob", 2]]);
    assert.equal((await db.check({ structures: [people] })).ok, true);
    await db.update((tx) => tx.drop(people));
    assert.deepEqual(names(), []);
  });
});
