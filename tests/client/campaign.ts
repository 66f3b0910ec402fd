/**
 * Rounds of one server runtime on one file: clients work, the server is killed and comes back, and
 * all that clients were told is compared with what is there.
 *
 * @module
 */

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import type { Runtime } from "../tools/runtimes.ts";
import type { Ledger } from "./ledger.ts";
import { leadLives } from "./life_cycles.ts";
import { Server } from "./server.ts";
import { Session } from "./session.ts";
import { TailReader } from "./tail_reader.ts";
import { ClaimingProducer, LastingProducer, writeBatches, writePlainly } from "./writers.ts";

const LONG_POLL_MS = 500;

/** How long a round may take, milliseconds. */
const ROUND_MS = 40_000;

/** How long clients may take to end once the server is back, milliseconds. */
const WORK_MS = 15_000;

/** How many settled streams of earlier rounds each round looks at again. */
const SAMPLES = 10;

/** Every so many rounds the server is also killed while it starts. */
const START_KILL_EVERY = 4;

/** What a campaign found. */
export interface CampaignCounts {
  readonly passed: number;
  readonly failed: number;
}

/** The rounds of one runtime. */
export class Campaign {
  readonly #runtime: Runtime;
  readonly #seed: number;
  readonly #folder: string;
  readonly #data: string;
  readonly #session: Session;
  readonly #fixed: readonly Ledger[];
  readonly #lasting: readonly LastingProducer[];
  readonly #claiming: ClaimingProducer;
  readonly #readers: TailReader[] = [];
  #server: Server;
  #port = "0";
  #isStuck = false;
  #hit = 0;
  #startKills = 0;

