import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { codec, Database, index } from "../../mod.ts";
import { LEVEL_LOG, OUR_LOG, SQLITE_LOG } from "../../bench/open/replay_log.ts";

/** Looks into a folder that exists for so long. */
async function inFolder(look: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    await look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a full log is below the bytes at which it is emptied", () => {
  for (const { fullBytes, limitBytes } of [OUR_LOG, SQLITE_LOG, LEVEL_LOG]) {
    assert.ok(fullBytes > limitBytes * 0.75 && fullBytes < limitBytes);
  }
});

test("the log of SQLite is its WAL; a store that was closed has none", () =>
  inFolder((folder) => {
    assert.equal(SQLITE_LOG.bytesIn(folder), 0);
    writeFileSync(join(folder, "sqlite.db"), new Uint8Array(500));
    writeFileSync(join(folder, "sqlite.db-wal"), new Uint8Array(4152));
    assert.equal(SQLITE_LOG.bytesIn(folder), 4152);
  }));

test("the log of LevelDB is the largest of its log files, and nothing else", () =>
  inFolder((folder) => {
    mkdirSync(join(folder, "entries"));
    assert.equal(LEVEL_LOG.bytesIn(folder), 0);
    writeFileSync(join(folder, "entries", "000005.log"), new Uint8Array(100));
    writeFileSync(join(folder, "entries", "000007.log"), new Uint8Array(300));
    writeFileSync(join(folder, "entries", "000006.ldb"), new Uint8Array(900));
    assert.equal(LEVEL_LOG.bytesIn(folder), 300);
  }));

test("our log has as many bytes as the open database says, and none after a close", () =>
  inFolder(async (folder) => {
    const database = await Database.open(join(folder, "data.hold"));
    const values = index("values", { key: codec.u32, value: codec.bytes });
    for (let i = 0; i < 20; i++) {
      await database.update((tx) => tx.open(values).put(i, new Uint8Array(1000)));
    }
    const { logBytes } = database.stats();
    assert.ok(logBytes > 20_000);
    assert.equal(OUR_LOG.bytesIn(folder), logBytes);
    await database.close();
    assert.equal(OUR_LOG.bytesIn(folder), 0);
  }));
