/**
 * What the OPFS adapter asks of a browser, as interfaces of its own: TypeScript declares the
 * synchronous parts for workers only, and the method `move` not at all. The browser's objects fit
 * them as they are.
 *
 * @module
 */

/** A file or a folder of the origin private file system (`FileSystemHandle`). */
export interface OpfsEntry {
  /** Which of the two. */
  readonly kind: "file" | "directory";
  /** Its name in its folder; "" for the root. */
  readonly name: string;
  /** Whether both stand for the same entry. */
  isSameEntry(other: OpfsEntry): Promise<boolean>;
}

/** How many may have a file open: one, or any number that only read. */
export type OpfsAccessMode = "readwrite" | "read-only";

/** An open file (`FileSystemSyncAccessHandle`). */
export interface OpfsAccessHandle {
  /** Reads from byte `at`; returns how many bytes. */
  read(buffer: Uint8Array, options: { readonly at: number }): number;
  /** Writes to byte `at`; returns how many bytes. */
  write(buffer: Uint8Array, options: { readonly at: number }): number;
  /** Cuts or extends, with zeros. */
  truncate(size: number): void;
  /** Size in bytes. */
  getSize(): number;
  /** Asks the browser to pass what was written on to the storage device. */
  flush(): void;
  /** Releases the file. */
  close(): void;
}

/** A file by its name (`FileSystemFileHandle`). */
export interface OpfsFileHandle extends OpfsEntry {
  /** A file. */
  readonly kind: "file";
  /** The file as it is now. */
  getFile(): Promise<{ readonly size: number }>;
  /** Opens the file; exists in dedicated workers only. A browser may not know `mode`. */
  createSyncAccessHandle?(options?: { readonly mode: OpfsAccessMode }): Promise<OpfsAccessHandle>;
  /** Gives the file another name, replacing what has that name; not standard, in all browsers. */
  move?(directory: OpfsDirectoryHandle, name: string): Promise<void>;
}

/** A folder (`FileSystemDirectoryHandle`). */
export interface OpfsDirectoryHandle extends OpfsEntry {
  /** A folder. */
  readonly kind: "directory";
  /** A folder in this one. */
  getDirectoryHandle(
    name: string,
    options?: { readonly create?: boolean },
  ): Promise<OpfsDirectoryHandle>;
  /** A file in this folder. */
  getFileHandle(name: string, options?: { readonly create?: boolean }): Promise<OpfsFileHandle>;
  /** Removes a file or an empty folder. */
  removeEntry(name: string): Promise<void>;
  /** The names in this folder, in no order. */
  keys(): AsyncIterable<string>;
  /** The names along the way to an entry below this folder, `null` when it is not below. */
  resolve(possibleDescendant: OpfsEntry): Promise<string[] | null>;
}

/** Where the files of an origin are: `navigator.storage`, or a storage bucket. */
export interface OpfsStorage {
  /** The root. */
  getDirectory(): Promise<OpfsDirectoryHandle>;
}

/** How to ask for a Web Lock (`LockOptions`). */
export interface OpfsLockOptions {
  /** One holder, or any number that share. */
  readonly mode: "exclusive" | "shared";
  /** Do not wait: the callback gets `null` when the lock is not free. */
  readonly ifAvailable: boolean;
}

/** The Web Locks of an origin: `navigator.locks`, or those of a storage bucket. */
export interface OpfsLocks {
  /** Holds the lock until what the callback returns is settled; resolves after that. */
  request(
    name: string,
    options: OpfsLockOptions,
    callback: (lock: object | null) => Promise<void> | undefined,
  ): Promise<unknown>;
}
