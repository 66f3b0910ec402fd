import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem, header, withHandler } from "./harness.ts";

const ZERO = "0000000000000000_0000000000000000";

test("GET pages: Up-To-Date and Closed only on the last page, every byte once", async () => {
  await withHandler({ pageBytes: 1000 }, async (http) => {
    await http.create("s", "application/octet-stream");
    const sent: number[] = [];
    for (let i = 0; i < 10; i++) {
      const body = Uint8Array.from({ length: 400 }, (_, k) => (i * 31 + k) & 0xff);
      sent.push(...body);
      await http.append("s", "application/octet-stream", body);
    }
    await http.call("POST", "s", { headers: { "Stream-Closed": "TRUE" } });
    const read: number[] = [];
    let offset = "-1";
    for (let page = 1; page <= 5; page++) {
      const response = await http.call("GET", `s?offset=${offset}`);
      const body = new Uint8Array(await response.arrayBuffer());
      assert.equal(body.length, 800);
      read.push(...body);
      const last = page === 5 ? "true" : null;
      assert.equal(response.headers.get("Stream-Up-To-Date"), last);
      assert.equal(response.headers.get("Stream-Closed"), last);
      assert.equal(
        response.headers.get("Cache-Control"),
        "public, max-age=60, stale-while-revalidate=300",
      );
      const next = header(response, "Stream-Next-Offset");
      assert.ok(next > offset || offset === "-1");
      offset = next;
    }
    assert.deepEqual(read, sent);
    assert.equal(offset, (await http.call("HEAD", "s")).headers.get("Stream-Next-Offset"));
  });
});

test("GET of JSON cuts pages at messages, and each page is an array", async () => {
  await withHandler({ pageBytes: 20 }, async (http) => {
    await http.create("s", "application/json", '[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5}]');
    const bodies: string[] = [];
    let offset = "-1";
    for (let upToDate = false; !upToDate;) {
      const response = await http.call("GET", `s?offset=${offset}`);
      bodies.push(await response.text());
      upToDate = response.headers.get("Stream-Up-To-Date") === "true";
      offset = header(response, "Stream-Next-Offset");
    }
    assert.deepEqual(bodies, ['[{"n":1},{"n":2}]', '[{"n":3},{"n":4}]', '[{"n":5}]']);
    assert.equal(await (await http.call("GET", `s?offset=${offset}`)).text(), "[]");
  });
});

test("JSON messages keep their bytes", async () => {
  const messages = [
    "12345678901234567890",
    "1.0",
    "1e400",
    "-0",
    '{"b":1,"a":2,"a":3}',
    '{ "spaced" : [ 1 , 2 ] }',
    '"\\u0041\\/\\ud800"',
    '"\u00e9"',
    '{"__proto__":{"x":1}}',
  ];
  await withHandler({}, async (http) => {
    await http.create("s", "application/json", ` [ ${messages.slice(0, 4).join(" ,\n ")} ] `);
    await http.append("s", "application/json", `[${messages.slice(4, 8).join(",")}]`);
    await http.append("s", "application/json; charset=utf-8", ` ${messages[8]}\n`);
    const body = await (await http.call("GET", "s")).text();
    assert.equal(body, `[${messages.join(",")}]`);
  });
});

test("If-None-Match answers 304 with the facts, for lists, weak tags and *", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "hello");
    const tag = header(await http.call("GET", "s"), "ETag");
    for (const condition of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const response = await http.call("GET", "s", { headers: { "If-None-Match": condition } });
      assert.equal(response.status, 304, condition);
      assert.equal(response.body, null);
      assert.equal(response.headers.get("ETag"), tag);
      assert.ok(header(response, "Cache-Control").startsWith("public"));
      assert.ok(header(response, "Stream-Next-Offset") > ZERO);
      assert.equal(response.headers.get("Stream-Up-To-Date"), "true");
    }
    const other = await http.call("GET", "s", { headers: { "If-None-Match": '"other"' } });
    assert.equal(other.status, 200);
    assert.equal(await other.text(), "hello");
  });
});

test("ETag changes when the stream grows, closes, or is created again", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "hello");
    const tags = [header(await http.call("GET", "s"), "ETag")];
    await http.append("s", "text/plain", "!");
    tags.push(header(await http.call("GET", "s"), "ETag"));
    await http.call("POST", "s", { headers: { "Stream-Closed": "true" } });
    tags.push(header(await http.call("GET", "s"), "ETag"));
    assert.ok(tags[2]?.endsWith(':c"'));
    await http.call("DELETE", "s");
    await http.create("s", "text/plain", "HELLO");
    const again = await http.call("GET", "s", { headers: { "If-None-Match": tags.join(", ") } });
    assert.equal(again.status, 200);
    assert.equal(await again.text(), "HELLO");
    tags.push(header(again, "ETag"));
    assert.equal(new Set(tags).size, 4);
  });
});

test("GET offset=now and HEAD are never stored, an empty page is asked for again", async () => {
  await withHandler({ caching: "private" }, async (http) => {
    const tail = await http.create("s", "application/json", "[1]");
    const now = await http.call("GET", "s?offset=now");
    assert.equal(now.headers.get("Cache-Control"), "no-store");
    assert.equal(now.headers.get("ETag"), null);
    assert.equal(await now.text(), "[]");
    assert.equal(now.headers.get("Stream-Next-Offset"), tail);
    const head = await http.call("HEAD", "s");
    assert.equal(head.headers.get("Cache-Control"), "no-store");
    assert.equal(head.body, null);
    const empty = await http.call("GET", `s?offset=${tail}`);
    assert.equal(empty.headers.get("Cache-Control"), "private, no-cache");
    assert.equal(await empty.text(), "[]");
  });
});

test("offsets that are not offsets of the stream are 400, never 500", async () => {
  await withHandler({}, async (http) => {
    const tail = await http.create("s", "text/plain", "hello");
    const inside = `${tail.slice(0, 17)}${String(Number(tail.slice(17)) - 1).padStart(16, "0")}`;
    const wrong = [
      "",
      "0_0",
      "0",
      "-2",
      "NOW",
      "0,1",
      "0 1",
      "a/b",
      "..",
      "%00",
      "%0d%0a",
      "%ff",
      `${ZERO}0`,
      ZERO.replace("_", "-"),
      inside,
      "0000000000000000_0000000000000099",
      "9999999999999999_9999999999999999",
      "x".repeat(5000),
      `-1&offset=-1`,
    ];
    for (const offset of wrong) {
      for (const live of ["", "&live=long-poll", "&live=sse"]) {
        await assertProblem(
          await http.call("GET", `s?offset=${offset}${live}`),
          400,
          "INVALID_OFFSET",
        );
      }
    }
    await assertProblem(await http.call("GET", "s?live=sse"), 400, "INVALID_OFFSET");
    await assertProblem(await http.call("GET", "s?offset=-1&live=x"), 400, "INVALID_PARAMETER");
    const fine = await http.call("GET", `s?offset=${ZERO}&unknown=1`);
    assert.equal(await fine.text(), "hello");
  });
});

test("a deleted and created-again stream shows nothing of the old one", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "old");
    assert.equal((await http.call("DELETE", "s")).status, 204);
    await assertProblem(await http.call("GET", "s"), 404, "NOT_FOUND");
    await assertProblem(await http.call("DELETE", "s"), 404, "NOT_FOUND");
    await http.create("s", "application/json");
    assert.equal(await (await http.call("GET", "s")).text(), "[]");
  });
});