  private constructor(runtime: Runtime, seed: number) {
    this.#runtime = runtime;
    this.#seed = seed;
    this.#folder = mkdtempSync(join(tmpdir(), `holdfast-client-${runtime.name}-`));
    this.#data = join(this.#folder, "data.hold");
    this.#session = new Session(seed);
    const json = this.#session.ledger("shared/json", "json");
    const text = this.#session.ledger("shared/text", "text");
    const producedJson = this.#session.ledger("produced/json", "json");
    const producedText = this.#session.ledger("produced/text", "text");
    const claimed = this.#session.ledger("claimed", "json");
    this.#fixed = [json, text, producedJson, producedText, claimed];
    this.#lasting = [
      new LastingProducer(this.#session, producedJson, "lasting-json"),
      new LastingProducer(this.#session, producedText, "lasting-text"),
    ];
    this.#claiming = new ClaimingProducer(this.#session, claimed, "claiming");
    this.#server = this.#begin();
  }

  /** Plays `rounds` rounds and prints a line for each. */
  static async run(runtime: Runtime, rounds: number, seed: number): Promise<CampaignCounts> {
    const campaign = new Campaign(runtime, seed);
    try {
      return await campaign.#play(rounds);
    } finally {
      campaign.#session.link.close();
      await Promise.all(campaign.#readers.map((reader) => reader.stop()));
      await campaign.#server.kill();
      rmSync(campaign.#folder, { recursive: true, force: true });
    }
  }

  async #play(rounds: number): Promise<CampaignCounts> {
    const { link } = this.#session;
    await this.#listen();
    for (const ledger of this.#fixed) {
      await this.#session.create(ledger, "first");
      for (const live of ["long-poll", "sse"] as const) {
        this.#readers.push(new TailReader(this.#session, ledger, live));
      }
    }
    let passed = 0;
    for (let round = 1; round <= rounds; round++) {
      const before = link.acknowledged;
      const started = performance.now();
      let story = "";
      try {
        story = await within(ROUND_MS, this.#round(round));
        if (round === rounds) await within(ROUND_MS, this.#finish());
      } catch (error) {
        this.#session.wrong.push(
          error instanceof Error ? error.stack ?? error.message : `${error}`,
        );
        this.#note(`round ${round}: FAILED ${story}`, this.#wrong());
        break;
      }
      const wrong = this.#wrong();
      if (wrong.length === 0) passed++;
      const elapsed = Math.round(performance.now() - started);
      const writes = link.acknowledged - before;
      this.#note(
        `round ${round}: ${wrong.length === 0 ? "ok" : "FAILED"}; ${story}; ` +
          `${writes} writes answered, ${elapsed} ms`,
        wrong,
      );
      if (this.#isStuck) break;
    }
    console.log(this.#summary(passed, rounds - passed));
    return { passed, failed: rounds - passed };
  }

  /** One round; tells its story. */
  async #round(round: number): Promise<string> {
    const { link } = this.#session;
    const prng = new Prng(this.#seed * 1_000 + round);
    const target = 20 + prng.below(400);
    const delay = prng.below(5);
    const stopping = new AbortController();
    const reached = link.more(target);
    const working = this.#work(round, stopping.signal);
    await reached;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const inFlight = link.writesInFlight;
    if (inFlight > 1) this.#hit++;
    stopping.abort();
    link.close();
    await this.#server.kill();
    await this.#checkImage();
    const starts = round % START_KILL_EVERY === 1 ? await this.#killStarts(prng) : "";
    if (round % 2 === 0) this.#port = "0";
    this.#server = this.#begin();
    await this.#listen();
    try {
      await within(WORK_MS, working);
    } catch (error) {
      // What is lost tells why; the clients that go on make further rounds worthless.
      this.#isStuck = true;
      this.#session.wrong.push(`the clients do not end: ${error}`);
    }
    await this.#verify(round, prng);
    return `killed ${delay} ms after write ${target} with ${inFlight} in flight${starts}`;
  }

  async #work(round: number, signal: AbortSignal): Promise<void> {
    const session = this.#session;
    const [json, text] = this.#fixed as [Ledger, Ledger];
    await Promise.all([
      ...["a", "b", "c"].map((name) => writePlainly(session, json, `plain-${name}`, signal)),
      ...["a", "b", "c"].map((name) => writePlainly(session, text, `plain-${name}`, signal)),
      writeBatches(session, json, "batches", signal),
      writeBatches(session, text, "batches", signal),
      ...this.#lasting.map((producer) => producer.write(signal)),
      this.#claiming.live(signal),
      ...["x", "y", "z"].map((name) => leadLives(session, `lives/${round}${name}`, signal)),
    ]);
  }

  /** Kills starts of the server between the opening of the file and the first request. */
  async #killStarts(prng: Prng): Promise<string> {
    const delays: string[] = [];
    for (let count = 1 + prng.below(3); count > 0; count--) {
      const delay = prng.below(8);
      const server = this.#begin();
      await opened(server, this.#data);
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      if (!server.isListening) this.#startKills++;
      delays.push(`${delay} ms${server.isListening ? " (too late)" : ""}`);
      await server.kill();
      await this.#checkImage();
    }
    return `, and in starts ${delays.join(", ")} after the file was opened`;
  }

  /** A copy of the file as the kill left it must recover and be sound. */
  async #checkImage(): Promise<void> {
    const copy = join(this.#folder, "image.hold");
    copyFileSync(this.#data, copy);
    await this.#check(copy);
    for (const name of [copy, `${copy}.lock`]) rmSync(name, { force: true });
  }

  async #check(path: string): Promise<void> {
    const database = await Database.open(path, { create: false });
    const { ok, problems } = await database.check();
    await database.close();
    if (!ok) this.#session.wrong.push(`check(): ${JSON.stringify(problems.slice(0, 5))}`);
  }

  async #verify(round: number, prng: Prng): Promise<void> {
    const session = this.#session;
    const there = new Map<Ledger, number[]>();
    for (const ledger of this.#fixed) {
      there.set(ledger, (await session.settle(ledger)).map(({ number }) => number));
    }
    await Promise.all(this.#readers.map((reader) => {
      return reader.reach(there.get(reader.ledger)?.length ?? 0);
    }));
    for (const { ledger, seen, marks } of this.#readers) {
      const numbers = there.get(ledger) ?? [];
      this.#compare(`a live reader of ${ledger.stream}`, seen, numbers);
      if (ledger.state === "missing") continue;
      const mark = marks[prng.below(marks.length)]!;
      const rest = (await session.read(ledger, mark.offset)).map(({ number }) => number);
      this.#compare(`${ledger.stream} from ${mark.offset}`, rest, numbers.slice(mark.count));
    }
    const others = [...session.ledgers.values()].filter((ledger) => !this.#fixed.includes(ledger));
    const isNew = ({ stream }: Ledger): boolean => /^lives\/(\d+)/.exec(stream)?.[1] === `${round}`;
    const old = others.filter((ledger) => !isNew(ledger));
    const samples = Array.from({ length: old.length === 0 ? 0 : SAMPLES }, () => {
      return old[prng.below(old.length)]!;
    });
    for (const ledger of [...others.filter(isNew), ...samples]) await session.settle(ledger);
  }

  #compare(what: string, seen: readonly number[], wanted: readonly number[]): void {
    const at = seen.findIndex((number, index) => number !== wanted[index]);
    if (at < 0 && seen.length === wanted.length) return;
    this.#session.wrong.push(
      `${what}: ${seen.length} messages instead of ${wanted.length}; ` +
        `the first difference is at ${at < 0 ? seen.length : at}: ${seen[at]} for ${wanted[at]}`,
    );
  }

  /** All streams once more, a clean stop, and the check of the file itself. */
  async #finish(): Promise<void> {
    for (const ledger of this.#session.ledgers.values()) await this.#session.settle(ledger);
    await Promise.all(this.#readers.map((reader) => reader.stop()));
    this.#session.link.close();
    const code = await this.#server.stop();
    if (code !== 0) this.#session.wrong.push(`the stop ended with ${code}: ${this.#server.errors}`);
    await this.#check(this.#data);
    if (this.#hit === 0) this.#session.wrong.push("no kill hit requests in flight");
    if (this.#startKills === 0) this.#session.wrong.push("no kill hit a start");
  }

  #begin(): Server {
    const flags = ["--data", this.#data, "--long-poll-ms", `${LONG_POLL_MS}`, "--port", this.#port];
    return Server.begin(this.#runtime, flags);
  }

  async #listen(): Promise<void> {
    const url = await this.#server.listening;
    this.#port = new URL(url).port;
    this.#session.link.open(url);
  }

  #wrong(): string[] {
    return [...this.#session.wrong.splice(0), ...this.#session.link.faults.splice(0)];
  }

  #note(line: string, wrong: readonly string[]): void {
    const details = wrong.slice(0, 20).map((text) => `\n    ${text}`).join("");
    console.log(`${this.#runtime.name}, ${line}${details}`);
  }

  #summary(passed: number, failed: number): string {
    const { link, ledgers } = this.#session;
    const unknown = { present: 0, absent: 0 };
    for (const ledger of ledgers.values()) {
      unknown.present += ledger.unknown.present;
      unknown.absent += ledger.unknown.absent;
    }
    const sessions = this.#readers.reduce((sum, reader) => sum + reader.sessions, 0);
    return `on ${this.#runtime.name} ${this.#runtime.version}: ${passed} passed, ${failed} failed; ` +
      `${link.acknowledged} writes answered; of those without an answer ${unknown.present} messages ` +
      `are there and ${unknown.absent} are not; ${link.retries} requests of producers sent again; ` +
      `${ledgers.size} streams; ${sessions} sessions of ${this.#readers.length} live readers; ` +
      `${this.#hit} kills hit requests in flight, ${this.#startKills} a start`;
  }
}

/** Waits until the server opened `path`, or listens, or ended. */
async function opened(server: Server, path: string): Promise<void> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  server.listening.then(over, over);
  while (!isOver && !server.descriptors().includes(path)) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
