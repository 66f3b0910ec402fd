/**
 * Our `recordLog` in a database: what an application picks that keeps other things beside the log.
 *
 * @module
 */

import { Database, recordLog } from "../../mod.ts";
import { ourVersion } from "../our_version.ts";
import type { LogContestant, LogModule, SeeRecord } from "./contestant.ts";

const LOG = recordLog("log");

class RecordLog implements LogContestant {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  appendAll(records: readonly Uint8Array[]): Promise<void> {
    return this.#database.update((tx) => {
      const log = tx.open(LOG);
      for (const record of records) log.append(record);
    });
  }

  /** With durability "os" a transaction is with the operating system when it resolves. */
  flush(): void {}

  appendSynced(record: Uint8Array): Promise<void> {
    return this.#database.update((tx) => {
      tx.open(LOG).append(record);
    });
  }

  appendShared(record: Uint8Array): Promise<void> {
    return this.appendSynced(record);
  }

  replay(from: number, see: SeeRecord): void {
    for (const { bytes } of this.#database.open(LOG).read({ from })) see(bytes);
  }

  syncs(): number {
    return this.#database.stats().syncs;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Never fails: the library is this repository. */
export function load(): Promise<LogModule> {
  return Promise.resolve({
    version: ourVersion(),
    tasks: ["append", "synced", "shared", "replay"],
    open: async (directory, { mode }) => {
      const durability = mode === "durable" ? "disk" : "os";
      return new RecordLog(await Database.open(`${directory}/data.hold`, { durability }));
    },
  });
}
