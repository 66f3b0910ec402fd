/** Syncs of one file that overlap: each learns of a failed write, and one that failed stays failed. */

import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readlinkSync, renameSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { NodeFile } from "../../adapters/node/node_file.ts";
import { isHoldfastError } from "../../mod.ts";
import { withFolder } from "../kernel/checked.ts";

const FOLDER = "/proc/self/fd";

/** How many descriptors of this process are open for a file. */
function descriptors(path: string): number {
  let found = 0;
  for (const fd of readdirSync(FOLDER)) {
    try {
      if (readlinkSync(join(FOLDER, fd)) === path) found++;
    } catch (error) {
      // That of the listing itself, closed by now.
      assert.equal((error as { code?: unknown }).code, "ENOENT");
    }
  }
  return found;
}

const skip = process.platform === "linux" ? false : "needs /proc to count descriptors";

/** Gives a new file and its path. */
async function withFile(body: (file: NodeFile, path: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await body(new NodeFile(openSync(path, "w+"), path, 0, true), path);
  });
}

test(
  "NodeFile.syncAsync: syncs that overlap have a descriptor each, used again later",
  { skip },
  () =>
    withFile(async (file, path) => {
      file.writeAt(new Uint8Array(10), 0);
      file.sync();
      assert.equal(descriptors(path), 1);
      for (let round = 0; round < 2; round++) {
        await Promise.all([file.syncAsync(), file.syncAsync()]);
        assert.equal(descriptors(path), 3);
      }
      file.close();
      assert.equal(descriptors(path), 0);
    }),
);

test(
  "NodeFile.close while syncs run: their descriptors are closed when they return",
  { skip },
  () =>
    withFile(async (file, path) => {
      const pending = [file.syncAsync(), file.syncAsync()];
      file.close();
      // Deno has two more, copies of the same.
      assert.ok(descriptors(path) >= 3);
      await Promise.all(pending);
      assert.equal(descriptors(path), 0);
    }),
);

test(
  "NodeFile.syncAsync of a file that was renamed, with another one in its place",
  { skip },
  () =>
    withFile(async (file, path) => {
      renameSync(path, `${path}.old`);
      await file.syncAsync();
      closeSync(openSync(path, "w+"));
      await Promise.all([file.syncAsync(), file.syncAsync()]);
      assert.equal(descriptors(path), 0, "the other file stays alone");
      assert.equal(descriptors(`${path}.old`), 1);
      file.close();
    }),
);

test("NodeFile: after a sync that failed every later one fails, and so do those under way", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    const fd = openSync(path, "w+");
    const file = new NodeFile(fd, path, 0, true);
    const failed = (error: unknown): boolean =>
      isHoldfastError(error) && error.code === "IO_FAILED";
    const pending = file.syncAsync();
    closeSync(fd);
    assert.throws(() => file.sync(), failed);
    await assert.rejects(pending, failed);
    // The lowest free number is given: the one of before.
    assert.equal(openSync(path, "r+"), fd);
    assert.throws(() => file.sync(), failed);
    await assert.rejects(file.syncAsync(), failed);
    file.close();
  });
});
