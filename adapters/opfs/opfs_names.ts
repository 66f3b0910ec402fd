/**
 * The names of the origin private file system, below one folder of it.
 *
 * @module
 */

import { IoError } from "../../src/errors.ts";
import type { IoFile, IoOpenMode, IoStat } from "../../src/io/adapter.ts";
import { checkMode } from "../shared/argument.ts";
import { isNamed, openError, opfsError } from "./opfs_errors.ts";
import { OpfsHandle } from "./opfs_file.ts";
import type {
  OpfsAccessHandle,
  OpfsDirectoryHandle,
  OpfsFileHandle,
  OpfsStorage,
} from "./opfs_platform.ts";
import { pathParts } from "../shared/path_parts.ts";

/** A folder to work in, and the names that lead to it from the origin's root. */
interface Root {
  readonly directory: OpfsDirectoryHandle;
  readonly prefix: readonly string[];
}

/** Where a path ends: its folder, which exists, and its name there. */
interface Place {
  readonly directory: OpfsDirectoryHandle;
  readonly name: string;
  /** The path in its one spelling. */
  readonly path: string;
}

/**
 * Files by path. What changes names or opens files goes one after the other, so that nothing opens
 * a file between the look for its name and its creation.
 */
export class OpfsNames {
  readonly #storage: OpfsStorage;
  readonly #given: OpfsDirectoryHandle | undefined;
  /** The open files by path. */
  readonly #handles = new Map<string, OpfsHandle>();
  #root: Root | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Works below `root`, by default the root of `storage`. */
  constructor(storage: OpfsStorage, root: OpfsDirectoryHandle | undefined) {
    this.#storage = storage;
    this.#given = root;
  }

