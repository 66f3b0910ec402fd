/** Request bodies of `node:http`, as a server gets them from connections. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { HttpRequest } from "../../adapters/http/http_server.ts";
import { serveNode } from "../../adapters/http/serve_node.ts";
import { RUNNING } from "../io/running_io.ts";

/** Every way to read a body. */
const READS: Readonly<Record<string, (request: HttpRequest) => Promise<Uint8Array[]>>> = {
  arrayBuffer: async (request) => [new Uint8Array(await request.arrayBuffer())],
  bytes: async (request) => [await request.bytes!()],
  body: async (request) => {
    const chunks: Uint8Array[] = [];
    const reader = request.body!.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      chunks.push(step.value);
    }
    return chunks;
  },
};

/** Sends packets on a connection of its own, a moment apart; resolves with the answer. */
function send(port: number, packets: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", async () => {
      socket.setNoDelay(true);
      for (const packet of packets) {
        socket.write(packet);
        await new Promise((sent) => setTimeout(sent, 10));
      }
    });
    let answer = "";
    socket.on("data", (bytes: Uint8Array) => answer += new TextDecoder().decode(bytes));
    socket.on("error", reject).on("end", () => resolve(answer));
  });
}

function head(framing: string): string {
  return `POST /s HTTP/1.1\r\nHost: test.local\r\nConnection: close\r\n${framing}\r\n\r\n`;
}

/** Requests that carry `bodyOf(size)`, in the packets that they are sent in. */
function requests(size: number): readonly (readonly (string | Uint8Array)[])[] {
  const body = bodyOf(size);
  const half = size >> 1;
  const sized = head(`Content-Length: ${size}`);
  const chunk = (bytes: Uint8Array): (string | Uint8Array)[] =>
    bytes.length === 0 ? [] : [`${bytes.length.toString(16)}\r\n`, bytes, "\r\n"];
  const chunked = [...chunk(body.subarray(0, half)), ...chunk(body.subarray(half)), "0\r\n\r\n"];
  return [
    [joined([sized, body])],
    [sized, body],
    [sized, body.subarray(0, half), body.subarray(half)],
    [joined([head("Transfer-Encoding: chunked"), ...chunked])],
  ];
}

function bodyOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => at % 251);
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  return Uint8Array.from(bytes.flatMap((part) => [...part]));
}

/** Deno serves without `node:http`, and its own gives a part of chunked bodies that are complete. */
const WAYS = RUNNING === "deno" ? [] : Object.entries(READS);

for (const [way, read] of WAYS) {
  test(`NodeRequest.${way}: plain bytes that share their memory with nothing`, async () => {
    const got: Uint8Array[][] = [];
    const errors: unknown[] = [];
    const server = await serveNode(async (request) => {
      got.push(await read(request));
      return { status: 204, fields: {} };
    }, {
      ...{ hostname: "127.0.0.1", port: 0, maxConnections: 10, headersMs: 10_000 },
      onError: (error) => errors.push(error),
    });
    try {
      for (const size of [0, 1, 5, 5_000, 100_000]) {
        for (const packets of requests(size)) {
          const what = `${size} bytes in ${packets.length} packets`;
          assert.match(await send(server.port, packets), /^HTTP\/1\.1 204 /, what);
          const chunks = got.pop()!;
          for (const chunk of chunks) {
            assert.ok(Object.getPrototypeOf(chunk) === Uint8Array.prototype, `${what}: a Buffer`);
            assert.equal(chunk.buffer.byteLength, chunk.length, what);
          }
          const body = joined(chunks);
          assert.equal(body.length, size, what);
          assert.deepEqual(body, bodyOf(size), what);
        }
      }
    } finally {
      await server.stop(0);
    }
    assert.deepEqual(errors, []);
  });
}
