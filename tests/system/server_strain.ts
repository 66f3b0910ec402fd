/**
 * `holdfast serve` whose disk begins to fail while the official client writes to it: from the first
 * failure on nothing is acknowledged, the server ends with the exit code for it, and the next one
 * serves everything that the client was told.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prng } from "../../src/base/prng.ts";
import { EXIT_POISONED } from "../../src/cli/service.ts";
import { Server } from "../client/server.ts";
import { Session } from "../client/session.ts";
import { writeBatches, writePlainly } from "../client/writers.ts";
import type { Runtime } from "../tools/runtimes.ts";
import { pause, within } from "./patience.ts";

const PATIENCE_MS = 30_000;

/** How long a poisoned server may go on, milliseconds. */
const EXIT_MS = 5_000;

/** What fails: a write, or a sync. */
const CALLS = ["pwrite64", "fdatasync"];

/** One server. @returns what must not be */
export async function strainServer(
  runtime: Runtime,
  next: Runtime,
  random: Prng,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-strain-server-"));
  const data = join(folder, "data.hold");
  const session = new Session(random.next());
  const { link, wrong } = session;
  const ledgers = [session.ledger("strain/json", "json"), session.ledger("strain/text", "text")];
  const servers: Server[] = [];
  const serve = async (on: Runtime): Promise<Server> => {
    const server = Server.begin(on, ["--data", data, "--port", "0"]);
    servers.push(server);
    link.open(await server.listening);
    return server;
  };
  try {
    const server = await serve(runtime);
    for (const ledger of ledgers) await session.create(ledger, "first");
    const stopping = new AbortController();
    const reached = link.more(10 + random.below(30));
    const working = Promise.all(ledgers.flatMap((ledger) => [
      writePlainly(session, ledger, "plain", stopping.signal),
      writeBatches(session, ledger, "batches", stopping.signal),
    ]));
    await within(PATIENCE_MS, Promise.race([reached, working]));
    // What fails from here on is expected.
    const unexpected = [...wrong.splice(0), ...link.faults.splice(0)];
    const calls = CALLS[random.below(CALLS.length)]!;
    const strace = spawn("strace", [
      ...["-f", "-qq", "-o", "/dev/null", "-p", `${server.pid}`, "-P", data],
      ...["-e", `trace=${calls}`, "-e", `inject=${calls}:error=EIO:when=${1 + random.below(3)}`],
    ], { stdio: "ignore" });
    const detached = once(strace, "close");
    let isOver = false;
    void server.ended.then(() => isOver = true);
    const failed = async (): Promise<void> => {
      while (!isOver && link.faults.length === 0) await pause(10);
    };
    await within(PATIENCE_MS, failed());
    await within(EXIT_MS, server.ended).catch(() => server.kill());
    stopping.abort();
    link.close();
    await within(PATIENCE_MS, working);
    await detached;
    const code = await server.ended;
    const { faults } = link;
    wrong.splice(0);
    // A write may be one of zeros that makes the file longer: the requests that need it fail alone.
    if (code !== EXIT_POISONED && calls === "fdatasync") {
      wrong.push(`it ended with ${code}: ${server.errors}`);
    }
    const strange = faults.filter((fault) => !/^(?:500|503|507) /.test(fault));
    wrong.push(...unexpected, ...strange);
    if (wrong.length > 0) wrong.unshift(`it said: ${server.errors}`);
    faults.splice(0);
    const second = await serve(next);
    for (const ledger of ledgers) await session.settle(ledger);
    link.close();
    if (await second.stop() !== 0) wrong.push(`the stop failed: ${second.errors}`);
  } catch (error) {
    wrong.push(error instanceof Error ? error.stack ?? error.message : String(error));
  }
  link.close();
  for (const server of servers) await server.kill();
  const all = [...wrong, ...link.faults].reverse();
  if (all.length === 0) rmSync(folder, { recursive: true, force: true });
  return all;
}
