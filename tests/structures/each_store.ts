/**
 * The stores that a suite of a structure runs over: in memory, on the simulated disk, and in a real
 * folder.
 *
 * @module
 */

import { join } from "node:path";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Database, type DatabaseOptions, type IoAdapter } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";
import { assertWhole, withFolder } from "../kernel/checked.ts";

/** A store that can be closed and opened again. */
export class ReopenedStore {
  readonly io: IoAdapter;
  readonly #path: string;
  readonly #options: DatabaseOptions;
  #db: Database | undefined;

  constructor(io: IoAdapter, path: string, options: DatabaseOptions) {
    this.io = io;
    this.#path = path;
    this.#options = options;
  }

  /** The database as it is open now. */
  get db(): Database {
    if (this.#db === undefined) throw new Error("the store is not open");
    return this.#db;
  }

  /** Checks and closes it if it is open, and opens it. */
  async open(): Promise<Database> {
    await this.close();
    this.#db = await Database.open(this.#path, { ...this.#options, io: this.io });
    return this.#db;
  }

  /** Checks and closes it if it is open. */
  async close(): Promise<void> {
    if (this.#db === undefined) return;
    await assertWhole(this.#db);
    await this.#db.close();
    this.#db = undefined;
  }
}

/** What a suite is given. */
export type StoreBody = (db: Database, store: ReopenedStore) => Promise<void>;

/** Runs a body on a new store, which is checked before it is closed, and once more afterwards. */
export type WithStore = (body: StoreBody, options?: DatabaseOptions) => Promise<void>;

async function run(
  io: IoAdapter,
  path: string,
  body: StoreBody,
  options: DatabaseOptions = {},
): Promise<void> {
  const store = new ReopenedStore(io, path, options);
  await body(await store.open(), store);
  await store.open();
  await store.close();
}

/** All of them, by name. */
export const EACH_STORE: readonly (readonly [name: string, withStore: WithStore])[] = [
  ["memory", (body, options) => run(memoryIo(), "/suite.hold", body, options)],
  ["simulated", async (body, options) => {
    const disk = new SimulatedDisk({ seed: 5 });
    await run(disk.io, "/suite.hold", body, options);
  }],
  ["real files", (body, options) =>
    withFolder(async (folder) => {
      await run(await runningIo(), join(folder, "suite.hold"), body, options);
    })],
];

/** The levels of isolation. */
export const LEVELS = [
  "snapshot",
  "serializable",
  "last-win",
  "version-on-write",
  "version-on-read",
] as const;
