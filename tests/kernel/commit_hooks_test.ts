import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { codec, Database, index, type Transaction } from "../../mod.ts";
import { runCommand } from "../tools/run_command.ts";
import { withStore } from "./checked.ts";

const stock = index("stock", { key: codec.string, value: codec.u32 });
const total = index("total", { key: codec.string, value: codec.u32 });
const blobs = index("blobs", { key: codec.u32, value: codec.bytes });

/** Keeps the sum of the stock in another index. */
function sum(tx: Transaction): void {
  const pieces = [...tx.open(stock).values()].reduce((before, each) => before + each, 0);
  tx.open(total).put("pieces", pieces);
}

/** A turn of the event loop: hooks of commits before it were called. */
async function turn(db: Database): Promise<void> {
  await new Promise<void>((resolve) => db.io.nextTurn(resolve));
}

test("CommitHooks.beforeCommit reads and writes in the transaction, in the order of adding", async () => {
  await withStore(async (db) => {
    const order: string[] = [];
    db.hooks.beforeCommit(() => void order.push("first"));
    const remove = db.hooks.beforeCommit(sum);
    db.hooks.beforeCommit((tx) => void order.push(`sum ${tx.open(total).get("pieces")}`));
    await db.update((tx) => tx.open(stock).put("nuts", 3));
    await db.update(async (tx) => {
      await turn(db);
      tx.open(stock).put("bolts", 4);
    });
    db.begin().commitSync();
    const tx = db.begin();
    tx.open(stock).put("nuts", 5);
    tx.commitSync();
    assert.deepEqual(order, ["first", "sum 3", "first", "sum 7", "first", "sum 9"]);
    assert.equal(db.open(total).get("pieces"), 9);
    remove();
    remove();
    await db.update((tx) => tx.open(stock).put("nuts", 1));
    assert.equal(db.open(total).get("pieces"), 9);
    assert.equal(order.length, 8);
  });
});

test("CommitHooks.beforeCommit: a throw rolls back and is what the commit throws", async () => {
  await withStore(async (db) => {
    const told: number[] = [];
    db.hooks.afterCommit(({ sequence }) => void told.push(sequence));
    const remove = db.hooks.beforeCommit((tx) => {
      tx.open(stock).put("hook", 1);
      throw new RangeError("refused");
    });
    await assert.rejects(db.update((tx) => tx.open(stock).put("nuts", 3)), RangeError);
    const tx = db.begin();
    tx.open(stock).put("nuts", 3);
    assert.throws(() => tx.commitSync(), RangeError);
    assert.throws(() => tx.open(stock), { code: "TRANSACTION_DONE" });
    const large = db.begin();
    large.open(blobs).put(1, new Uint8Array(200_000));
    await assert.rejects(large.prepare(), RangeError);
    assert.deepEqual([...db.open(stock).range()], []);
    remove();
    await db.update((tx) => tx.open(stock).put("nuts", 4));
    await turn(db);
    assert.equal(told.length, 1);
  });
});

test("CommitHooks.beforeCommit refuses promises, commits and rollbacks of its transaction", async () => {
  await withStore(async (db) => {
    const put = () => db.update((tx) => tx.open(stock).put("nuts", 3));
    const refused = async (hook: (tx: Transaction) => unknown, error: object): Promise<void> => {
      const remove = db.hooks.beforeCommit(hook as (tx: Transaction) => void);
      await assert.rejects(put(), error);
      remove();
    };
    await refused(() => Promise.resolve(), { name: "TypeError" });
    await refused((tx) => tx.commitSync(), { code: "TRANSACTION_DONE" });
    await refused((tx) => tx.rollback(), { code: "TRANSACTION_DONE" });
    assert.throws(() => db.hooks.beforeCommit(undefined as never), TypeError);
    assert.throws(() => db.hooks.afterCommit(undefined as never), TypeError);
    assert.throws(() => db.hooks.afterCommit(() => {}, { onError: 1 as never }), TypeError);
    assert.equal(db.open(stock).count(), 0);
    await put();
  });
});

test("CommitHooks.beforeCommit that commits another transaction is overtaken by it", async () => {
  await withStore(async (db) => {
    let nested: Promise<void> | undefined;
    const remove = db.hooks.beforeCommit(() => {
      remove();
      nested = db.update((tx) => tx.open(stock).put("nuts", 100));
    });
    await assert.rejects(
      db.update((tx) => tx.open(stock).update("nuts", (n = 0) => n + 1)),
      { code: "CONFLICT" },
    );
    await nested;
    assert.equal(db.open(stock).get("nuts"), 100);
    const again = db.hooks.beforeCommit((tx) => {
      again();
      nested = db.update((other) => other.open(stock).put("bolts", 1));
      assert.equal(tx.open(stock).get("bolts"), undefined);
    });
    await db.update((tx) => tx.open(stock).put("nuts", 101));
    await nested;
    assert.deepEqual([...db.open(stock).range()], [["bolts", 1], ["nuts", 101]]);
  });
});

