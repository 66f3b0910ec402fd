/**
 * One server of a row, with its data folder.
 *
 * @module
 */

import { createFolder, removeFolder } from "../run_folder.ts";
import { LoadClient } from "./load_client.ts";
import { ServerProcess } from "./server_process.ts";
import type { ServerKind } from "./servers.ts";

/** A server that is started, stopped and started again on the same data. */
export class Contestant {
  readonly kind: ServerKind;
  readonly name: string;
  readonly #folder: string;
  #server: ServerProcess | undefined;
  #client: LoadClient | undefined;

  /** Makes the data folder below `parent`. */
  constructor(kind: ServerKind, parent: string) {
    this.kind = kind;
    this.name = kind.name;
    this.#folder = createFolder(parent, kind.name);
  }

  /** Starts the server on what its folder holds; with `probe`, with the loop probe in it. */
  async start(probe = false): Promise<void> {
    const { kind } = this;
    const command = probe ? kind.probedCommand!(this.#folder) : kind.command(this.#folder);
    this.#server = await ServerProcess.start(await command);
    this.#client = new LoadClient(this.#server.port);
  }

  /** Ends the server cleanly. Idempotent. */
  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Stops the server and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.#folder);
  }

  get client(): LoadClient {
    return this.#client!;
  }

  get server(): ServerProcess {
    return this.#server!;
  }
}
