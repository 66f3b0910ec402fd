/**
 * What a log of the comparison must do. All records of a log have the same length.
 *
 * @module
 */

/**
 * Where a row's records are when its clock stops: "unsynced" with the operating system, "durable" on
 * the medium, each when its append returned or resolved.
 */
export type LogMode = "unsynced" | "durable";

/** What a contestant can be asked: the kinds of rows. */
export type LogTask = "append" | "synced" | "shared" | "replay";

/** How to open a log. */
export interface LogShape {
  readonly mode: LogMode;
  readonly recordBytes: number;
}

/** Is given each record; the bytes are its own from then on. */
export type SeeRecord = (record: Uint8Array) => void;

/**
 * One log, open; what it is never asked for is absent. sonic-boom keeps the records that it is given:
 * nobody changes them.
 */
export interface LogContestant {
  /** Takes records, in order, the way that is fastest without syncs. Of a log opened "unsynced". */
  appendAll?(records: readonly Uint8Array[]): void | Promise<void>;
  /** All that was taken is with the operating system. Of a log opened "unsynced". */
  flush?(): void | Promise<void>;
  /** One record, durable, the way that is fastest for one caller. Of a log opened "durable". */
  appendSynced?(record: Uint8Array): void | Promise<void>;
  /** One record, durable, the way that is fastest for 64 callers. Of a log opened "durable". */
  appendShared?(record: Uint8Array): void | Promise<void>;
  /** All records from number `from` on, in order, each in memory of its own. */
  replay(from: number, see: SeeRecord): void | Promise<void>;
  /** Syncs of the log so far, where it can tell. */
  syncs?(): number;
  close(): void | Promise<void>;
}

/** A way to open a log, with the version the report names. */
export interface LogModule {
  readonly version: string;
  /** Rows that the contestant is made for; the others would compare what nobody would do. */
  readonly tasks: readonly LogTask[];
  open(directory: string, shape: LogShape): Promise<LogContestant>;
}
