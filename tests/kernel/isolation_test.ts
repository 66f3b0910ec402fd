/**
 * Two transactions, A and B, that get in each other's way: every cell of the matrix is run at every
 * level, and says of each how the commits end, what was read, and what is there afterwards.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Isolation, Transaction } from "../../mod.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { bytes, withStore } from "./checked.ts";
import { KEY_CELLS } from "./isolation_keys.ts";
import {
  all,
  audit,
  type ByLevel,
  commit,
  groups,
  LEVELS,
  names,
  NO,
  notes,
  OK,
  words,
} from "./isolation_matrix.ts";
import { RANGE_CELLS } from "./isolation_ranges.ts";
import { SAVEPOINT_CELLS } from "./isolation_savepoints.ts";

for (const cell of [...KEY_CELLS, ...SAVEPOINT_CELLS, ...RANGE_CELLS]) {
  test(`Isolation: ${cell.name}`, async () => {
    for (const [level, isolation] of LEVELS.entries()) {
      // Who commits first is in nobody's way: its own level makes no difference.
      for (const first of new Set<Isolation>(["snapshot", isolation])) {
        await withStore(async (db) => {
          await db.update((tx) => {
            for (const [key, value] of Object.entries(cell.before ?? {})) {
              tx.open(words).put(key, value);
            }
            tx.open(words);
            tx.open(groups);
            tx.open(names);
            tx.open(audit);
            tx.open(notes);
          });
          const a = db.begin({ isolation: first });
          const b = db.begin({ isolation });
          const outcome = await cell.run(a, b, db);
          assert.deepEqual(outcome, cell.outcome[level], `${first}, ${isolation}`);
          if (cell.after === undefined) return;
          const left = Object.fromEntries(db.open(words).range());
          assert.deepEqual(left, cell.after[level], `${first}, ${isolation}: what is left`);
        });
      }
    }
  });
}

test("Isolation: a record that another transaction deleted does not come back", async () => {
  // Who is deleted or updated by A and by B, how B ends and what is left, in the order of LEVELS.
  const cells: readonly (readonly ["update" | "delete", "update" | "delete", ByLevel<unknown>])[] =
    [
      ["delete", "update", all([NO, undefined])],
      ["delete", "delete", all([NO, undefined])],
      ["update", "update", [[NO, "A"], [NO, "A"], [NO, "A"], [NO, "A"], [OK, "B"]]],
      ["update", "delete", [[NO, "A"], [NO, "A"], [NO, "A"], [NO, "A"], [OK, undefined]]],
    ];
  for (const [first, second, expected] of cells) {
    for (const [level, isolation] of LEVELS.entries()) {
      await withStore(async (db) => {
        const id = await db.update((tx) => {
          const made = tx.open(notes).insert(bytes("old"));
          const higher = tx.open(notes).insert(bytes("higher"));
          tx.open(notes).delete(higher);
          return made;
        });
        const change = (tx: Transaction, what: "update" | "delete", text: string): void => {
          if (what === "update") tx.open(notes).update(id, bytes(text));
          else tx.open(notes).delete(id);
        };
        const b = db.begin({ isolation });
        change(b, second, "B");
        await db.update((a) => change(a, first, "A"));
        const outcome = await commit(b);
        const left = db.open(notes).read(id);
        assert.deepEqual(
          [outcome, left === undefined ? undefined : new TextDecoder().decode(left)],
          expected[level],
          `${first}, then ${second} at ${isolation}`,
        );
      });
    }
  }
});

test("Isolation: segment.update of what A has deleted is NOT_FOUND where the level shows it", async () => {
  for (const [level, isolation] of LEVELS.entries()) {
    await withStore(async (db) => {
      const id = await db.update((tx) => tx.open(notes).insert(bytes("old")));
      const b = db.begin({ isolation });
      await db.update((a) => a.open(notes).delete(id));
      if (level < 2) {
        b.open(notes).update(id, bytes("B"));
        assert.equal(await commit(b), NO);
      } else {
        assert.throws(() => b.open(notes).update(id, bytes("B")), { code: "NOT_FOUND" });
        assert.throws(() => b.open(notes).delete(id), { code: "NOT_FOUND" });
        assert.equal(await commit(b), OK);
      }
      assert.equal(db.open(notes).has(id), false);
    });
  }
});

test("Isolation: the first inserts since a segment was opened conflict with nobody", async () => {
  for (const isolation of LEVELS) {
    const io = memoryIo();
    for (let round = 0; round < 3; round++) {
      await withStore(async (db) => {
        await db.update((tx) => tx.open(notes));
        const b = db.begin({ isolation });
        b.open(notes).insert(bytes("B"));
        const theirs = await db.update((a) => a.open(notes).insert(bytes("A")));
        await db.update((a) => a.open(notes).delete(theirs));
        assert.equal(await commit(b), OK, `${isolation}, opening ${round}`);
        assert.equal(db.open(notes).count(), round + 1);
      }, { io });
    }
  }
});

test("Isolation last-win: an operation is judged for itself where one was taken back", async () => {
  await withStore(async (db) => {
    const ids = await db.update((tx) =>
      ["x", "y"].map((text) => tx.open(notes).insert(bytes(text)))
    );
    const b = db.begin({ isolation: "last-win" });
    b.open(audit).head();
    const savepoint = b.savepoint();
    b.open(notes).update(ids[0]!, bytes("lost"));
    savepoint.rollback();
    b.open(audit).append(bytes("B"));
    await db.update((a) => a.open(audit).append(bytes("A")));
    assert.equal(await commit(b), NO);
    assert.equal(db.open(audit).head(), 1);
  });
});

test("Isolation: update and delete of a record are no read of it", async () => {
  for (const [level, isolation] of LEVELS.entries()) {
    await withStore(async (db) => {
      const ids = await db.update((tx) =>
        ["x", "y"].map((text) => tx.open(notes).insert(bytes(text)))
      );
      const b = db.begin({ isolation });
      for (const id of ids) b.open(notes).read(id);
      await db.update((a) => a.open(notes).update(ids[0]!, bytes("A")));
      b.open(notes).update(ids[0]!, bytes("B"));
      assert.equal(await commit(b), level < 3 ? NO : OK, isolation);
    });
  }
});

test("Isolation: records deleted side by side do not conflict, but heads only rise", async () => {
  for (const isolation of LEVELS) {
    await withStore(async (db) => {
      const ids = await db.update((tx) => {
        const made = Array.from({ length: 300 }, () => tx.open(notes).insert(bytes("x")));
        tx.open(notes).delete(made[0]!);
        return made;
      });
      const b = db.begin({ isolation });
      b.open(notes).delete(ids[1]!);
      await db.update((a) => a.open(notes).delete(ids[299]!));
      assert.equal(await commit(b), OK, isolation);
      const late = db.begin({ isolation });
      const made = await db.update((tx) =>
        Array.from({ length: 600 }, () => tx.open(notes).insert(bytes("y")))
      );
      const early = made[300]!;
      const last = made[599]!;
      const rival = db.begin({ isolation });
      rival.open(notes).delete(early);
      await db.update((tx) => tx.open(notes).delete(last));
      assert.equal(await commit(rival), NO, `${isolation}: two heads`);
      late.rollback();
    });
  }
});

test("Isolation: large values are judged as small ones", async () => {
  const large = (fill: string): string => fill.repeat(100_000);
  for (const [level, isolation] of LEVELS.entries()) {
    await withStore(async (db) => {
      const b = db.begin({ isolation });
      await db.update((a) => a.open(words).put("x", large("A")));
      b.open(words).put("x", large("B"));
      assert.equal(await commit(b), level < 2 ? NO : OK, isolation);
      assert.equal(db.open(words).get("x"), large(level < 2 ? "A" : "B"));
      const c = db.begin({ isolation });
      c.open(words).put("x", large("C"));
      await db.update((a) => a.open(words).put("x", large("D")));
      assert.equal(await commit(c), isolation === "last-win" ? OK : NO, isolation);
      assert.equal(db.open(words).get("x"), large(isolation === "last-win" ? "C" : "D"));
    });
  }
});

test("Isolation: Database.open says it for all transactions that do not", async () => {
  for (const [level, isolation] of LEVELS.entries()) {
    await withStore(async (db) => {
      await db.update((tx) => tx.open(words).put("x", "old"));
      const b = db.begin();
      const own = db.begin({ isolation: "last-win" });
      b.open(words).get("x");
      own.open(words).put("x", "own");
      await db.update((tx) => tx.open(words).put("x", "A"));
      b.open(words).put("y", "B");
      assert.equal(b.open(words).get("x"), level < 2 ? "old" : "A");
      assert.equal(await commit(b), isolation === "serializable" ? NO : OK);
      assert.equal(await commit(own), OK);
      assert.equal(db.open(words).get("x"), "own");
    }, { isolation });
  }
  await withStore((db) => {
    const isolation = "read committed" as Isolation;
    assert.throws(() => db.begin({ isolation }), TypeError);
    return assert.rejects(db.update(() => {}, { isolation }), TypeError);
  });
});

test("Isolation: Database.update runs its body again at every level", async () => {
  for (const isolation of LEVELS) {
    await withStore(async (db) => {
      let runs = 0;
      const add = (): Promise<void> =>
        db.update(async (tx) => {
          runs++;
          tx.open(audit).append(bytes("first"));
          await Promise.resolve();
          tx.open(audit).append(bytes("second"));
        }, { isolation, retries: 50 });
      await Promise.all([add(), add(), add(), add()]);
      assert.equal(db.open(audit).head(), 8, isolation);
      assert.ok(runs > 4, `${isolation}: ${runs} runs`);
      // A body that awaits nothing cannot be overtaken: one run, whatever it reads and changes.
      runs = 0;
      const once = (): Promise<void> =>
        db.update((tx) => {
          runs++;
          tx.open(words).put("n", String(Number(tx.open(words).get("n") ?? "0") + 1));
          tx.open(audit).append(bytes(`${tx.open(words).count()}`));
        }, { isolation });
      await Promise.all([once(), once(), once(), once()]);
      assert.equal(runs, 4, isolation);
      assert.equal(db.open(words).get("n"), "4", isolation);
    });
  }
});

test("Isolation: an iterator shows one moment at every level", async () => {
  for (const isolation of LEVELS) {
    await withStore(async (db) => {
      await db.update((tx) => {
        for (let i = 0; i < 500; i++) tx.open(words).put(`k${i}`, "old");
      });
      const tx = db.begin({ isolation });
      const walk = tx.open(words).range();
      walk.next();
      await db.update((other) => {
        for (let i = 0; i < 500; i++) other.open(words).remove(`k${i}`);
        other.open(words).put("new", "new");
      });
      await db.checkpoint();
      assert.equal([...walk].length, 499, isolation);
      tx.rollback();
      assert.equal(db.open(words).count(), 1);
    });
  }
});
