/**
 * The official Node server on a folder: `official_server.ts FOLDER` prints `LISTEN URL`.
 *
 * @module
 */

import process from "node:process";
import { importPeer } from "./peer.ts";

interface OfficialPackage {
  DurableStreamTestServer: new (options: { port: number; host: string; dataDir: string }) => {
    start(): Promise<string>;
    stop(): Promise<void>;
  };
}

const { DurableStreamTestServer } = await importPeer<OfficialPackage>("@durable-streams/server");
const dataDir = process.argv[2];
if (dataDir === undefined) {
  console.error("usage: official_server.ts FOLDER");
  process.exit(2);
}
const server = new DurableStreamTestServer({ port: 0, host: "127.0.0.1", dataDir });
process.once("SIGTERM", () => server.stop().then(() => process.exit(0)));
console.log(`LISTEN ${await server.start()}`);
