/**
 * The folder a run keeps its data in.
 *
 * @module
 */

import {
  closeSync,
  cpSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./command_line.ts";
import { fileSystemOf, isMemoryFileSystem } from "./machine.ts";

/** A fresh folder below `parent`, the operating system's temporary folder by default. */
export function createRunFolder(parent: string | undefined): string {
  if (parent !== undefined) mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent ?? tmpdir(), "holdfast-bench-"));
  const fileSystem = fileSystemOf(folder);
  if (isMemoryFileSystem(fileSystem)) {
    removeFolder(folder);
    throw new UsageError(`${fileSystem} is not a disk: choose a folder with --dir`);
  }
  return folder;
}

/** A new folder in a run folder. */
export function createFolder(...parts: string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Removes a folder and all in it, even while a process that is being killed still writes there. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** Copies a folder to one that is there, and syncs it: no sync that is timed later writes the copy. */
export function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(join(entry.parentPath, entry.name), "r+");
    fsyncSync(file);
    closeSync(file);
  }
}

/** Bytes that the files below `folder` occupy on disk. */
export function occupiedBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    bytes += statSync(join(folder, name)).blocks * 512;
  }
  return bytes;
}
