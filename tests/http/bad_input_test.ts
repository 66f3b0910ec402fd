import assert from "node:assert/strict";
import { test } from "node:test";
import { createResponder } from "../../src/http/responder.ts";
import { HttpProblem } from "../../src/http/problem.ts";
import { streamName, streamPath } from "../../src/http/stream_path.ts";
import { assertProblem, withHandler } from "./harness.ts";
import { openStore } from "./open_store.ts";

const BASE = "/v1/stream/";
const TEXT = { "Content-Type": "text/plain" };

function nameOf(path: string): string | undefined {
  try {
    return streamName(path, BASE);
  } catch (error) {
    if (error instanceof HttpProblem) return `refused: ${error.code}`;
    throw error;
  }
}

test("streamName decodes once, and keeps every plain name", () => {
  const names: [string, string][] = [
    ["a", "a"],
    ["a/b/c", "a/b/c"],
    ["a%2Fb", "a/b"],
    ["%61", "a"],
    ["%2561", "%61"],
    ["%25", "%"],
    ["%C3%A9%F0%9F%98%80", "\u00e9\u{1f600}"],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
    ["a/__ds", "a/__ds"],
    ["__DS/x", "__DS/x"],
    ["...", "..."],
    [".a", ".a"],
    ["a..b", "a..b"],
    ["%5C..%5C", "\\..\\"],
    ["a%0D%0Ab", "a\r\nb"],
    ["a%3Fb%23c", "a?b#c"],
    ["x".repeat(1024), "x".repeat(1024)],
  ];
  for (const [encoded, name] of names) {
    assert.equal(nameOf(BASE + encoded), name);
    assert.equal(nameOf(streamPath(name, BASE)), name);
  }
  assert.equal(nameOf("/v1/streams/a"), undefined);
  assert.equal(nameOf("/"), undefined);
});

test("streamName refuses what is no name", () => {
  const refused = [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    ".",
    "..",
    "a/..",
    "../a",
    "a/./b",
    "%2e",
    "%2e%2e%2f",
    "%2E./x",
    "..%2f..%2fetc%2fpasswd",
    "a%2F",
    "a%2f%2fb",
    "%00",
    "a%00b",
    "%",
    "%4",
    "%zz",
    "%u0041",
    "%c0%ae",
    "%c3",
    "%ff",
    "%ed%a0%80",
    "%ed%b0%80",
    "%f4%90%80%80",
    "a b",
    "a\u00e9",
    "a\ud800",
    "a\\b",
    "x".repeat(1025),
    "%C3%A9".repeat(513),
    "x".repeat(10_000),
    "%78".repeat(10_000),
  ];
  for (const encoded of refused) {
    assert.equal(nameOf(BASE + encoded), "refused: INVALID_NAME", encoded.slice(0, 40));
  }
  for (const encoded of ["__ds", "__ds/jwks.json", "%5f_ds/x", "__ds%2Fx"]) {
    assert.equal(nameOf(BASE + encoded), "refused: RESERVED_NAME", encoded);
  }
});

test("hostile names are refused by every method, or are names like any other", async () => {
  await withHandler({}, async (http) => {
    const refused = [
      "%2e%2e%2f",
      "%2e%2e%2fetc%2fpasswd",
      "%00",
      "%ed%a0%80",
      "%c0%ae%c0%ae%c0%af",
      "%zz",
      "a//b",
      "x".repeat(10_000),
    ];
    for (const name of refused) {
      for (const method of ["GET", "HEAD", "PUT", "POST", "DELETE"]) {
        const response = await http.call(method, name, { headers: TEXT });
        if (method === "HEAD") assert.equal(response.status, 400);
        else await assertProblem(response, 400, "INVALID_NAME");
      }
    }
    for (const name of ["..", "../../etc/passwd", "a/../../b", "\ud800", ".", ""]) {
      const response = await http.call("PUT", name, { headers: TEXT });
      assert.ok([201, 400, 404].includes(response.status), name);
    }
    for (const name of ["__proto__", "constructor", "a%0d%0ab", "%5c..%5cx", "hasOwnProperty"]) {
      assert.equal((await http.call("GET", name)).status, 404);
      await http.create(name, "text/plain", name);
      assert.equal(await (await http.call("GET", name)).text(), name);
    }
    await assertProblem(await http.call("PUT", "__ds/x"), 400, "RESERVED_NAME");
    await assertProblem(await http.call("GET", "/"), 404, "NO_ROUTE");
    await assertProblem(await http.call("GET", "/v1/stream"), 404, "NO_ROUTE");
  });
});

