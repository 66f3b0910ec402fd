import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "../../src/http/deadlines.ts";
import { createHandler } from "../../src/http/create_handler.ts";
import type { StreamStore } from "../../src/streams/stream_store.ts";
import { FakeClock } from "./fake_clock.ts";
import { assertProblem, withHandler } from "./harness.ts";

const BYTES = { "Content-Type": "application/octet-stream" };

/** A body that a test feeds by hand, and that knows what became of it. */
class FedBody {
  readonly stream: ReadableStream<Uint8Array>;
  cancelled = false;
  pulls = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #pulled: (() => void)[] = [];

  constructor() {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.pulls++;
        for (const tell of this.#pulled.splice(0)) tell();
      },
      cancel: () => {
        this.cancelled = true;
      },
    }, { highWaterMark: 0 });
  }

  /** Waits until the handler asked for the chunk with this number, from 1. */
  async asked(pulls: number): Promise<void> {
    while (this.pulls < pulls) {
      await new Promise<void>((resolve) => this.#pulled.push(resolve));
    }
  }

  async feed(bytes: number): Promise<void> {
    const before = this.pulls;
    this.#controller?.enqueue(new Uint8Array(bytes).fill(65));
    await this.asked(before + 1);
  }

  push(bytes: number): void {
    this.#controller?.enqueue(new Uint8Array(bytes).fill(65));
  }

  end(): void {
    this.#controller?.close();
  }

  fail(): void {
    this.#controller?.error(new Error("the connection is gone"));
  }
}

test("a body over the limit is 413 while it streams, and the rest is not read", async () => {
  await withHandler({ maxBodyBytes: 1_000 }, async (http) => {
    await http.create("s", "application/octet-stream");
    for (const [method, path] of [["POST", "s"], ["PUT", "t"]] as const) {
      const body = new FedBody();
      const answer = http.call(method, path, { headers: BYTES, body: body.stream });
      await body.asked(1);
      await body.feed(600);
      await body.feed(400);
      body.push(1);
      await assertProblem(await answer, 413, "TOO_LARGE");
      assert.equal(body.cancelled, true);
      assert.equal(body.pulls, 3);
    }
    assert.equal((await http.call("GET", "t")).status, 404);
    assert.equal(await (await http.call("GET", "s")).text(), "");
    const exact = await http.call("POST", "s", { headers: BYTES, body: new Uint8Array(1_000) });
    assert.equal(exact.status, 204);
    assert.equal(http.clock.pending, 0);
  });
});

test("a body that stalls is 408, one that drips too slowly too, a steady one is fine", async () => {
  await withHandler({ bodyStallMs: 10_000 }, async (http) => {
    await http.create("s", "application/octet-stream");
    const silent = new FedBody();
    const stalled = http.call("POST", "s", { headers: BYTES, body: silent.stream });
    await silent.asked(1);
    await silent.feed(10);
    http.clock.advance(10_000);
    await assertProblem(await stalled, 408, "BODY_TIMEOUT");
    assert.equal(silent.cancelled, true);

    const drip = new FedBody();
    const dripped = http.call("POST", "s", { headers: BYTES, body: drip.stream });
    await drip.asked(1);
    for (let second = 0; second < 9; second++) {
      await drip.feed(1);
      http.clock.advance(1_000);
    }
    await drip.feed(1);
    http.clock.advance(1_010);
    await assertProblem(await dripped, 408, "BODY_TIMEOUT");

    const steady = new FedBody();
    const sent = http.call("POST", "s", { headers: BYTES, body: steady.stream });
    await steady.asked(1);
    for (let second = 0; second < 60; second++) {
      await steady.feed(2_048);
      http.clock.advance(1_000);
    }
    steady.end();
    assert.equal((await sent).status, 204);
    assert.equal(http.clock.pending, 0);
  });
});

