/**
 * The file store of the official streams server, in this process: one stream, every append synced
 * (its file, and the offset in an lmdb) under a lock of the stream.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { LogContestant, LogModule, LogShape, SeeRecord } from "./contestant.ts";

interface FileStore {
  create(path: string, options: { contentType: string }): Promise<unknown>;
  append(path: string, record: Uint8Array): Promise<unknown>;
  read(path: string, offset: string): { messages: { data: Uint8Array }[] };
  close(): Promise<void>;
}

interface OfficialPackage {
  FileBackedStreamStore: new (options: { dataDir: string }) => FileStore;
}

const PATH = "/log";
/** Of a record in its file: 4 bytes of length before it and a line end behind it. */
const FRAME_BYTES = 5;
const OFFSET_DIGITS = 16;

class OfficialLog implements LogContestant {
  readonly #store: FileStore;
  readonly #recordBytes: number;

  constructor(store: FileStore, { recordBytes }: LogShape) {
    this.#store = store;
    this.#recordBytes = recordBytes;
  }

  async appendSynced(record: Uint8Array): Promise<void> {
    await this.#store.append(PATH, record);
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.appendSynced(record);
  }

  /** `read` fails from about 100,000 records on, so few are asked for: the row of replays has none. */
  replay(from: number, see: SeeRecord): void {
    const at = String(from * (this.#recordBytes + FRAME_BYTES)).padStart(OFFSET_DIGITS, "0");
    const offset = `${"0".repeat(OFFSET_DIGITS)}_${at}`;
    for (const { data } of this.#store.read(PATH, offset).messages) see(data);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** Loads the package; rejects when it is not installed. What it tells of slow appends is not shown. */
export async function load(): Promise<LogModule> {
  const { FileBackedStreamStore } = await importPeer<OfficialPackage>("@durable-streams/server");
  console.info = (): void => {};
  return {
    version: installedVersion("@durable-streams/server"),
    tasks: ["synced", "shared"],
    async open(dataDir, shape) {
      const store = new FileBackedStreamStore({ dataDir });
      await store.create(PATH, { contentType: "application/octet-stream" });
      return new OfficialLog(store, shape);
    },
  };
}
