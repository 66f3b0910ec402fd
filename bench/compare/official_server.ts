/**
 * The official Node server on a folder, or in memory: `official_server.ts FOLDER|--memory` prints
 * `LISTEN URL`.
 *
 * @module
 */

import process from "node:process";
import { importPeer } from "./peer.ts";

interface OfficialPackage {
  /** Without `dataDir` it keeps everything in memory. */
  DurableStreamTestServer: new (options: { port: number; host: string; dataDir?: string }) => {
    start(): Promise<string>;
    stop(): Promise<void>;
  };
}

const { DurableStreamTestServer } = await importPeer<OfficialPackage>("@durable-streams/server");
const dataDir = process.argv[2];
if (dataDir === undefined) {
  console.error("usage: official_server.ts FOLDER|--memory");
  process.exit(2);
}
const listen = { port: 0, host: "127.0.0.1" };
const server = new DurableStreamTestServer(
  dataDir === "--memory" ? listen : { ...listen, dataDir },
);
process.once("SIGTERM", () => server.stop().then(() => process.exit(0)));
console.log(`LISTEN ${await server.start()}`);
