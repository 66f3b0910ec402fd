import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem, header, withHandler } from "./harness.ts";

const TEXT = { "Content-Type": "text/plain" };

test("PUT answers 201 with Location, 200 for a repeat, 409 for another configuration", async () => {
  await withHandler({}, async (http) => {
    const first = await http.call("PUT", "a%20b/c?x=1", { headers: TEXT, body: "one" });
    assert.equal(first.status, 201);
    assert.equal(first.headers.get("Location"), "http://test.local/v1/stream/a%20b/c");
    assert.equal(first.headers.get("Content-Type"), "text/plain");
    const again = await http.call("PUT", "a%20b%2Fc", {
      headers: { "Content-Type": "TEXT/plain; charset=utf-8" },
      body: "two",
    });
    assert.equal(again.status, 200);
    assert.equal(again.headers.get("Stream-Next-Offset"), first.headers.get("Stream-Next-Offset"));
    assert.equal(await (await http.call("GET", "a%20b/c")).text(), "one");
    const other = await http.call("PUT", "a%20b/c", { headers: { "Content-Type": "a/b" } });
    await assertProblem(other, 409, "ALREADY_EXISTS");
    const closed = await http.call("PUT", "a%20b/c", {
      headers: { ...TEXT, "Stream-Closed": "True" },
    });
    await assertProblem(closed, 409, "ALREADY_EXISTS");
  });
});

test("PUT with a body and Stream-Closed is a whole stream; without a type it is bytes", async () => {
  await withHandler({}, async (http) => {
    const response = await http.call("PUT", "s", {
      headers: { "Stream-Closed": "true" },
      body: Uint8Array.of(1, 2),
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("Stream-Closed"), "true");
    assert.equal(response.headers.get("Content-Type"), "application/octet-stream");
    const read = await http.call("GET", "s");
    assert.equal(read.headers.get("Stream-Closed"), "true");
    assert.deepEqual(new Uint8Array(await read.arrayBuffer()), Uint8Array.of(1, 2));
  });
});

test("POST checks in the order of the protocol", async () => {
  await withHandler({}, async (http) => {
    const bad = { "Producer-Id": "p" };
    await assertProblem(
      await http.call("POST", "s", { headers: bad, body: "x" }),
      404,
      "NOT_FOUND",
    );
    await assertProblem(await http.call("POST", "s", {}), 404, "NOT_FOUND");
    await http.create("s", "text/plain");
    await assertProblem(await http.call("POST", "s", { headers: bad }), 400, "INVALID_PRODUCER");
    await assertProblem(await http.call("POST", "s", { headers: TEXT }), 400, "EMPTY_BODY");
    const untyped = { body: Uint8Array.of(1) };
    await assertProblem(await http.call("POST", "s", untyped), 400, "CONTENT_TYPE_MISSING");
    const nonsense = { headers: { "Content-Type": "nonsense" }, body: "x" };
    await assertProblem(await http.call("POST", "s", nonsense), 400, "INVALID_HEADER");
    const json = { headers: { "Content-Type": "application/json" }, body: "{" };
    await assertProblem(await http.call("POST", "s", json), 409, "CONTENT_TYPE_MISMATCH");
    await http.call("POST", "s", { headers: { "Stream-Closed": "true" } });
    const closed = await http.call("POST", "s", untyped);
    assert.equal(closed.headers.get("Stream-Closed"), "true");
    assert.notEqual(closed.headers.get("Stream-Next-Offset"), null);
    await assertProblem(closed, 409, "STREAM_CLOSED");
    await assertProblem(await http.call("POST", "s", json), 409, "STREAM_CLOSED");
    await assertProblem(await http.call("POST", "s", {}), 400, "EMPTY_BODY");
  });
});

test("POST with Stream-Closed closes; a repeat is 204, whatever its Content-Type", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    const last = await http.call("POST", "s", {
      headers: { ...TEXT, "Stream-Closed": "TRUE" },
      body: "end",
    });
    assert.equal(last.status, 204);
    assert.equal(last.headers.get("Stream-Closed"), "true");
    const repeat = await http.call("POST", "s", {
      headers: { "Content-Type": "image/png", "Stream-Closed": "true" },
    });
    assert.equal(repeat.status, 204);
    assert.equal(repeat.headers.get("Stream-Next-Offset"), header(last, "Stream-Next-Offset"));
    for (const value of ["false", "yes", "1", ""]) {
      const headers = { ...TEXT, "Stream-Closed": value };
      await assertProblem(
        await http.call("POST", "s", { headers, body: "x" }),
        409,
        "STREAM_CLOSED",
      );
    }
  });
});