  /** Opens a file. */
  async open(path: string, mode: IoOpenMode): Promise<IoFile> {
    const parts = pathParts(path);
    checkMode(mode);
    return await this.#inTurn(async () => {
      const place = await this.#place(parts, "open");
      if (mode === "create-new" && await exists(place)) {
        throw new IoError("IO_EXISTS", `the file ${path} exists`, { path });
      }
      const create = mode === "create" || mode === "create-new";
      const writable = mode !== "read";
      const shared = this.#handles.get(place.path);
      if (shared !== undefined) {
        if (writable && !shared.writable) throw openError("write", place.path);
        return shared.file(writable);
      }
      const file = await lookUp(place, "open", create);
      const access = await openAccess(file, place.path, writable);
      const closed = (): void => void this.#handles.delete(place.path);
      const handle = new OpfsHandle(access, place.path, writable, closed);
      this.#handles.set(place.path, handle);
      return handle.file(writable);
    });
  }

  /** Size of a file, or `undefined`. */
  async stat(path: string): Promise<IoStat | undefined> {
    const parts = pathParts(path);
    try {
      const place = await this.#place(parts, "examine");
      const handle = this.#handles.get(place.path);
      if (handle !== undefined) return { size: handle.size, links: 1 };
      const file = await lookUp(place, "examine", false);
      const { size } = await attempt("examine", place.path, () => file.getFile());
      return { size, links: 1 };
    } catch (error) {
      if (error instanceof IoError && error.code === "IO_NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** The names in a folder. */
  async list(path: string): Promise<string[]> {
    const directory = await this.#folder(pathParts(path), "list");
    return await attempt("list", path, async () => {
      const names: string[] = [];
      for await (const name of directory.keys()) names.push(name);
      return names.sort();
    });
  }

  /**
   * Renames a file. The browser does it in one step, or not at all: where it cannot, this is refused,
   * because a copy that was cut off would stand under the name of a database.
   */
  async rename(from: string, to: string): Promise<void> {
    const [fromParts, toParts] = [pathParts(from), pathParts(to)];
    await this.#inTurn(async () => {
      const source = await this.#place(fromParts, "rename");
      const target = await this.#place(toParts, "rename");
      const file = await lookUp(source, "rename", false);
      if (source.path === target.path) return;
      this.#refuseOpen("rename", source.path);
      this.#refuseOpen("replace", target.path);
      if (file.move === undefined) {
        const message = `cannot rename ${from}: this browser has no FileSystemFileHandle.move`;
        throw new IoError("IO_FAILED", message, { path: from });
      }
      await attempt("rename", source.path, () => file.move!(target.directory, target.name));
    });
  }

  /** Removes a file. */
  async remove(path: string): Promise<void> {
    const parts = pathParts(path);
    await this.#inTurn(async () => {
      try {
        const place = await this.#place(parts, "remove");
        // The browser's call removes empty folders too.
        await lookUp(place, "remove", false);
        this.#refuseOpen("remove", place.path);
        await attempt("remove", place.path, () => place.directory.removeEntry(place.name));
      } catch (error) {
        if (!(error instanceof IoError) || error.code !== "IO_NOT_FOUND") throw error;
      }
    });
  }

  /** The path in its one spelling, and its name in the origin; its folder must exist. */
  async realPath(path: string): Promise<{ path: string; origin: string }> {
    const place = await this.#place(pathParts(path), "resolve");
    const { prefix } = await this.#start();
    return { path: place.path, origin: ["", ...prefix].join("/") + place.path };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // The caller gets the error; the next one in line only waits.
    this.#last = done.catch(() => {});
    return done;
  }

  #refuseOpen(action: string, path: string): void {
    if (this.#handles.has(path)) throw openError(action, path);
  }

  async #start(): Promise<Root> {
    if (this.#root !== undefined) return this.#root;
    const top = await attempt("open", "/", () => this.#storage.getDirectory());
    const directory = this.#given ?? top;
    const prefix = await attempt("open", "/", () => top.resolve(directory));
    if (prefix === null) throw new TypeError("the root must be a folder of the storage");
    this.#root = { directory, prefix };
    return this.#root;
  }

  async #folder(parts: readonly string[], action: string): Promise<OpfsDirectoryHandle> {
    let { directory } = await this.#start();
    const path = `/${parts.join("/")}`;
    for (const part of parts) {
      const parent = directory;
      try {
        directory = await parent.getDirectoryHandle(part);
      } catch (error) {
        if (!isNamed(error, "TypeMismatchError")) throw opfsError(action, path, error);
        const message = `cannot ${action} ${path}: ${part} is no folder`;
        throw new IoError("IO_NOT_FOUND", message, { path, cause: error });
      }
    }
    return directory;
  }

  async #place(parts: readonly string[], action: string): Promise<Place> {
    const name = parts.at(-1);
    if (name === undefined) {
      throw new IoError("IO_ACCESS", `cannot ${action} /: a folder`, { path: "/" });
    }
    const directory = await this.#folder(parts.slice(0, -1), action);
    return { directory, name, path: `/${parts.join("/")}` };
  }
}

async function attempt<T>(action: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw opfsError(action, path, error);
  }
}

function lookUp(place: Place, action: string, create: boolean): Promise<OpfsFileHandle> {
  const { directory, name, path } = place;
  return attempt(action, path, () => directory.getFileHandle(name, { create }));
}

/** Whether a name is taken, by a folder too. */
async function exists(place: Place): Promise<boolean> {
  try {
    await place.directory.getFileHandle(place.name);
    return true;
  } catch (error) {
    if (isNamed(error, "TypeMismatchError")) return true;
    if (isNamed(error, "NotFoundError")) return false;
    throw opfsError("open", place.path, error);
  }
}

async function openAccess(
  file: OpfsFileHandle,
  path: string,
  writable: boolean,
): Promise<OpfsAccessHandle> {
  if (file.createSyncAccessHandle === undefined) {
    const message = `cannot open ${path}: OPFS files open in dedicated workers only`;
    throw new IoError("IO_FAILED", message, { path });
  }
  const mode = writable ? "readwrite" : "read-only";
  return await attempt("open", path, () => file.createSyncAccessHandle!({ mode }));
}
