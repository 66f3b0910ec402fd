/**
 * What a store must do whose opening and living are measured.
 *
 * @module
 */

/** One store, open. Keys have 16 bytes, values 100; a method may not keep them. */
export interface Store {
  /** Durable put, one of those of 64 callers. */
  put(key: Uint8Array, value: Uint8Array): void | Promise<void>;
  /** All entries in one durable transaction. */
  commit(keys: readonly Uint8Array[], values: readonly Uint8Array[]): void | Promise<void>;
  get(key: Uint8Array): Uint8Array | undefined;
  /** After so many puts: whether what an opening has to replay is about as much as it gets. */
  isLogFull(puts: number): boolean;
  /** What its checkpoints have done so far, where it can tell. */
  checkpoints?(): CheckpointCount;
  close(): void | Promise<void>;
}

/** Since the store was opened. */
export interface CheckpointCount {
  readonly completed: number;
  /** Only checkpoints write pages. */
  readonly pagesWritten: number;
}

/** A way to open a store. */
export interface StoreModule {
  readonly version: string;
  /** Its cache has a budget. One that maps its file instead has none to compare memory with. */
  readonly hasCacheBudget: boolean;
  open(directory: string, cacheBytes: number): Promise<Store>;
}

/** The modules are imported where they are used: some cannot be on every runtime. */
export const STORES: Readonly<Record<string, () => Promise<StoreModule>>> = {
  holdfast: async () => (await import("./holdfast.ts")).load(),
  lmdb: async () => (await import("./lmdb.ts")).load(),
  sqlite: async () => (await import("./sqlite.ts")).load(),
  level: async () => (await import("./level.ts")).load(),
};
