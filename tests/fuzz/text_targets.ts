/**
 * What arrives from outside: exports to be imported, and requests.
 */

import {
  codec,
  createHandler,
  Database,
  EmbeddedStreamStore,
  exportDatabase,
  type ExportFormat,
  importDatabase,
  index,
  recordLog,
  register,
  segment,
} from "../../mod.ts";
import type { Prng } from "../../src/base/prng.ts";
import { expect } from "../sim/golden/golden_store.ts";
import type { FuzzTarget } from "./fuzzer.ts";

const NOW = 1_700_000_000_000;

/** A small export of several structures. */
async function someExport(format: ExportFormat): Promise<Uint8Array> {
  const db = await Database.memory();
  await db.update((tx) => {
    const table = index("table", { key: codec.string, value: codec.json<unknown>() });
    for (let n = 0; n < 3; n++) tx.open(table).put(`key ${n}`, { n });
    tx.open(recordLog("log")).append(Uint8Array.of(1, 2, 3));
    tx.open(register("register", codec.u32)).set(7);
    tx.open(segment("segment")).insert(Uint8Array.of(9));
  });
  const parts: Uint8Array[] = [];
  for await (const part of exportDatabase(db, { format })) parts.push(part);
  await db.close();
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

async function importTarget(format: ExportFormat): Promise<FuzzTarget> {
  const image = await someExport(format);
  return {
    name: `import ${format}`,
    seeds: [image],
    cost: 30,
    codes: ["CORRUPT_EXPORT", "FORMAT_NEWER", "NOT_OUR_FILE", "TOO_LARGE", "TYPE_MISMATCH"],
    // A database in memory, and the windows of the import.
    allocates: 32 * 1024 * 1024,
    async run(input) {
      const db = await Database.memory();
      try {
        await importDatabase(
          db,
          new ReadableStream({
            start(controller): void {
              if (input.length > 0) controller.enqueue(input);
              controller.close();
            },
          }),
        );
        expect((await db.check()).ok, "what was imported is not whole");
      } finally {
        expect(db.structures().every(({ name }) => name !== ""), "a structure without a name");
        await db.close();
      }
    },
  };
}

const OFFSETS = [
  "-1",
  "now",
  "0000000000000000_0000000000000000",
  "0000000000000001_0000000000000003",
  "9999999999999999_9999999999999999",
  "0000000000000001_0000000000000004",
];
const METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "get"];
const FIELDS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["Content-Type", ["text/plain", "application/json", "application/json; charset=x", ";", "a/b"]],
  ["Stream-Closed", ["true", "false", "TRUE", ""]],
  ["Stream-TTL", ["1", "0", "-1", "01", "1e3", "99999999999999999999", "9007199254740991"]],
  ["Stream-Expires-At", ["2030-01-01T00:00:00Z", "2030-13-01T00:00:00Z", "x", "+099999-01-01"]],
  ["Producer-Id", ["p", "", "\u00ff", "x".repeat(3000)]],
  ["Producer-Epoch", ["0", "1", "-1", "1.5", "9007199254740992"]],
  ["Producer-Seq", ["0", "1", "x", "18446744073709551616"]],
  ["Stream-Seq", ["a", "b", "", "\u00e9"]],
  ["Stream-Forked-From", ["/v1/stream/a", "a", "/v1/stream/", "//", "%00"]],
  ["Stream-Fork-Offset", OFFSETS],
  ["Stream-Fork-Sub-Offset", ["0", "1", "-1", "9007199254740993"]],
  ["If-Match", ['"x"', "*", "W/", ","]],
  ["If-None-Match", ['"x"', "*", 'W/"a"', ",,"]],
  ["Content-Length", ["3", "99999999999", "-1"]],
  ["Accept-Encoding", ["gzip", "br;q=x", "*"]],
];
const PATHS = ["a", "b", "a/b", "%61", "%00", "%c0%ae", "..", "a%2Fb", "", "__proto__", "%"];

/** A handler never fails: it answers, or it refuses. */
function requestTarget(): FuzzTarget {
  return {
    name: "requests",
    seeds: [
      ...OFFSETS.map((offset) => new TextEncoder().encode(`offset=${offset}`)),
      new TextEncoder().encode("offset=-1&cursor=12&live="),
      new TextEncoder().encode('[1,{"a":"b"},null]'),
    ],
    cost: 30,
    codes: [],
    allocates: 32 * 1024 * 1024,
    async run(input, random) {
      const db = await Database.memory();
      const store = await EmbeddedStreamStore.open(db, { now: () => NOW });
      const errors: unknown[] = [];
      const handler = createHandler(store, { onError: (error) => void errors.push(error) });
      try {
        await store.create("a", { contentType: "text/plain", messages: [Uint8Array.of(1, 2, 3)] });
        for (let n = 0; n < 6; n++) {
          const request = requestOf(input, random);
          if (request === undefined) continue;
          const response = await handler(request);
          await response.arrayBuffer();
          expect(response.status < 500 && errors.length === 0, `${response.status} ${errors}`);
        }
        expect((await db.check()).ok, "the store is not whole");
      } finally {
        await store.close();
        await db.close();
      }
    },
  };
}

/** A request, or `undefined` when the platform does not make it. */
function requestOf(input: Uint8Array, random: Prng): Request | undefined {
  const one = <T>(of: readonly T[]): T => of[random.below(of.length)]!;
  const text = new TextDecoder("latin1").decode(input);
  const query = random.below(2) === 0 ? `?${text.replaceAll("live=", "x=")}` : "";
  const method = one(METHODS);
  try {
    const headers = new Headers();
    for (let n = random.below(4); n > 0; n--) {
      const [name, values] = one(FIELDS);
      headers.set(name, random.below(4) === 0 ? text : one(values));
    }
    const hasBody = !/^(GET|HEAD|get)$/.test(method) && random.below(3) > 0;
    const body = hasBody ? { body: input as Uint8Array<ArrayBuffer> } : {};
    return new Request(`http://test.local/v1/stream/${one(PATHS)}${query}`, {
      method,
      headers,
      ...body,
    });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** All of them. */
export async function textTargets(): Promise<FuzzTarget[]> {
  return [await importTarget("jsonl"), await importTarget("binary"), requestTarget()];
}
