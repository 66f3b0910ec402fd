/**
 * 10,000 streams written round-robin: no error, few descriptors, and leaves that are full.
 *
 * Arguments: `--runtime deno|bun|node` of the server (default: the running one), `--messages N` for
 * each stream (default 20). The last line is `N passed, N failed`.
 *
 * @module
 */

import { ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpConnection } from "../../bench/streams/http_connection.ts";
import { Database } from "../../mod.ts";
import { numberFlag, parseFlags } from "../../src/cli/flags.ts";
import { installDependencies } from "../tools/npm_folder.ts";
import type { RuntimeName } from "../tools/runtimes.ts";
import { findRuntime } from "../tools/runtimes.ts";
import { Criteria, runningRuntime } from "./criteria.ts";
import { sendAll } from "./send_all.ts";
import { Server } from "./server.ts";

const STREAMS = 10_000;
const MESSAGE_BYTES = 100;
const DESCRIPTORS_MAX = 50;
const LEAF_FILL_MIN = 0.8;

/** Few enough that their sockets do not fill the allowance of descriptors. */
const CONNECTIONS = 16;

/** Every so many requests the descriptors are counted. */
const COUNT_EVERY = 5_000;

/** Every so many streams one is read back. */
const READ_EVERY = 100;

const FLAGS = {
  runtime: { value: "NAME", help: "runtime of the server" },
  messages: { value: "N", help: "messages of each stream" },
};

const streamPath = (stream: number): string => `/v1/stream/many/${String(stream).padStart(5, "0")}`;

function messageText(stream: number, round: number): string {
  return `stream ${stream} message ${round} `.padEnd(MESSAGE_BYTES - 1, "abcdefghij") + "\n";
}

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, FLAGS);
  const messages = numberFlag(flags, "messages", 1, 1_000) ?? 20;
  await installDependencies();
  const name = (flags.values.get("runtime") ?? runningRuntime()) as RuntimeName;
  const runtime = await findRuntime(name);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-many-"));
  const data = join(folder, "data.hold");
  const criteria = new Criteria();
  const server = Server.begin(runtime, ["--data", data, "--port", "0"]);
  let most = 0;
  const count = (index: number): void => {
    if (index % COUNT_EVERY === 0) most = Math.max(most, server.descriptors().length);
  };
  try {
    const origin = await server.listening;
    console.log(`on ${name} ${runtime.version}: ${STREAMS} streams, ${messages} messages each`);
    const open = (): Promise<HttpConnection> => HttpConnection.open(Number(new URL(origin).port));
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
    await criteria.check("streams are created", async () => {
      const started = performance.now();
      await sendAll(connections, STREAMS, 201, (index) => ({
        method: "PUT",
        path: streamPath(index),
        contentType: "text/plain",
        body: new Uint8Array(),
      }), { sent: count });
      return perSecond(STREAMS, started);
    });
    await criteria.check("messages go to one stream after the other", async () => {
      const started = performance.now();
      await sendAll(connections, STREAMS * messages, 204, (index) => ({
        method: "POST",
        path: streamPath(index % STREAMS),
        contentType: "text/plain",
        body: Buffer.from(messageText(index % STREAMS, Math.floor(index / STREAMS))),
      }), { sent: count });
      return perSecond(STREAMS * messages, started);
    });
    await criteria.check(`fewer than ${DESCRIPTORS_MAX} descriptors are open`, () => {
      ok(most > 0, "descriptors can only be counted on Linux");
      ok(most < DESCRIPTORS_MAX, `${most}: ${server.descriptors().join(" ")}`);
      return `at most ${most}, ${CONNECTIONS} of them the connections of the test`;
    });
    await criteria.check("what was written is read back", async () => {
      for (let stream = 0; stream < STREAMS; stream += READ_EVERY) {
        const wanted = Array.from({ length: messages }, (_, round) => messageText(stream, round));
        const response = await fetch(origin + streamPath(stream));
        strictEqual(await response.text(), wanted.join(""));
      }
    });
    for (const connection of connections) connection.close();
    await criteria.check("the server stops cleanly", async () => {
      strictEqual(await server.stop(), 0, server.errors);
    });
    await criteria.check("the file is sound and its leaves are full", async () => {
      const database = await Database.open(data, { create: false });
      const { ok: isSound, problems, leafFill, entries, pages } = await database.check();
      await database.close();
      ok(isSound, JSON.stringify(problems.slice(0, 5)));
      const note = `leaf fill ${leafFill.toFixed(3)}, ${entries} entries, ${pages} pages`;
      ok(leafFill >= LEAF_FILL_MIN, note);
      return note;
    });
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  return criteria.close();
}

function perSecond(requests: number, startedMs: number): string {
  return `${Math.round(requests / ((performance.now() - startedMs) / 1000))} a second`;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
