/**
 * `holdfast serve` through the deaths of its processes, with the official client: the server is killed
 * while it is written to, and the next one, mostly of another runtime, must serve everything that the
 * client was told.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prng } from "../../src/base/prng.ts";
import type { Ledger } from "../client/ledger.ts";
import { Server } from "../client/server.ts";
import { Session } from "../client/session.ts";
import { writeBatches, writePlainly } from "../client/writers.ts";
import type { Runtime } from "../tools/runtimes.ts";
import type { Chain } from "./kill_chain.ts";
import { pause, within } from "./patience.ts";
import type { Tally } from "./tally.ts";

/** Rounds after which another file is begun. */
const LIFE_ROUNDS = 20;

/** How long the clients of a killed server may take to end, milliseconds. */
const PATIENCE_MS = 20_000;

/** The chain of the server. */
export class ServerChain implements Chain {
  readonly name = "server";
  readonly #tally: Tally;
  readonly #seed: number;
  #folder: string | undefined;
  #session: Session | undefined;
  #ledgers: readonly Ledger[] = [];
  #rounds = 0;
  #pending: Runtime[] = [];

  constructor(tally: Tally, seed: number) {
    this.#tally = tally;
    this.#seed = seed;
  }

  async round(runtime: Runtime, random: Prng): Promise<void> {
    if (this.#rounds === LIFE_ROUNDS) await this.finish(runtime);
    this.#rounds++;
    this.#folder ??= mkdtempSync(join(tmpdir(), "holdfast-kill-server-"));
    this.#session ??= this.#begin();
    const session = this.#session;
    const server = this.#serve(runtime);
    const before = session.link.acknowledged;
    try {
      if (random.below(5) === 0) {
        await pause(random.below(300));
        this.#tally.add(runtime, "killed while opening", server.isListening ? 0 : 1);
      } else {
        session.link.open(await server.listening);
        await this.#settle();
        await this.#write(server, random);
      }
    } catch (error) {
      session.wrong.push(`${error instanceof Error ? error.stack : error}\n${server.errors}`);
    }
    session.link.close();
    await server.kill();
    this.#pending.push(runtime);
    this.#tally.add(runtime, "acknowledged", session.link.acknowledged - before);
    this.#judge(runtime);
  }

  async finish(runtime: Runtime): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const server = this.#serve(runtime);
    try {
      session.link.open(await server.listening);
      await this.#settle();
      session.link.close();
      const code = await server.stop();
      if (code !== 0) session.wrong.push(`the stop ended with ${code}: ${server.errors}`);
    } catch (error) {
      session.wrong.push(`${error instanceof Error ? error.stack : error}\n${server.errors}`);
    }
    await server.kill();
    this.#judge(runtime);
    if (this.#session === session) this.#clear();
  }

  #begin(): Session {
    const session = new Session(this.#seed);
    this.#ledgers = [session.ledger("kill/json", "json"), session.ledger("kill/text", "text")];
    return session;
  }

  #serve(runtime: Runtime): Server {
    return Server.begin(runtime, ["--data", join(this.#folder!, "data.hold"), "--port", "0"]);
  }

  /** Compares every stream with its list: what was killed before is judged. */
  async #settle(): Promise<void> {
    const session = this.#session!;
    for (const ledger of this.#ledgers) {
      if (ledger.state === "missing") await session.create(ledger, "first");
      await session.settle(ledger);
    }
    if (session.wrong.length > 0 || session.link.faults.length > 0) return;
    for (const killed of this.#pending.splice(0)) this.#tally.count(killed, true);
  }

  async #write(server: Server, random: Prng): Promise<void> {
    const session = this.#session!;
    const stopping = new AbortController();
    const reached = session.link.more(1 + random.below(60));
    const working = Promise.all(this.#ledgers.flatMap((ledger) => [
      writePlainly(session, ledger, "plain-a", stopping.signal),
      writePlainly(session, ledger, "plain-b", stopping.signal),
      writeBatches(session, ledger, "batches", stopping.signal),
    ]));
    await within(PATIENCE_MS, Promise.race([reached, working]));
    await pause(random.below(4));
    stopping.abort();
    session.link.close();
    await server.kill();
    await within(PATIENCE_MS, working);
  }

  #judge(runtime: Runtime): void {
    const { wrong, link } = this.#session!;
    const all = [...wrong, ...link.faults];
    if (all.length === 0) return;
    console.log(`FAILED: server, opened by ${runtime.name}, see ${this.#folder}`);
    console.log(`    killed before: ${this.#pending.map((killed) => killed.name)}`);
    for (const what of all.slice(0, 5)) console.log(`    ${what}`);
    for (const killed of this.#pending) this.#tally.count(killed, false);
    if (this.#pending.length === 0) this.#tally.count(runtime, false);
    this.#folder = undefined;
    this.#clear();
  }

  #clear(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#session = undefined;
    this.#pending = [];
    this.#rounds = 0;
  }
}
