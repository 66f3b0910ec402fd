/**
 * Runs the OPFS adapter in a real browser: the shared IO contract, databases in several workers, and
 * a browser that is killed while it commits. Not part of the test suite, for want of a browser.
 *
 *     deno run -A tests/opfs/browser.ts --browser /usr/bin/chromium
 *
 * The browser is a Chromium: the flag, or the variable `BROWSER_BIN`; without one it says so and
 * ends. Its profile is a new folder: without one the files would be in memory. Bundling takes
 * `deno bundle`, which may fetch esbuild.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCommand } from "../tools/run_command.ts";
import { findRuntime } from "../tools/runtimes.ts";
import type { Outcome } from "./outcome.ts";

/** Commits after which the browser is killed. */
const COMMITS = 300;
/** The time of one task, in milliseconds. */
const PATIENCE = 120_000;
const PAGE = `<!doctype html><title>OPFS</title><script type="module">
const worker = new Worker("/worker.js" + location.search, { type: "module" });
worker.onerror = async ({ message }) => {
  const error = "the worker does not start: " + message;
  for (const outcome of [{ name: "start", error }, { name: "end" }]) {
    await fetch("/report", { method: "POST", body: JSON.stringify(outcome) });
  }
};
</script>`;

const { values } = parseArgs({ options: { browser: { type: "string" } } });
const browser = values.browser ?? process.env["BROWSER_BIN"];

/** Bundles the worker into `folder`: dynamic imports stay apart, so that `node:` is not loaded. */
async function bundle(folder: string): Promise<void> {
  const map = join(folder, "import_map.json");
  const shim = new URL("./browser_assert.ts", import.meta.url).href;
  writeFileSync(map, JSON.stringify({ imports: { "node:assert/strict": shim } }));
  const deno = await findRuntime("deno");
  const result = await runCommand(deno.path, [
    ...["bundle", "--platform", "browser", "--code-splitting"],
    ...["--import-map", map, "--outdir", join(folder, "served")],
    fileURLToPath(new URL("./worker.ts", import.meta.url)),
  ]);
  if (result.code !== 0) throw new Error(`deno bundle failed:\n${result.output}`);
}

/** The origin of all tasks, with the files of the bundle. */
class Origin {
  /** Told of every outcome. */
  hear: (outcome: Outcome) => void = () => {};
  readonly #folder: string;
  readonly #server: Server;

  constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Listens on the loopback; returns the address. */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (request.method === "POST") {
      const outcome = JSON.parse(await text(request)) as Outcome;
      response.end();
      this.hear(outcome);
    } else if (pathname.endsWith(".js")) {
      response.setHeader("content-type", "text/javascript");
      response.end(readFileSync(join(this.#folder, basename(pathname))));
    } else if (pathname === "/") {
      response.setHeader("content-type", "text/html");
      response.end(PAGE);
    } else {
      response.writeHead(404).end();
    }
  }
}

/** Runs one task in a new browser until `isOver`, then kills the browser as a crash would. */
async function runTask(
  origin: Origin,
  address: string,
  profile: string,
  isOver: (outcome: Outcome) => boolean,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const ended = Promise.withResolvers<void>();
  origin.hear = (outcome): void => {
    outcomes.push(outcome);
    if (isOver(outcome)) ended.resolve();
  };
  const child: ChildProcess = spawn(browser!, [
    ...["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
    `--user-data-dir=${profile}`,
    address,
  ], { stdio: "ignore", detached: true });
  child.once("error", ended.reject);
  const gone = once(child, "close").then(() => ended.reject(new Error("the browser ended")));
  const timer = setTimeout(() => ended.reject(new Error(`no end of ${address}`)), PATIENCE);
  try {
    await ended.promise;
    return outcomes;
  } catch (error) {
    console.error(outcomes);
    throw error;
  } finally {
    clearTimeout(timer);
    // Its own process group: all processes of the browser at once.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await gone;
  }
}

function show(outcomes: readonly Outcome[]): void {
  for (const { name, error } of outcomes) {
    if (name === "end") continue;
    console.log(error === undefined ? `ok      ${name}` : `FAILED  ${name}\n${error}`);
    if (error !== undefined) process.exitCode = 1;
  }
}

if (browser === undefined) {
  console.log("skipped: no browser: give --browser or BROWSER_BIN");
} else {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-opfs-"));
  const origin = new Origin(join(folder, "served"));
  try {
    await bundle(folder);
    const address = await origin.start();
    const run = (query: string, isOver: (outcome: Outcome) => boolean): Promise<Outcome[]> =>
      runTask(origin, `${address}?${query}`, join(folder, "profile"), isOver);
    const isEnd = ({ name }: Outcome): boolean => name === "end";
    show(await run("task=all", isEnd));
    const commits = await run(
      "task=write",
      ({ number, name }) => number === COMMITS || name === "end",
    );
    show(commits.filter(({ error }) => error !== undefined));
    const acknowledged = commits.findLast(({ name }) => name === "committed")?.number ?? -1;
    show(await run(`task=verify&acknowledged=${acknowledged}`, isEnd));
  } finally {
    origin.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