test("a small announced body that stalls is 408, a large announced one is 413 unread", async () => {
  await withHandler({ bodyStallMs: 10_000, maxBodyBytes: 1_000 }, async (http) => {
    await http.create("s", "application/octet-stream");
    const silent = new FedBody();
    const announced = { ...BYTES, "Content-Length": "20" };
    const stalled = http.call("POST", "s", { headers: announced, body: silent.stream });
    await silent.asked(1);
    await silent.feed(10);
    http.clock.advance(10_000);
    await assertProblem(await stalled, 408, "BODY_TIMEOUT");
    const large = new FedBody();
    const headers = { ...BYTES, "Content-Length": "1001" };
    const refused = await http.call("POST", "s", { headers, body: large.stream });
    await assertProblem(refused, 413, "TOO_LARGE");
    assert.equal(large.pulls, 0);
    const fits = { headers: { ...BYTES, "Content-Length": "3" }, body: Uint8Array.of(1, 2, 3) };
    assert.equal((await http.call("POST", "s", fits)).status, 204);
    const stored = new Uint8Array(await (await http.call("GET", "s")).arrayBuffer());
    assert.deepEqual(stored, Uint8Array.of(1, 2, 3));
    http.clock.advance(10_000);
    assert.equal(http.clock.pending, 0);
  });
});

test("Deadlines expire oldest first behind one timer, and not once they are over", () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, 100);
  const expired: string[] = [];
  deadlines.begin(() => expired.push("a"));
  clock.advance(40);
  const over = deadlines.begin(() => expired.push("b"));
  deadlines.begin(() => expired.push("c"));
  assert.equal(clock.pending, 1);
  over();
  clock.advance(60);
  assert.deepEqual(expired, ["a"]);
  assert.equal(clock.pending, 1);
  clock.advance(39);
  assert.deepEqual(expired, ["a"]);
  clock.advance(1);
  assert.deepEqual(expired, ["a", "c"]);
  assert.equal(clock.pending, 0);
  deadlines.begin(() => expired.push("d"))();
  deadlines.begin(() => expired.push("e"))();
  assert.equal(clock.pending, 1);
  clock.advance(50);
  deadlines.begin(() => expired.push("f"));
  clock.advance(99);
  assert.deepEqual(expired, ["a", "c"]);
  clock.advance(1);
  assert.deepEqual(expired, ["a", "c", "f"]);
  assert.equal(clock.pending, 0);
});

test("a body that breaks off is 400 and nothing is stored", async () => {
  await withHandler({}, async (http) => {
    const tail = await http.create("s", "application/octet-stream");
    const body = new FedBody();
    const answer = http.call("POST", "s", { headers: BYTES, body: body.stream });
    await body.asked(1);
    await body.feed(10);
    body.fail();
    await assertProblem(await answer, 400, "BODY_INCOMPLETE");
    assert.equal((await http.call("HEAD", "s")).headers.get("Stream-Next-Offset"), tail);
    assert.deepEqual(http.errors, []);
  });
});

test("all bodies together are bounded: 503 with Retry-After, and room again afterwards", async () => {
  await withHandler({ maxBufferedBytes: 100 }, async (http) => {
    await http.create("s", "application/octet-stream");
    const first = new FedBody();
    const held = http.call("POST", "s", { headers: BYTES, body: first.stream });
    await first.asked(1);
    await first.feed(80);
    const send = (): Promise<Response> =>
      http.call("POST", "s", { headers: BYTES, body: new Uint8Array(80) });
    const refused = await send();
    assert.equal(refused.headers.get("Retry-After"), "2");
    await assertProblem(refused, 503, "BUSY");
    first.end();
    assert.equal((await held).status, 204);
    assert.equal((await send()).status, 204);
  });
});

test("requests at one time are bounded: 503 with Retry-After, and room again afterwards", async () => {
  await withHandler({ maxRequests: 1 }, async (http) => {
    await http.create("s", "text/plain", "x");
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    await http.waited(1);
    const refused = await http.call("GET", "s");
    assert.equal(refused.headers.get("Retry-After"), "2");
    await assertProblem(refused, 503, "BUSY");
    http.clock.advance(30_000);
    assert.equal((await poll).status, 204);
    assert.equal((await http.call("GET", "s")).status, 200);
  });
});

test("createHandler refuses options that make no sense", () => {
  const store = {} as StreamStore;
  for (const maxBodyBytes of [0, -1, 1.5, Number.NaN, Infinity]) {
    assert.throws(() => createHandler(store, { maxBodyBytes }), RangeError);
  }
  for (const basePath of ["", "v1/", "/v1", "/a b/", "/%41/", "//"]) {
    assert.throws(() => createHandler(store, { basePath }), TypeError);
  }
});
