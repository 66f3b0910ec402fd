/**
 * The origin private file system and the Web Locks of a browser, as their standards describe them,
 * in memory. Handles are places, not files: what was moved away is not found any more. A file that
 * is open keeps out other handles, moves and removals. All contexts (tabs, workers) of an origin
 * see the same files and the same locks.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { MemoryContent } from "../../adapters/memory_file.ts";
import type {
  OpfsAccessHandle,
  OpfsAccessMode,
  OpfsDirectoryHandle,
  OpfsEntry,
  OpfsFileHandle,
  OpfsLocks,
  OpfsStorage,
} from "../../adapters/opfs.ts";
import { FakeLockManager } from "./fake_locks.ts";

/** What a browser may lack, and how it may behave. */
export interface FakeBrowser {
  /** Bytes that all files together may have. */
  readonly quota?: number;
  /** The most that one call reads or writes. */
  readonly transfer?: number;
  /** Whether access handles know their modes (default), or are all alone on their file. */
  readonly modes?: boolean;
  /** Whether there is `move`; default true. */
  readonly move?: boolean;
  /** Whether this is a worker, where files can be opened; default true. */
  readonly worker?: boolean;
}

/** One tab or worker of the origin. */
export interface FakeContext {
  readonly storage: OpfsStorage;
  readonly locks: OpfsLocks;
  /** The browser ends it: its files are closed, its locks free. */
  end(): void;
}

interface FileNode {
  readonly kind: "file";
  readonly content: MemoryContent;
  /** The mode of the handles that are open, and how many. */
  mode: OpfsAccessMode | undefined;
  users: number;
}

interface FolderNode {
  readonly kind: "directory";
  readonly children: Map<string, FileNode | FolderNode>;
}

/** The next turn of the event loop: nothing that a standard calls asynchronous is done earlier. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const fault = (name: string): DOMException => new DOMException(`fake ${name}`, name);

const newFile = (): FileNode => ({
  kind: "file",
  content: new MemoryContent(),
  mode: undefined,
  users: 0,
});

/** An origin with its files and locks. */
export class FakeOrigin {
  /** How the browser behaves; may be changed at any time. */
  browser: FakeBrowser;
  /** Called before each flush, write and truncate; what it throws, the call throws. */
  before: (call: "flush" | "write" | "truncate") => void = () => {};
  readonly #top: FolderNode = { kind: "directory", children: new Map() };
  readonly #locks = new FakeLockManager();

  constructor(browser: FakeBrowser = {}) {
    this.browser = browser;
  }

  /** Opens a tab or a worker. */
  context(): FakeContext {
    const opened = new Set<OpfsAccessHandle>();
    const root = new FakeDirectory(this, [], opened);
    const locks = this.#locks.client();
    return {
      storage: {
        getDirectory: async (): Promise<OpfsDirectoryHandle> => {
          await turn();
          return root;
        },
      },
      locks,
      end: (): void => {
        for (const access of opened) access.close();
        locks.end();
      },
    };
  }

  /** What is at a place. */
  find(parts: readonly string[]): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.#top;
    for (const part of parts) {
      if (node?.kind !== "directory") return undefined;
      node = node.children.get(part);
    }
    return node;
  }

  /** The folder at a place. */
  folder(parts: readonly string[]): FolderNode {
    const node = this.find(parts);
    if (node?.kind !== "directory") throw fault("NotFoundError");
    return node;
  }

  /** The file at a place. */
  file(parts: readonly string[]): FileNode {
    const node = this.find(parts);
    if (node?.kind !== "file") throw fault("NotFoundError");
    return node;
  }

  /** Bytes that all files have. */
  usage(node: FileNode | FolderNode = this.#top): number {
    if (node.kind === "file") return node.content.size;
    return [...node.children.values()].reduce((sum, child) => sum + this.usage(child), 0);
  }

  /** Refuses growth beyond the quota. */
  charge(growth: number): void {
    const { quota } = this.browser;
    if (quota !== undefined && growth > 0 && this.usage() + growth > quota) {
      throw fault("QuotaExceededError");
    }
  }
}

function checkName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\\]/.test(name)) {
    throw new TypeError(`fake: the name ${name} is not allowed`);
  }
}

abstract class FakeEntry implements OpfsEntry {
  abstract readonly kind: "file" | "directory";
  readonly origin: FakeOrigin;
  readonly opened: Set<OpfsAccessHandle>;
  parts: readonly string[];

  constructor(origin: FakeOrigin, parts: readonly string[], opened: Set<OpfsAccessHandle>) {
    this.origin = origin;
    this.parts = parts;
    this.opened = opened;
  }

  get name(): string {
    return this.parts.at(-1) ?? "";
  }

  async isSameEntry(other: OpfsEntry): Promise<boolean> {
    await turn();
    return other instanceof FakeEntry && other.origin === this.origin &&
      other.kind === this.kind && other.parts.join("/") === this.parts.join("/");
  }
}

class FakeDirectory extends FakeEntry implements OpfsDirectoryHandle {
  readonly kind = "directory";

  async getDirectoryHandle(
    name: string,
    options: { readonly create?: boolean } = {},
  ): Promise<OpfsDirectoryHandle> {
    checkName(name);
    await turn();
    const { children } = this.origin.folder(this.parts);
    const child = children.get(name);
    if (child?.kind === "file") throw fault("TypeMismatchError");
    if (child === undefined) {
      if (options.create !== true) throw fault("NotFoundError");
      children.set(name, { kind: "directory", children: new Map() });
    }
    return new FakeDirectory(this.origin, [...this.parts, name], this.opened);
  }

