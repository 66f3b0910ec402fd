/**
 * An adapter without a platform: nothing here names a runtime, nothing outlives the object.
 *
 * @module
 */

import { IoError } from "../src/errors.ts";
import type {
  IoAdapter,
  IoFile,
  IoLock,
  IoLockMode,
  IoOpenMode,
  IoStat,
} from "../src/io/adapter.ts";
import { checkLockMode, checkMode, checkPath } from "./shared/argument.ts";
import { fillRandom } from "./shared/entropy.ts";
import { LockTable } from "./shared/lock_table.ts";
import { MemoryContent, MemoryFile } from "./memory_file.ts";
import { pathParts } from "./shared/path_parts.ts";
import { turnScheduler } from "./shared/turn_scheduler.ts";

/**
 * Makes an in-memory disk: its files live as long as the returned object, its locks hold among the
 * users of that object. Not durable, `sync` does nothing. Every folder exists and is empty until a
 * file stands in it; there are no links.
 */
export function memoryIo(): IoAdapter {
  const disk = new MemoryDisk();
  return {
    name: "memory",
    capabilities: {
      durable: false,
      directorySync: false,
      atomicReplace: true,
      asyncSync: false,
      lock: "process",
    },
    open: async (path: string, mode: IoOpenMode) => disk.open(path, mode),
    stat: async (path: string) => disk.stat(path),
    list: async (directory: string) => disk.list(directory),
    rename: async (from: string, to: string) => disk.rename(from, to),
    remove: async (path: string) => disk.remove(path),
    syncDirectory: async (path: string) => checkPath(path),
    tryLock: async (path: string, mode?: IoLockMode) => disk.tryLock(path, mode),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: fillRandom,
    nextTurn: turnScheduler(),
  };
}

class MemoryDisk {
  readonly #files = new Map<string, MemoryContent>();
  readonly #locks = new LockTable();

  open(path: string, mode: IoOpenMode): IoFile {
    const key = normalPath(path);
    checkMode(mode);
    let content = this.#files.get(key);
    if (content === undefined) {
      if (mode === "read" || mode === "write") throw missing(path);
      content = new MemoryContent();
      this.#files.set(key, content);
    } else if (mode === "create-new") {
      throw new IoError("IO_EXISTS", `the file ${path} exists`, { path });
    }
    return new MemoryFile(content, path, mode !== "read");
  }

  stat(path: string): IoStat | undefined {
    const content = this.#files.get(normalPath(path));
    return content === undefined ? undefined : { size: content.size, links: 1 };
  }

  list(directory: string): string[] {
    const folder = normalPath(directory);
    const prefix = folder === "" || folder === "/" ? folder : `${folder}/`;
    const names = new Set<string>();
    for (const key of this.#files.keys()) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length).split("/")[0];
      if (name) names.add(name);
    }
    return [...names].sort();
  }

  rename(from: string, to: string): void {
    const source = normalPath(from);
    const target = normalPath(to);
    const content = this.#files.get(source);
    if (content === undefined) throw missing(from);
    this.#files.delete(source);
    this.#files.set(target, content);
  }

  remove(path: string): void {
    this.#files.delete(normalPath(path));
  }

  tryLock(path: string, mode: IoLockMode = "exclusive"): IoLock | undefined {
    const key = normalPath(path);
    checkLockMode(mode);
    return this.#locks.take(key, mode);
  }
}

function missing(path: string): IoError {
  return new IoError("IO_NOT_FOUND", `there is no file ${path}`, { path });
}

/** One spelling for each path. */
function normalPath(path: string): string {
  const parts = pathParts(path);
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}
