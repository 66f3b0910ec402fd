/**
 * The server of the Rust crate `durable-streams-server` on a folder, in its mode `file-durable`: an
 * fdatasync per append. It does not sync the folder of a new stream, nor `meta.json`, where the state
 * of producers and the closing of a stream are kept: those may be gone after a power cut.
 *
 * @module
 */

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { NotHereError } from "../compare/peer.ts";
import { installStreamsServer } from "../compare/rust_build.ts";

/** More than any row writes: its own limits are 10 MiB a stream and 100 MiB in all. */
const LIMIT_BYTES = 1e12;

/** Why the server cannot run here, or `undefined` when it is installed, which may take minutes. */
export function rustServerAbsence(): string | undefined {
  try {
    installStreamsServer();
    return undefined;
  } catch (error) {
    if (!(error instanceof NotHereError)) throw error;
    return error.message;
  }
}

/**
 * The program that serves `folder`, and its arguments. It cannot say which port it was given, so it
 * is told a free one.
 */
export async function rustServerCommand(folder: string): Promise<readonly string[]> {
  const program = installStreamsServer();
  // Of its log only what it says at the start: `Protocol base: URL`.
  const settings = {
    DS_SERVER__BIND_ADDRESS: `127.0.0.1:${await freePort()}`,
    DS_STORAGE__MODE: "file-durable",
    DS_STORAGE__DATA_DIR: folder,
    DS_LIMITS__MAX_MEMORY_BYTES: LIMIT_BYTES,
    DS_LIMITS__MAX_STREAM_BYTES: LIMIT_BYTES,
    RUST_LOG: "durable_streams_server=info,durable_streams_server::middleware=off",
  };
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return ["env", ...variables, program, "serve"];
}

/** A port of the loopback interface that nothing listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