  async getFileHandle(
    name: string,
    options: { readonly create?: boolean } = {},
  ): Promise<OpfsFileHandle> {
    checkName(name);
    await turn();
    const { children } = this.origin.folder(this.parts);
    const child = children.get(name);
    if (child?.kind === "directory") throw fault("TypeMismatchError");
    if (child === undefined) {
      if (options.create !== true) throw fault("NotFoundError");
      children.set(name, newFile());
    }
    return new FakeFile(this.origin, [...this.parts, name], this.opened);
  }

  async removeEntry(name: string): Promise<void> {
    checkName(name);
    await turn();
    const { children } = this.origin.folder(this.parts);
    const child = children.get(name);
    if (child === undefined) throw fault("NotFoundError");
    if (child.kind === "file" && child.users > 0) throw fault("NoModificationAllowedError");
    if (child.kind === "directory" && child.children.size > 0) {
      throw fault("InvalidModificationError");
    }
    children.delete(name);
  }

  async *keys(): AsyncGenerator<string> {
    await turn();
    for (const name of [...this.origin.folder(this.parts).children.keys()].reverse()) {
      yield name;
      await turn();
    }
  }

  async resolve(possibleDescendant: OpfsEntry): Promise<string[] | null> {
    await turn();
    if (!(possibleDescendant instanceof FakeEntry)) return null;
    if (possibleDescendant.origin !== this.origin) return null;
    const { parts } = possibleDescendant;
    if (this.parts.some((part, index) => parts[index] !== part)) return null;
    return parts.slice(this.parts.length);
  }
}

class FakeFile extends FakeEntry implements OpfsFileHandle {
  readonly kind = "file";

  // Absent where the browser has none, like a method that was never there.
  get createSyncAccessHandle(): NonNullable<OpfsFileHandle["createSyncAccessHandle"]> {
    const absent = this.origin.browser.worker === false;
    return (absent ? undefined : this.#createSyncAccessHandle) as never;
  }

  get move(): NonNullable<OpfsFileHandle["move"]> {
    return (this.origin.browser.move === false ? undefined : this.#move) as never;
  }

  async getFile(): Promise<{ readonly size: number }> {
    await turn();
    return { size: this.origin.file(this.parts).content.size };
  }

  async #createSyncAccessHandle(
    options: { readonly mode?: OpfsAccessMode } = {},
  ): Promise<OpfsAccessHandle> {
    await turn();
    const node = this.origin.file(this.parts);
    const mode = this.origin.browser.modes === false ? "readwrite" : options.mode ?? "readwrite";
    const shares = mode === "read-only" && node.mode === "read-only";
    if (node.users > 0 && !shares) throw fault("NoModificationAllowedError");
    node.mode = mode;
    node.users++;
    const access = new FakeAccess(this.origin, node, mode, () => this.opened.delete(access));
    this.opened.add(access);
    return access;
  }

  async #move(directory: OpfsDirectoryHandle, name: string): Promise<void> {
    checkName(name);
    await turn();
    const node = this.origin.file(this.parts);
    if (!(directory instanceof FakeDirectory)) throw new TypeError("fake: no folder");
    const { children } = this.origin.folder(directory.parts);
    const target = children.get(name);
    if (target?.kind === "directory") throw fault("InvalidModificationError");
    if (node.users > 0 || (target?.users ?? 0) > 0) throw fault("NoModificationAllowedError");
    this.origin.folder(this.parts.slice(0, -1)).children.delete(this.name);
    children.set(name, node);
    this.parts = [...directory.parts, name];
  }
}

class FakeAccess implements OpfsAccessHandle {
  readonly #origin: FakeOrigin;
  readonly #node: FileNode;
  readonly #mode: OpfsAccessMode;
  readonly #onClose: () => void;
  #closed = false;

  constructor(origin: FakeOrigin, node: FileNode, mode: OpfsAccessMode, onClose: () => void) {
    this.#origin = origin;
    this.#node = node;
    this.#mode = mode;
    this.#onClose = onClose;
  }

  read(buffer: Uint8Array, { at }: { readonly at: number }): number {
    this.#checkOpen();
    return this.#node.content.read(this.#window(buffer), at);
  }

  write(buffer: Uint8Array, { at }: { readonly at: number }): number {
    this.#checkChange("write");
    const bytes = this.#window(buffer);
    this.#origin.charge(at + bytes.length - this.#node.content.size);
    this.#node.content.write(bytes, at);
    return bytes.length;
  }

  truncate(size: number): void {
    this.#checkChange("truncate");
    this.#origin.charge(size - this.#node.content.size);
    this.#node.content.resize(size);
  }

  getSize(): number {
    this.#checkOpen();
    return this.#node.content.size;
  }

  flush(): void {
    this.#checkChange("flush");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#node.users--;
    this.#onClose();
  }

  #window(buffer: Uint8Array): Uint8Array {
    return buffer.subarray(0, this.#origin.browser.transfer ?? buffer.length);
  }

  #checkOpen(): void {
    if (this.#closed) throw fault("InvalidStateError");
  }

  #checkChange(call: "flush" | "write" | "truncate"): void {
    this.#checkOpen();
    if (this.#mode === "read-only") throw fault("NoModificationAllowedError");
    this.#origin.before(call);
  }
}
