import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { CorruptionError, HoldfastError, IoError, StateError } from "../../src/errors.ts";
import { EventReader } from "./event_reader.ts";
import { assertProblem, withHandler } from "./harness.ts";

const TEXT = { "Content-Type": "text/plain" };
const SECRET = "the file /srv/ann/app.hold at src/kernel/page/pager.ts:12";

test("a poisoned store answers writes with 503 POISONED and goes on reading", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain", "kept");
    const error = new StateError("POISONED", SECRET);
    http.store.append = http.store.create = (): Promise<never> => Promise.reject(error);
    http.store.delete = (): Promise<never> => Promise.reject(error);
    for (const [method, path] of [["POST", "s"], ["PUT", "t"], ["DELETE", "s"]] as const) {
      const body = method === "DELETE" ? {} : { body: "x" };
      const response = await http.call(method, path, { headers: TEXT, ...body });
      assert.equal(response.headers.get("Retry-After"), "2");
      await assertProblem(response, 503, "POISONED");
    }
    assert.equal(await (await http.call("GET", "s")).text(), "kept");
    assert.deepEqual(http.errors, [error, error, error]);
  });
});

test("each error of a store has its status, and none leaks what it says", async () => {
  const answers: [ErrorCode, number, string][] = [
    ["NO_SPACE", 507, "NO_SPACE"],
    ["TOO_LARGE", 413, "TOO_LARGE"],
    ["CONFLICT", 409, "CONFLICT"],
    ["CLOSED", 503, "UNAVAILABLE"],
    ["LOCKED", 503, "UNAVAILABLE"],
    ["IO_TOO_MANY_FILES", 503, "UNAVAILABLE"],
    ["CORRUPT_PAGE", 500, "CORRUPT"],
    ["CORRUPT_VALUE", 500, "CORRUPT"],
    ["IO_FAILED", 500, "INTERNAL"],
    ["INVARIANT", 500, "INTERNAL"],
  ];
  await withHandler({}, async (http) => {
    for (const [code, status, problem] of answers) {
      http.store.read = (): Promise<never> => Promise.reject(new HoldfastError(code, SECRET));
      await assertProblem(await http.call("GET", "s"), status, problem);
    }
    http.store.read = (): Promise<never> => Promise.reject(new Error(SECRET));
    await assertProblem(await http.call("GET", "s"), 500, "INTERNAL");
    assert.equal(http.errors.length, answers.length + 1);
  });
});

test("a full disk is 507, whether the store refuses or throws", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    http.store.append = () =>
      Promise.resolve({ outcome: "refused", refusal: { reason: "no-space" } });
    await assertProblem(
      await http.call("POST", "s", { headers: TEXT, body: "x" }),
      507,
      "NO_SPACE",
    );
    http.store.append = (): Promise<never> => Promise.reject(new IoError("NO_SPACE", SECRET));
    await assertProblem(
      await http.call("POST", "s", { headers: TEXT, body: "x" }),
      507,
      "NO_SPACE",
    );
  });
});

test("data that retention gave up is 410 with the earliest offset", async () => {
  const earliestOffset = "0000000000000000_0000000000000007";
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    http.store.read = () =>
      Promise.resolve({ outcome: "refused", refusal: { reason: "trimmed", earliestOffset } });
    const response = await http.call("GET", "s?offset=-1");
    assert.equal(response.headers.get("Stream-Earliest-Offset"), earliestOffset);
    await assertProblem(response, 410, "GONE");
  });
});

test("damage found while events flow ends them with an error, and is reported", async () => {
  await withHandler({}, async (http) => {
    await http.create("s", "text/plain");
    await http.create("other", "text/plain", "x");
    const { pending } = http.clock;
    const events = new EventReader(await http.call("GET", "s?offset=-1&live=sse"));
    await events.control();
    const next = events.next();
    await http.waited(1);
    const error = new CorruptionError("CORRUPT_PAGE", SECRET);
    http.store.read = (): Promise<never> => Promise.reject(error);
    await http.append("s", "text/plain", "x");
    await assert.rejects(next, { message: "a stream of events ended early" });
    assert.deepEqual(http.errors, [error]);
    assert.equal(http.clock.pending, pending);
  });
});
