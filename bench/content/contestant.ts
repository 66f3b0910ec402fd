/**
 * What a content store of the comparison must do.
 *
 * @module
 */

/** What a get hands out. */
export type Fetched = Uint8Array | Promise<Uint8Array>;

/**
 * One store, open. It may not keep the bytes that it is given. What it hands out is verified by its
 * digest, and the caller's own memory. A put is durable when it is done, where the store can be that.
 */
export interface ContentContestant {
  /** Stores a blob, the way that is fastest for a single caller. @returns what names it */
  put(blob: Uint8Array): unknown;
  /** Stores a blob, the way that is fastest when 64 callers do it at once. @returns what names it */
  putShared(blob: Uint8Array): unknown;
  /** Stores blobs that are durable together. @returns what names them, in their order */
  putBatch(blobs: readonly Uint8Array[]): Promise<unknown[]>;
  /** The bytes of a blob, the way that is fastest for a single caller. */
  get(id: unknown): Fetched;
  /** The bytes of a blob, the way that is fastest when 64 callers do it at once. */
  getShared(id: unknown): Fetched;
  close(): Promise<void>;
}

/** A way to open a store, with the version the report names. */
export interface ContentModule {
  readonly version: string;
  open(directory: string): Promise<ContentContestant>;
}
