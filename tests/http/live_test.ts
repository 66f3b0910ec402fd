import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "./event_reader.ts";
import { assertProblem, header, withHandler } from "./harness.ts";

test("long-poll answers data at once, with a cursor", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "hello");
    const response = await http.call("GET", "s?offset=-1&live=long-poll");
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "hello");
    const cursor = header(response, "Stream-Cursor");
    assert.match(cursor, /^\d+$/);
    const again = await http.call("GET", `s?offset=-1&live=long-poll&cursor=${cursor}`);
    assert.ok(Number(header(again, "Stream-Cursor")) > Number(cursor));
    assert.equal(http.waits, 0);
  });
});

test("long-poll wakes with what is appended", async () => {
  await withHandler({}, async (http) => {
    const tail = await http.create("s", "application/json");
    const poll = http.call("GET", `s?offset=${tail}&live=long-poll`);
    await http.waited(1);
    const next = await http.append("s", "application/json", "[1,2]");
    const response = await poll;
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "[1,2]");
    assert.equal(response.headers.get("Stream-Next-Offset"), next);
    assert.equal(response.headers.get("Stream-Up-To-Date"), "true");
  });
});

test("long-poll times out with 204 and where to go on", async () => {
  await withHandler({ longPollMs: 1_000 }, async (http) => {
    const tail = await http.create("s", "text/plain", "x");
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    await http.waited(1);
    http.clock.advance(1_000);
    const response = await poll;
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("Stream-Next-Offset"), tail);
    assert.equal(response.headers.get("Stream-Up-To-Date"), "true");
    assert.equal(response.headers.get("Stream-Closed"), null);
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.match(header(response, "Stream-Cursor"), /^\d+$/);
    assert.equal(http.clock.pending, 0);
  });
});

test("long-poll ends when the stream closes, and answers at once when it is closed", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "x");
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    await http.waited(1);
    await http.call("POST", "s", { headers: { "Stream-Closed": "true" } });
    for (const response of [await poll, await http.call("GET", "s?offset=now&live=long-poll")]) {
      assert.equal(response.status, 204);
      assert.equal(response.headers.get("Stream-Closed"), "true");
      assert.equal(response.headers.get("Stream-Up-To-Date"), "true");
    }
  });
});

test("long-poll ends with 404 when the stream is deleted, also when another takes its name", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "x");
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    await http.waited(1);
    const gone = http.call("DELETE", "s");
    const again = http.call("PUT", "s", { headers: { "Content-Type": "text/plain" }, body: "xy" });
    assert.equal((await gone).status, 204);
    assert.equal((await again).status, 201);
    await assertProblem(await poll, 404, "NOT_FOUND");
  });
});

test("a waiting reader keeps a stream with a TTL alive", async () => {
  await withHandler({ longPollMs: 100_000 }, async (http) => {
    await http.create("s", "text/plain", "x", { "Stream-TTL": "9" });
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    for (let slice = 1; slice <= 10; slice++) {
      await http.waited(slice);
      http.clock.advance(3_000);
    }
    await http.waited(11);
    await http.append("s", "text/plain", "y");
    assert.equal(await (await poll).text(), "y");
  });
});

test("a client that leaves ends its long-poll", async () => {
  await withHandler({ maxWaiters: 1 }, async (http) => {
    await http.create("s", "text/plain", "x");
    const client = new AbortController();
    const poll = http.call("GET", "s?offset=now&live=long-poll", { signal: client.signal });
    await http.waited(1);
    await assertProblem(await http.call("GET", "s?offset=now&live=long-poll"), 503, "BUSY");
    client.abort();
    await poll;
    const next = http.call("GET", "s?offset=now&live=long-poll");
    await http.waited(2);
    await http.append("s", "text/plain", "y");
    assert.equal(await (await next).text(), "y");
  });
});

