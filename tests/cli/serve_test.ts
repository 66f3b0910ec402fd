import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StateError } from "../../src/errors.ts";
import { EXIT_POISONED, Service } from "../../src/cli/service.ts";
import type { ServiceOptions } from "../../src/cli/service.ts";
import { ServerProcess } from "../conformance/server_process.ts";
import { openStore } from "../http/open_store.ts";
import { holdfast, RUNTIME } from "./run_holdfast.ts";

const TEXT = { "Content-Type": "text/plain" };

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-serve-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("holdfast: help is exit code 0, a wrong command line is 2", async () => {
  const help = await holdfast("--help");
  assert.equal(help.code, 0, help.output);
  assert.match(help.stdout, /serve/);
  const serveHelp = await holdfast("serve", "--help");
  assert.equal(serveHelp.code, 0, serveHelp.output);
  for (const flag of ["--data", "--port", "--host", "--durability", "--long-poll-ms"]) {
    assert.ok(serveHelp.stdout.includes(flag), flag);
  }
  for (const words of [[], ["nonsense"], ["serve", "--nonsense"], ["serve", "--port", "65536"]]) {
    const wrong = await holdfast(...words);
    assert.equal(wrong.code, 2, wrong.output);
    assert.equal(wrong.stdout, "");
  }
});

test("serve: what was acknowledged is there after kill -9, a second server is kept out", async () => {
  await inFolder(async (folder) => {
    const flags = ["--data", join(folder, "data.hold")];
    const first = await ServerProcess.start(RUNTIME, flags);
    const stream = `${first.url}/v1/stream/s`;
    assert.equal((await fetch(stream, { method: "PUT", headers: TEXT })).status, 201);
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) {
      const body = `line ${i};`;
      const response = await fetch(stream, { method: "POST", headers: TEXT, body });
      assert.equal(response.status, 204);
      sent.push(body);
    }
    const second = await holdfast("serve", "--port", "0", ...flags);
    assert.equal(second.code, 1, second.output);
    assert.match(second.output, /LOCKED/);
    assert.equal(await (await fetch(stream)).text(), sent.join(""));
    assert.equal((await first.end("SIGKILL")).code, undefined);

    const again = await ServerProcess.start(RUNTIME, flags);
    assert.equal(await (await fetch(`${again.url}/v1/stream/s`)).text(), sent.join(""));
    const { code, errors } = await again.end("SIGTERM");
    assert.equal(code, 0, errors);
  });
});

test("serve: SIGTERM and SIGINT answer those who wait, and end with 0", async () => {
  await inFolder(async (folder) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const server = await ServerProcess.start(RUNTIME, ["--data", join(folder, "data.hold")]);
      const stream = `${server.url}/v1/stream/s`;
      await fetch(stream, { method: "PUT", headers: TEXT });
      const events = await fetch(`${stream}?offset=now&live=sse`);
      const reader = events.body?.getReader();
      const opening = await reader?.read();
      assert.match(new TextDecoder().decode(opening?.value), /^event: control\ndata:\{/);
      const started = performance.now();
      const ending = server.end(signal);
      const last = await reader?.read();
      assert.equal(last?.done, true);
      const { code, errors } = await ending;
      assert.equal(code, 0, errors);
      assert.ok(performance.now() - started < 9_000, "it waited for the drain to time out");
    }
  });
});

const OPTIONS: ServiceOptions = {
  listen: { hostname: "127.0.0.1", port: 0, maxConnections: 100, headersMs: 15_000 },
  handler: {},
  drainMs: 5_000,
  exitOnFailure: true,
  failureGraceMs: 1,
  report: () => undefined,
};

test("Service: a poisoned store answers 503 POISONED, and the exit code is 70", async () => {
  for (const exitOnFailure of [true, false]) {
    const { store, close } = await openStore(() => Date.now());
    await store.create("s", { contentType: "text/plain" });
    store.append = (): Promise<never> => Promise.reject(new StateError("POISONED", "failed"));
    const reported: unknown[] = [];
    const service = await Service.start(store, {
      ...OPTIONS,
      exitOnFailure,
      failureGraceMs: exitOnFailure ? 1 : 60_000,
      report: (error) => reported.push(error),
    });
    const stream = `http://127.0.0.1:${service.port}/v1/stream/s`;
    const response = await fetch(stream, { method: "POST", headers: TEXT, body: "x" });
    assert.equal(response.status, 503);
    assert.equal((await response.json() as { code: string }).code, "POISONED");
    if (!exitOnFailure) {
      const read = await fetch(stream);
      assert.equal(read.status, 200);
      await read.text();
      service.stop();
    }
    assert.equal(await service.finished, EXIT_POISONED);
    assert.equal(reported.length, 1);
    await close();
  }
});

test("Service: a port that is taken rejects and closes the store", async () => {
  const first = await openStore(() => Date.now());
  const service = await Service.start(first.store, OPTIONS);
  const second = await openStore(() => Date.now());
  const listen = { ...OPTIONS.listen, port: service.port };
  await assert.rejects(Service.start(second.store, { ...OPTIONS, listen }));
  await assert.rejects(second.store.head("s"), { code: "CLOSED" });
  await second.close();
  service.stop();
  assert.equal(await service.finished, 0);
  await first.close();
});