test("producers: 200, duplicates 204, gaps 409, fences 403, wrong beginnings 400", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    const send = (epoch: number, seq: number, id = "__proto__"): Promise<Response> =>
      http.call("POST", "s", {
        headers: {
          ...TEXT,
          "Producer-Id": id,
          "Producer-Epoch": String(epoch),
          "Producer-Seq": String(seq),
        },
        body: `${epoch}.${seq};`,
      });
    assert.equal((await send(1, 0)).status, 200);
    const next = await send(1, 1);
    assert.equal(next.headers.get("Producer-Epoch"), "1");
    assert.equal(next.headers.get("Producer-Seq"), "1");
    const duplicate = await send(1, 0);
    assert.equal(duplicate.status, 204);
    assert.equal(duplicate.headers.get("Producer-Seq"), "1");
    const gap = await send(1, 5);
    assert.equal(gap.headers.get("Producer-Expected-Seq"), "2");
    assert.equal(gap.headers.get("Producer-Received-Seq"), "5");
    await assertProblem(gap, 409, "PRODUCER_GAP");
    await assertProblem(await send(2, 1), 400, "INVALID_PRODUCER");
    const fenced = await send(0, 0);
    assert.equal(fenced.headers.get("Producer-Epoch"), "1");
    await assertProblem(fenced, 403, "PRODUCER_FENCED");
    await assertProblem(await send(0, 3, "constructor"), 409, "PRODUCER_GAP");
    assert.equal((await send(2, 0)).status, 200);
    assert.equal(await (await http.call("GET", "s")).text(), "1.0;1.1;2.0;");
  });
});

test("Stream-Seq must grow by bytes", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    const send = (seq: string): Promise<Response> =>
      http.call("POST", "s", { headers: { ...TEXT, "Stream-Seq": seq }, body: "x" });
    assert.equal((await send("09")).status, 204);
    assert.equal((await send("10")).status, 204);
    assert.equal((await send("2")).status, 204);
    await assertProblem(await send("10"), 409, "SEQUENCE_CONFLICT");
    await assertProblem(await send("2"), 409, "SEQUENCE_CONFLICT");
    assert.equal((await send("a")).status, 204);
    await assertProblem(await send("B"), 409, "SEQUENCE_CONFLICT");
  });
});

test("PUT forks: inherits, takes a type from its source, and refuses bad fork points", async () => {
  await withHandler({}, async (http) => {
    await http.create("src", "application/json", "[1,2,3]");
    const from = { "Stream-Forked-From": "/v1/stream/src" };
    const zero = "0000000000000000_0000000000000000";
    const fork = await http.call("PUT", "f", {
      headers: { ...from, "Stream-Fork-Offset": zero, "Stream-Fork-Sub-Offset": "2" },
      body: new TextEncoder().encode("[8,9]"),
    });
    assert.equal(fork.status, 201, await fork.text());
    assert.equal(fork.headers.get("Content-Type"), "application/json");
    assert.equal(fork.headers.get("Stream-Forked-From"), null);
    assert.equal(await (await http.call("GET", "f")).text(), "[1,2,8,9]");
    const refusals: [Record<string, string>, number, string][] = [
      [{ "Stream-Fork-Offset": zero }, 400, "INVALID_FORK"],
      [{ "Stream-Fork-Sub-Offset": "0" }, 400, "INVALID_FORK"],
      [{ ...from, "Stream-Fork-Sub-Offset": "1" }, 400, "INVALID_FORK"],
      [{ ...from, "Stream-Fork-Offset": "5" }, 400, "INVALID_FORK"],
      [{ ...from, "Stream-Fork-Offset": zero, "Stream-Fork-Sub-Offset": "4" }, 400, "INVALID_FORK"],
      [
        { ...from, "Stream-Fork-Offset": "0000000000000000_9000000000000000" },
        400,
        "INVALID_OFFSET",
      ],
      [{ "Stream-Forked-From": "src" }, 400, "INVALID_FORK"],
      [{ "Stream-Forked-From": "/v1/stream/../src" }, 400, "INVALID_NAME"],
      [{ "Stream-Forked-From": "/v1/stream/none" }, 404, "NOT_FOUND"],
      [{ ...from, "Content-Type": "text/plain" }, 409, "CONTENT_TYPE_MISMATCH"],
    ];
    for (const [headers, status, code] of refusals) {
      await assertProblem(await http.call("PUT", "g", { headers }), status, code);
    }
    assert.equal((await http.call("DELETE", "src")).status, 204);
    await assertProblem(await http.call("GET", "src"), 410, "GONE");
    await assertProblem(await http.call("POST", "src", {}), 410, "GONE");
    const close = await http.call("POST", "src", { headers: { "Stream-Closed": "true" } });
    await assertProblem(close, 410, "GONE");
    await assertProblem(await http.call("PUT", "src"), 409, "STREAM_DELETED");
    await assertProblem(await http.call("PUT", "g", { headers: from }), 409, "STREAM_DELETED");
    assert.equal(await (await http.call("GET", "f")).text(), "[1,2,8,9]");
    assert.equal((await http.call("DELETE", "f")).status, 204);
  });
});

test("TTL: HEAD tells it, reads renew it, expiry is 404", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "x", { "Stream-TTL": "10" });
    assert.equal((await http.call("HEAD", "s")).headers.get("Stream-TTL"), "10");
    http.clock.advance(9_000);
    assert.equal((await http.call("GET", "s?offset=now")).status, 200);
    http.clock.advance(9_000);
    assert.equal((await http.call("HEAD", "s")).status, 200);
    http.clock.advance(2_000);
    assert.equal((await http.call("HEAD", "s")).status, 404);
    const moment = new Date(http.clock.now() + 5_000).toISOString();
    await http.create("t", "text/plain", "x", { "Stream-Expires-At": moment });
    assert.equal((await http.call("HEAD", "t")).headers.get("Stream-Expires-At"), moment);
    http.clock.advance(5_001);
    await assertProblem(await http.call("GET", "t"), 404, "NOT_FOUND");
  });
});