test("SSE sends data and control in pairs: catch-up pages, then live, then the close", async () => {
  await withHandler({ sseEventBytes: 10 }, async (http) => {
    await http.create("s", "application/json", '["aaaa","bbbb","cccc"]');
    const response = await http.call("GET", "s?offset=-1&live=sse");
    assert.equal(response.headers.get("Content-Type"), "text/event-stream");
    assert.equal(response.headers.get("Cache-Control"), "no-cache");
    assert.equal(response.headers.get("Stream-SSE-Data-Encoding"), null);
    const events = new EventReader(response);
    assert.equal(await events.data(), '["aaaa"]');
    assert.equal((await events.control())["upToDate"], undefined);
    assert.equal(await events.data(), '["bbbb"]');
    await events.control();
    assert.equal(await events.data(), '["cccc"]');
    const caughtUp = await events.control();
    assert.equal(caughtUp["upToDate"], true);
    assert.match(String(caughtUp["streamCursor"]), /^\d+$/);
    const more = events.data();
    await http.waited(3);
    const next = await http.append("s", "application/json", "[7]");
    assert.equal(await more, "[7]");
    assert.equal((await events.control())["streamNextOffset"], next);
    const last = events.control();
    await http.call("POST", "s", { headers: { "Stream-Closed": "true" } });
    assert.deepEqual(await last, { streamNextOffset: next, upToDate: true, streamClosed: true });
    assert.equal(await events.next(), undefined);
    assert.equal(http.clock.pending, 0);
  });
});

test("SSE of an empty stream and of a closed tail begins with one control event", async () => {
  await withHandler({}, async (http) => {
    const tail = await http.create("s", "text/plain");
    const open = new EventReader(
      await http.call("GET", `s?offset=${tail}&live=sse&cursor=99999999`),
    );
    assert.deepEqual(await open.control(), {
      streamNextOffset: tail,
      streamCursor: "100000000",
      upToDate: true,
    });
    await open.cancel();
    await http.call("POST", "s", { headers: { "Stream-Closed": "true" } });
    const closed = new EventReader(await http.call("GET", "s?offset=now&live=sse"));
    assert.deepEqual(await closed.control(), {
      streamNextOffset: tail,
      upToDate: true,
      streamClosed: true,
    });
    assert.equal(await closed.next(), undefined);
  });
});

test("SSE sends bytes in base64 and says so", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "image/png");
    await http.append("s", "image/png", Uint8Array.of(0, 255, 10, 13));
    const response = await http.call("GET", "s?offset=-1&live=sse");
    assert.equal(response.headers.get("Stream-SSE-Data-Encoding"), "base64");
    const events = new EventReader(response);
    assert.equal(await events.data(), "AP8KDQ==");
    await events.cancel();
  });
});

test("SSE never splits a character, and its offsets tell what was delivered", async () => {
  await withHandler({}, async (http) => {
    const euro = new TextEncoder().encode("a\u20acb");
    await http.create("s", "text/plain");
    const first = await http.append("s", "text/plain", euro.subarray(0, 1));
    await http.append("s", "text/plain", euro.subarray(1, 2));
    const events = new EventReader(await http.call("GET", "s?offset=-1&live=sse"));
    assert.equal(await events.data(), "a");
    const held = await events.control();
    assert.equal(held["streamNextOffset"], first);
    assert.equal(held["upToDate"], undefined);
    const rest = events.data();
    await http.waited(1);
    await http.append("s", "text/plain", euro.subarray(2, 3));
    await http.waited(2);
    const tail = await http.append("s", "text/plain", euro.subarray(3));
    assert.equal(await rest, "\u20acb");
    const control = await events.control();
    assert.equal(control["streamNextOffset"], tail);
    assert.equal(control["upToDate"], true);
    await events.cancel();
  });
});

