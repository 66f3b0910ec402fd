import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { Service } from "../../src/cli/service.ts";
import type { HandlerOptions } from "../../src/http/handler_options.ts";
import type { StreamStore } from "../../src/streams/stream_store.ts";
import { openStore } from "../http/open_store.ts";

/** A service in this process, and raw connections to it. */
interface Served {
  readonly url: string;
  readonly store: StreamStore;
  open(): Socket;
}

async function serving(
  handler: HandlerOptions,
  body: (served: Served) => Promise<void>,
): Promise<void> {
  const { store, close } = await openStore(() => Date.now());
  const reported: unknown[] = [];
  const service = await Service.start(store, {
    listen: { hostname: "127.0.0.1", port: 0, maxConnections: 100, headersMs: 15_000 },
    handler,
    drainMs: 5_000,
    exitOnFailure: true,
    failureGraceMs: 1,
    report: (error) => reported.push(error),
  });
  const sockets: Socket[] = [];
  const open = (): Socket => {
    const socket = connect(service.port, "127.0.0.1");
    sockets.push(socket);
    return socket;
  };
  try {
    await body({ url: `http://127.0.0.1:${service.port}`, store, open });
    assert.deepEqual(reported, []);
  } finally {
    for (const socket of sockets) socket.destroy();
    service.stop();
    assert.equal(await service.finished, 0);
    await close();
  }
}

/** What arrives until `enough` is in it, or until the other side ends. */
function received(socket: Socket, enough: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const take = (bytes: Uint8Array): void => {
      text += Buffer.from(bytes).toString("latin1");
      if (text.includes(enough)) done();
    };
    const done = (): void => {
      socket.off("data", take).off("end", done);
      resolve(text);
    };
    socket.on("data", take).once("end", done).once("error", reject);
  });
}

test("serve: a body over the limit is answered 413 while the client still sends it", async () => {
  await serving({ maxBodyBytes: 1000 }, async ({ open, url }) => {
    await fetch(`${url}/v1/stream/s`, { method: "PUT" });
    for (const frame of ["Content-Length: 10000000", "Transfer-Encoding: chunked"]) {
      const socket = open();
      const part = frame.startsWith("T") ? `100000\r\n${"x".repeat(60_000)}` : "x".repeat(60_000);
      socket.write(`POST /v1/stream/s HTTP/1.1\r\nHost: a\r\n${frame}\r\n\r\n${part}`);
      const answer = await received(socket, "TOO_LARGE");
      assert.match(answer, /^HTTP\/1\.1 413 /, frame);
      assert.match(answer, /"code":"TOO_LARGE"/);
    }
    assert.equal((await fetch(`${url}/v1/stream/s`)).status, 200);
  });
});

test("serve: bodies of every framing and size are stored byte for byte", async () => {
  await serving({}, async ({ url }) => {
    const stream = `${url}/v1/stream/s`;
    await fetch(stream, { method: "PUT" });
    const sizes = [1, 1000, 65_536, 65_537, 300_000, 2_000_000];
    const sent: Uint8Array[] = [];
    for (const size of sizes) {
      for (const streamed of [false, true]) {
        const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) & 255);
        const body = streamed ? new Blob([bytes]).stream() : bytes;
        const init = { method: "POST", body, duplex: "half" } as RequestInit;
        const headers = { "Content-Type": "application/octet-stream" };
        assert.equal((await fetch(stream, { ...init, headers })).status, 204, `${size}`);
        sent.push(bytes);
      }
    }
    const read: Uint8Array[] = [];
    for (let offset = "-1";;) {
      const page = await fetch(`${stream}?offset=${offset}`);
      read.push(new Uint8Array(await page.arrayBuffer()));
      offset = page.headers.get("Stream-Next-Offset") ?? "";
      if (page.headers.get("Stream-Up-To-Date") === "true") break;
    }
    assert.ok(Buffer.concat(read).equals(Buffer.concat(sent)));
  });
});

const closes = "Deno" in globalThis && "Deno closes the connection of a body that nobody read";