test("CommitHooks.beforeCommit runs again when update runs its body again", async () => {
  await withStore(async (db) => {
    let runs = 0;
    db.hooks.beforeCommit((tx) => {
      runs++;
      sum(tx);
    });
    let rival: Promise<void> | undefined;
    await db.update(async (tx) => {
      const nuts = tx.open(stock).get("nuts") ?? 0;
      await turn(db);
      rival ??= db.update((other) => other.open(stock).put("nuts", 10));
      tx.open(stock).put("nuts", nuts + 1);
    });
    assert.deepEqual([db.open(stock).get("nuts"), db.open(total).get("pieces"), runs], [11, 11, 3]);
  });
});

test("CommitHooks: a prepared transaction has its hooks at the prepare, and is told when decided", async () => {
  await withStore(async (db) => {
    const told: number[] = [];
    let runs = 0;
    db.hooks.beforeCommit((tx) => {
      runs++;
      sum(tx);
    });
    db.hooks.afterCommit(({ sequence }) => void told.push(sequence));
    await db.update((tx) => tx.open(stock).put("bolts", 1));
    const tx = db.begin();
    tx.open(stock).put("nuts", 2);
    const prepared = await tx.prepare();
    await turn(db);
    assert.deepEqual([runs, told.length], [2, 1]);
    await prepared.commit();
    await turn(db);
    assert.deepEqual([runs, told.length, db.open(total).get("pieces")], [2, 2, 3]);
  });
});

test("CommitHooks.afterCommit is told in order, when plain reads see it and it is durable", async () => {
  const disk = new SimulatedDisk({ seed: 1, syncMilliseconds: 5 });
  const db = await Database.open("/a", { io: disk.io });
  const changes = db.watch(stock);
  const told: number[] = [];
  const crashed: Promise<number | undefined>[] = [];
  const remove = db.hooks.afterCommit(({ sequence }) => {
    told.push(sequence);
    const copy = Database.open("/a", { io: disk.crash("nothing kept").io });
    crashed.push(copy.then(async (whole) => {
      const value = whole.open(stock).get("n");
      await whole.close();
      return value;
    }));
  });
  const update = (n: number) => db.update((tx) => tx.open(stock).put("n", n));
  await update(1);
  assert.equal(told.length, 1, "before who waits for the commit goes on");
  await Promise.all([update(2), update(3), update(4)]);
  await db.update((tx) => tx.open(stock).get("n"));
  await turn(db);
  const sequences: number[] = [];
  for (let i = 0; i < 4; i++) sequences.push((await changes.next()).value!.sequence);
  assert.deepEqual(told, sequences);
  assert.deepEqual(await Promise.all(crashed), [1, 4, 4, 4]);
  remove();
  await update(5);
  await turn(db);
  assert.equal(told.length, 4);
  const removeAtOnce = db.hooks.afterCommit(() => void told.push(0));
  const last = db.begin();
  last.open(stock).put("n", 6);
  last.commitSync();
  removeAtOnce();
  await turn(db);
  assert.equal(told.length, 4, "not after it was removed, not for commits before that either");
  await db.close();
});

test("CommitHooks.afterCommit tells a commit that is too large for the log, after its checkpoint", async () => {
  const io = memoryIo();
  const db = await Database.open("/a", { io, logBytes: 256 * 1024 });
  const seen: (number | undefined)[] = [];
  db.hooks.afterCommit(() => void seen.push(db.open(blobs).get(9)?.length));
  await db.update((tx) => {
    for (let key = 0; key < 10; key++) tx.open(blobs).put(key, new Uint8Array(30_000).fill(key));
  });
  await turn(db);
  assert.deepEqual(seen, [30_000]);
  await db.close();
});

test("CommitHooks.afterCommit that fails goes to onError, and neither undoes nor stops anything", async () => {
  await withStore(async (db) => {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push((error as Error).message);
    let told = 0;
    db.hooks.afterCommit(() => {
      throw new RangeError("thrown");
    }, { onError });
    db.hooks.afterCommit(() => Promise.reject(new RangeError("rejected")), { onError });
    db.hooks.afterCommit(() => void told++);
    await db.update((tx) => tx.open(stock).put("nuts", 1));
    await turn(db);
    await db.update((tx) => tx.open(stock).put("nuts", 2));
    await turn(db);
    assert.deepEqual(errors, ["thrown", "rejected", "thrown", "rejected"]);
    assert.deepEqual([told, db.open(stock).get("nuts")], [2, 2]);
  });
});

test("CommitHooks.afterCommit may commit, and is told of that too", async () => {
  await withStore(async (db) => {
    const told: (number | undefined)[] = [];
    db.hooks.afterCommit(async () => {
      const n = db.open(stock).get("n");
      told.push(n);
      if (n !== undefined && n < 5) await db.update((tx) => tx.open(stock).put("n", n + 1));
    });
    await db.update((tx) => tx.open(stock).put("n", 1), { durability: "memory" });
    for (let turns = 0; turns < 100 && told.length < 5; turns++) await turn(db);
    assert.deepEqual(told, [1, 2, 3, 4, 5]);
  });
});

test("CommitHooks.afterCommit that fails without onError is an unhandled rejection", async () => {
  const program = fileURLToPath(new URL("./failing_hook.ts", import.meta.url));
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const { code, stdout } = await runCommand(process.execPath, [...run, program], {
    timeoutMs: 60_000,
  });
  assert.equal(stdout, "committed 1\nunhandled from the hook\n");
  assert.equal(code, 3);
});
