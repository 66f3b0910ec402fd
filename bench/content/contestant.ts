/**
 * What a content store of the comparison must do.
 *
 * @module
 */

/** One store, open. It may not keep the bytes that it is given. */
export interface ContentContestant {
  /** Stores a blob. @returns what names it */
  put(blob: Uint8Array): unknown;
  /**
   * The bytes of a blob, verified by its digest; the caller's own memory. `isAlone`: nobody else asks
   * for anything meanwhile.
   */
  get(id: unknown, isAlone: boolean): Uint8Array | Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A way to open a store, with the version the report names. */
export interface ContentModule {
  readonly version: string;
  open(directory: string): Promise<ContentContestant>;
}