test("serve: pages of large and of small messages arrive whole, again and again", async () => {
  await serving({}, async ({ url, store }) => {
    const sent = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) ^ (i >> 8));
    for (const size of [40_000, 100]) {
      const messages: Uint8Array[] = [];
      for (let at = 0; at < sent.length; at += size) messages.push(sent.subarray(at, at + size));
      await store.create(`of-${size}`, { messages });
      for (let round = 0; round < 3; round++) {
        const answer = await fetch(`${url}/v1/stream/of-${size}?offset=-1`);
        assert.equal(answer.headers.get("Content-Length"), String(sent.length));
        assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), sent);
      }
    }
    const texts = Array.from({ length: 2000 }, (_, i) => `message ${i}`.padEnd(100, "."));
    const messages = texts.map((text) => new TextEncoder().encode(JSON.stringify(text)));
    await store.create("json", { contentType: "application/json", messages });
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(await (await fetch(`${url}/v1/stream/json?offset=-1`)).json(), texts);
    }
  });
});

test("serve: a refused request with a small body leaves its connection usable", {
  skip: closes,
}, async () => {
  await serving({}, async ({ open }) => {
    const socket = open();
    for (let i = 0; i < 3; i++) {
      const first = received(socket, "METHOD_NOT_ALLOWED");
      socket.write("PATCH /v1/stream/s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
      assert.match(await first, /^HTTP\/1\.1 405 /);
      const second = received(socket, "NOT_FOUND");
      socket.write("helloGET /v1/stream/none HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.match(await second, /HTTP\/1\.1 404 /);
    }
  });
});

test("serve: answers to HEAD and POST end with their head", async () => {
  await serving({}, async ({ open, store }) => {
    await store.create("s", { contentType: "text/plain" });
    const socket = open();
    const head = "/v1/stream/s HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n";
    for (let i = 0; i < 3; i++) {
      const appended = received(socket, "\r\n\r\n");
      socket.write(`POST ${head}Content-Length: 2\r\n\r\nhi`);
      assert.match(await appended, /^HTTP\/1\.1 204 [^]*\r\n\r\n$/);
      const told = received(socket, "\r\n\r\n");
      socket.write(`HEAD ${head}\r\n`);
      assert.match(await told, /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
    }
  });
});

test("serve: a client that leaves a long-poll frees its place", async () => {
  await serving({ longPollMs: 60_000, maxWaiters: 1 }, async ({ open, store, url }) => {
    await store.create("s", { contentType: "text/plain" });
    const subscribe = store.subscribe.bind(store);
    const waits: ReturnType<StreamStore["subscribe"]>[] = [];
    let begun = (): void => undefined;
    const waiting = new Promise<void>((resolve) => begun = resolve);
    store.subscribe = (...given): ReturnType<StreamStore["subscribe"]> => {
      const wait = subscribe(...given);
      waits.push(wait);
      begun();
      return wait;
    };
    const socket = open();
    socket.write("GET /v1/stream/s?offset=now&live=long-poll HTTP/1.1\r\nHost: a\r\n\r\n");
    await waiting;
    socket.destroy();
    assert.equal(await waits[0], "aborted");
    const next = fetch(`${url}/v1/stream/s?offset=now&live=long-poll`);
    while (waits.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await store.append("s", [new Uint8Array(1)]);
    assert.equal((await next).status, 200);
  });
});

test("serve: clients that leave large answers and event streams half-way harm nobody", async () => {
  await serving(
    { pageBytes: 8_000_000, sseEventBytes: 8_000_000 },
    async ({ open, store, url }) => {
      await store.create("s", { contentType: "text/plain" });
      await store.append("s", [new Uint8Array(6_000_000).fill(0x61)]);
      for (const query of ["offset=-1", "offset=-1&live=sse"]) {
        for (let i = 0; i < 5; i++) {
          const socket = open();
          socket.write(`GET /v1/stream/s?${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
          await received(socket, "HTTP/1.1 200");
          socket.destroy();
        }
      }
      assert.equal((await (await fetch(`${url}/v1/stream/s`)).text()).length, 6_000_000);
    },
  );
});