test("SSE sends text that never becomes whole when it ends, and joins large messages", async () => {
  await withHandler({ sseMs: 1_000, sseEventBytes: 4 }, async (http) => {
    const smile = new TextEncoder().encode("1234\u{1f600}5678");
    await http.create("s", "text/plain");
    await http.append("s", "text/plain", smile.subarray(0, 6));
    await http.append("s", "text/plain", smile.subarray(6));
    const tail = await http.append("s", "text/plain", Uint8Array.of(0xe9));
    const events = new EventReader(await http.call("GET", "s?offset=-1&live=sse"));
    assert.equal(await events.data(), "1234\u{1f600}5678");
    await events.control();
    const last = events.data();
    await http.waited(1);
    http.clock.advance(1_000);
    assert.equal(await last, "\ufffd");
    assert.equal((await events.control())["streamNextOffset"], tail);
    assert.equal(await events.next(), undefined);
  });
});

test("SSE ends after its time, for the client to come back", async () => {
  await withHandler({ sseMs: 60_000 }, async (http) => {
    await http.create("s", "text/plain", "x");
    const events = new EventReader(await http.call("GET", "s?offset=-1&live=sse"));
    await events.data();
    await events.control();
    const end = events.next();
    await http.waited(1);
    http.clock.advance(60_000);
    assert.equal(await end, undefined);
    assert.equal(http.clock.pending, 0);
  });
});

test("SSE ends when the stream is deleted", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "x");
    const events = new EventReader(await http.call("GET", "s?offset=now&live=sse"));
    await events.control();
    const end = events.next();
    await http.waited(1);
    await http.call("DELETE", "s");
    assert.equal(await end, undefined);
    assert.deepEqual(http.errors, []);
  });
});

test("SSE cuts a reader that stalls, which loses nothing by coming back", async () => {
  await withHandler({ sseStallMs: 5_000, sseEventBytes: 4, maxWaiters: 1 }, async (http) => {
    await http.create("s", "text/plain");
    for (const text of ["aaaa", "bbbb", "cccc"]) await http.append("s", "text/plain", text);
    const events = new EventReader(await http.call("GET", "s?offset=-1&live=sse"));
    assert.equal(await events.data(), "aaaa");
    const { streamNextOffset } = await events.control();
    await assertProblem(await http.call("GET", "s?offset=-1&live=sse"), 503, "BUSY");
    http.clock.advance(5_000);
    await assert.rejects(events.next(), { message: "a reader of events stalled and was cut" });
    const again = new EventReader(await http.call("GET", `s?offset=${streamNextOffset}&live=sse`));
    assert.equal(await again.data(), "bbbb");
    await again.cancel();
    assert.equal(http.clock.pending, 0);
  });
});

test("many readers that wake together cost one read and one encoding", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    const readers: EventReader[] = [];
    for (let i = 0; i < 50; i++) {
      readers.push(new EventReader(await http.call("GET", "s?offset=now&live=sse")));
    }
    for (const reader of readers) await reader.control();
    const events = readers.map((reader) => reader.data());
    await http.waited(50);
    let reads = 0;
    const read = http.store.read.bind(http.store);
    http.store.read = (...args): ReturnType<typeof read> => {
      reads++;
      return read(...args);
    };
    await http.append("s", "text/plain", "x");
    assert.deepEqual(new Set(await Promise.all(events)), new Set(["x"]));
    assert.ok(reads < 50, `${reads} reads`);
    for (const reader of readers) await reader.cancel();
  });
});

test("a shutdown answers those who wait, and those who come after", async () => {
  const stop = new AbortController();
  await withHandler({ signal: stop.signal }, async (http) => {
    await http.create("s", "text/plain", "x");
    const poll = http.call("GET", "s?offset=now&live=long-poll");
    const events = new EventReader(await http.call("GET", "s?offset=now&live=sse"));
    await events.control();
    const end = events.next();
    await http.waited(2);
    stop.abort();
    assert.equal((await poll).status, 204);
    assert.equal(await end, undefined);
    assert.equal((await http.call("GET", "s?offset=now&live=long-poll")).status, 204);
    assert.equal(http.clock.pending, 0);
  });
});