test("createResponder refuses targets and hosts that a Request would hide", async () => {
  const { store, close } = await openStore(() => 0);
  const responder = createResponder(store);
  const answerTo = async (target: string, host = "a.example"): Promise<Response> => {
    const plain = new Request("http://a.example/");
    const { body, signal } = plain;
    const headers = new Headers({ Host: host });
    const arrayBuffer = (): Promise<ArrayBuffer> => plain.arrayBuffer();
    const url = `http://${host}${target}`;
    const answer = await responder({
      method: "GET",
      url,
      target,
      headers,
      body,
      signal,
      arrayBuffer,
    });
    return new Response(answer.body as BodyInit, { status: answer.status, headers: answer.fields });
  };
  const refused = [
    ["*", "INVALID_TARGET"],
    ["http://other/v1/stream/a", "INVALID_TARGET"],
    ["", "INVALID_TARGET"],
    ["/v1/stream/..\\x", "INVALID_TARGET"],
    ["/v1/stream/a#b", "INVALID_TARGET"],
    ["/v1/stream/\u00e9", "INVALID_TARGET"],
    ["/v1/stream/a b", "INVALID_TARGET"],
    ["/v1/stream/../../etc/passwd", "INVALID_NAME"],
    ["/v1/stream/%2e%2E/x", "INVALID_NAME"],
    ["/v1/stream/a/.", "INVALID_NAME"],
    ["/v1/stream/.%2e?offset=-1", "INVALID_NAME"],
  ] as const;
  for (const [target, code] of refused) {
    await assertProblem(await answerTo(target), 400, code);
  }
  for (const target of ["/v1/stream/a?x=../..", "/v1/stream/...", "/"]) {
    assert.notEqual((await answerTo(target)).status, 400, target);
  }
  for (const host of ["a/b", "a@b", "a b", "", "a:b", "a?b", "[::1"]) {
    await assertProblem(await answerTo("/v1/stream/a", host), 400, "INVALID_HEADER");
  }
  for (const host of ["a", "a-b.example:80", "[::1]:8080", "127.0.0.1"]) {
    await assertProblem(await answerTo("/v1/stream/a", host), 404, "NOT_FOUND");
  }
  await close();
});

test("malformed headers are 400 with a code, and change nothing", async () => {
  await withHandler({}, async (http) => {
    const tail = await http.create("s", "text/plain", "x");
    const create: [Record<string, string>, string][] = [
      [{ "Stream-TTL": "1", "Stream-Expires-At": "2030-01-01T00:00:00Z" }, "INVALID_HEADER"],
      [{ "Stream-TTL": "01" }, "INVALID_HEADER"],
      [{ "Stream-TTL": "99999999999999999999" }, "INVALID_HEADER"],
      [{ "Stream-Expires-At": "Wed, 02 Jan 2030 03:04:05 GMT" }, "INVALID_HEADER"],
      [{ "Content-Type": "nonsense" }, "INVALID_HEADER"],
      [{ "Content-Type": `a/${"b".repeat(300)}` }, "INVALID_HEADER"],
      [{ "Stream-Fork-Sub-Offset": "x" }, "INVALID_FORK"],
    ];
    for (const [headers, code] of create) {
      await assertProblem(await http.call("PUT", "new", { headers }), 400, code);
    }
    assert.equal((await http.call("GET", "new")).status, 404);
    const append: [Record<string, string>, string][] = [
      [{ "Producer-Id": "p", "Producer-Epoch": "0" }, "INVALID_PRODUCER"],
      [{ "Producer-Id": "", "Producer-Epoch": "0", "Producer-Seq": "0" }, "INVALID_PRODUCER"],
      [{ "Producer-Id": "p", "Producer-Epoch": "0x1", "Producer-Seq": "0" }, "INVALID_PRODUCER"],
      [{ "Producer-Id": "p", "Producer-Epoch": "0", "Producer-Seq": "1e3" }, "INVALID_PRODUCER"],
      [{ "Stream-Seq": "x".repeat(300) }, "INVALID_HEADER"],
    ];
    for (const [headers, code] of append) {
      const init = { headers: { ...TEXT, ...headers }, body: "y" };
      await assertProblem(await http.call("POST", "s", init), 400, code);
    }
    assert.equal((await http.call("HEAD", "s")).headers.get("Stream-Next-Offset"), tail);
  });
});

