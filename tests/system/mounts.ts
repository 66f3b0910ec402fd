/**
 * Mounts for tests, where one may mount: that takes Linux, and mostly root.
 *
 * @module
 */

import { mkdirSync, rmdirSync } from "node:fs";
import process from "node:process";
import { runCommand } from "../tools/run_command.ts";

/** Something that is mounted at a folder. */
export interface Mount {
  readonly folder: string;
  /** Takes it away again. */
  end(): Promise<void>;
}

/** A file system in memory of so many bytes, at a new folder. @returns the reason if it cannot be */
export function mountMemory(folder: string, bytes: number): Promise<Mount | string> {
  return mount(folder, ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder]);
}

/** A folder under a second name, a new folder. @returns the reason if it cannot be */
export function bindFolder(source: string, folder: string): Promise<Mount | string> {
  return mount(folder, ["--bind", source, folder]);
}

async function mount(folder: string, words: readonly string[]): Promise<Mount | string> {
  if (process.platform !== "linux") return "mounts are made on Linux only";
  mkdirSync(folder);
  let reason: string;
  try {
    const { code, output } = await runCommand("mount", words, { timeoutMs: 10_000 });
    if (code === 0) return { folder, end: () => unmount(folder) };
    reason = `one may not mount here: ${output.trim()}`;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    reason = "there is no mount";
  }
  rmdirSync(folder);
  return reason;
}

async function unmount(folder: string): Promise<void> {
  const { code, output } = await runCommand("umount", [folder], { timeoutMs: 10_000 });
  if (code !== 0) throw new Error(output);
  rmdirSync(folder);
}
