import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../../bench/command_line.ts";
import { fileSystemOf, isMemoryFileSystem } from "../../bench/machine.ts";
import { writePlots } from "../../bench/plot_folder.ts";
import { copyFolder, createRunFolder, occupiedBytes } from "../../bench/run_folder.ts";

/** Works in a folder that exists for so long. */
function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("copyFolder() copies the files of all folders", () =>
  inFolder((folder) => {
    mkdirSync(join(folder, "from", "below"), { recursive: true });
    mkdirSync(join(folder, "to"));
    writeFileSync(join(folder, "from", "a"), "1");
    writeFileSync(join(folder, "from", "below", "b"), "2");
    copyFolder(join(folder, "from"), join(folder, "to"));
    assert.equal(readFileSync(join(folder, "to", "a"), "utf8"), "1");
    assert.equal(readFileSync(join(folder, "to", "below", "b"), "utf8"), "2");
  }));

test("occupiedBytes() counts the blocks of all files, of a copy at once: it is synced", () =>
  inFolder((folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    mkdirSync(join(from, "below"), { recursive: true });
    mkdirSync(to);
    const empty = occupiedBytes(to);
    writeFileSync(join(from, "below", "b"), new Uint8Array(100_000).fill(1));
    copyFolder(from, to);
    const bytes = occupiedBytes(to) - empty;
    assert.ok(bytes >= 100_000 && bytes < 200_000, String(bytes));
  }));

test("createRunFolder() makes a folder of its own, and none in memory", (t) =>
  inFolder((folder) => {
    const onDisk = !isMemoryFileSystem(fileSystemOf(folder));
    if (onDisk) {
      const [one, two] = [createRunFolder(folder), createRunFolder(join(folder, "new"))];
      assert.ok(one !== two && existsSync(one) && existsSync(two));
    }
    const inMemory = existsSync("/dev/shm") && isMemoryFileSystem(fileSystemOf("/dev/shm"));
    if (!inMemory) return t.skip("no file system in memory here");
    assert.throws(() => createRunFolder("/dev/shm"), UsageError);
  }));

test("writePlots() leaves the plots of this run alone, and what is no plot", () =>
  inFolder((folder) => {
    writeFileSync(join(folder, "old.svg"), "old");
    writeFileSync(join(folder, "notes.md"), "notes");
    writePlots(folder, new Map([["new.svg", "new"]]));
    assert.equal(existsSync(join(folder, "old.svg")), false);
    assert.equal(readFileSync(join(folder, "new.svg"), "utf8"), "new");
    assert.equal(existsSync(join(folder, "notes.md")), true);
  }));