test("invalid JSON is 400, and nothing of the body is stored", async () => {
  await withHandler({}, async (http) => {
    const json = { "Content-Type": "application/json" };
    const tail = await http.create("s", "application/json", "[1]");
    const bodies = ["{", "[1,]", "[1,2,oops]", "NaN", '"\u0001"', "[1]]", "[".repeat(100_000)];
    for (const body of [...bodies, Uint8Array.of(0x22, 0xc3, 0x28, 0x22)]) {
      await assertProblem(
        await http.call("POST", "s", { headers: json, body }),
        400,
        "INVALID_JSON",
      );
      await assertProblem(
        await http.call("PUT", "t", { headers: json, body }),
        400,
        "INVALID_JSON",
      );
    }
    await assertProblem(
      await http.call("POST", "s", { headers: json, body: "[]" }),
      400,
      "EMPTY_BODY",
    );
    assert.equal((await http.call("HEAD", "s")).headers.get("Stream-Next-Offset"), tail);
    assert.equal((await http.call("GET", "t")).status, 404);
  });
});

test("other methods are 405 with Allow, and OPTIONS answers a preflight", async () => {
  await withHandler({ allowOrigin: "https://app.example" }, async (http) => {
    const refused = await http.call("PATCH", "s");
    assert.equal(refused.headers.get("Allow"), "GET, HEAD, PUT, POST, DELETE, OPTIONS");
    await assertProblem(refused, 405, "METHOD_NOT_ALLOWED");
    const preflight = await http.call("OPTIONS", "s");
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("Access-Control-Allow-Origin"), "https://app.example");
    assert.equal(preflight.headers.get("Access-Control-Max-Age"), "86400");
    const allowed = preflight.headers.get("Access-Control-Allow-Headers")?.split(", ") ?? [];
    const wanted = ["Content-Type", "Authorization", "If-None-Match", "Producer-Id", "Stream-Seq"];
    for (const name of wanted) assert.ok(allowed.includes(name), name);
    const exposed = preflight.headers.get("Access-Control-Expose-Headers")?.split(", ") ?? [];
    const shown = ["Stream-Next-Offset", "Stream-Cursor", "ETag", "Location", "Stream-Closed"];
    for (const name of shown) assert.ok(exposed.includes(name), name);
  });
});

test("a content type that no header can carry is served as bytes", async () => {
  await withHandler({}, async (http) => {
    for (const contentType of ["text/plain\r\nX-Evil: 1", "text/\u20ac", "", "\0"]) {
      await http.store.create("s", { contentType, messages: [Uint8Array.of(1, 2)] });
      for (const [method, bytes] of [["GET", [1, 2]], ["HEAD", []]] as const) {
        const response = await http.call(method, "s");
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("Content-Type"), "application/octet-stream");
        assert.equal(response.headers.has("X-Evil"), false);
        assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], bytes);
      }
      await http.store.delete("s");
    }
  });
});
