/**
 * Opens stores for tests and checks every one of them before it is closed: no leak, no page with
 * two owners, all checksums right.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryIo } from "../../adapters/memory.ts";
import { Database, type DatabaseOptions, type IoAdapter } from "../../mod.ts";

/** Asserts that a store is whole. */
export async function assertWhole(db: Database): Promise<void> {
  const report = await db.check();
  assert.deepEqual(report.problems, []);
  assert.equal(report.ok, true);
}

/** Runs `body` on a new store in memory, which is checked, closed, reopened and checked again. */
export async function withStore(
  body: (db: Database, io: IoAdapter) => Promise<void>,
  options: DatabaseOptions = {},
): Promise<void> {
  const io = options.io ?? memoryIo();
  const db = await Database.open("/test.hold", { ...options, io });
  await body(db, io);
  await assertWhole(db);
  await db.close();
  const again = await Database.open("/test.hold", { ...options, io });
  await assertWhole(again);
  await again.close();
}

/** Runs `body` with a folder on the real file system, which is removed afterwards. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of a short text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
