/** The swarm's endless streams: records of all lengths, cursors, trims, under all durabilities. */

import { EndlessStream } from "../../../mod.ts";
import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { Durability } from "../../../mod.ts";
import { EndlessLedger } from "./endless_ledger.ts";
import { settle } from "../settle.ts";
import type { Death } from "../subject.ts";
import { forgive, isInTrouble, type SwarmLife, type SwarmWorld } from "./swarm_run.ts";

const OPTIONS = { segmentBytes: 16_384, cacheBytes: 65_536 };
const PATH = "/data/log";

/** Most bytes of a record that may span: two segments and more. */
const SPAN_BYTES = 36_000;

const CURSORS = ["a", "b", "c"];

class EndlessLife implements SwarmLife {
  readonly #ledger = new EndlessLedger();
  readonly #spans: boolean;
  #disk!: SimulatedDisk;
  #log!: EndlessStream;
  #running: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(random: Prng) {
    this.#spans = random.below(2) === 0;
  }

  async open(disk: SimulatedDisk, death: Death): Promise<void> {
    this.#disk = disk;
    const span = this.#spans ? { maxBytes: SPAN_BYTES } : "never" as const;
    const opening = EndlessStream.open(PATH, { io: disk.io, ...OPTIONS, span });
    this.#log = await settle(disk, opening);
    this.#ledger.recovered(this.#log, death);
  }

  async act(action: string, random: Prng): Promise<void> {
    try {
      await this.#act(action, random);
    } catch (error) {
      forgive(this.#disk, error);
    }
    if (this.#running.length > 8) await this.settle();
  }

  async settle(): Promise<void> {
    const running = this.#running.splice(0);
    for (const one of running) await settle(this.#disk, one);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async halt(isOrderly: boolean): Promise<void> {
    await this.settle();
    if (!isOrderly || this.#disk.injected === 0 || this.#disk.isDark) return;
    try {
      await settle(this.#disk, this.#log.close());
    } catch (error) {
      forgive(this.#disk, error);
    }
  }

  async close(): Promise<void> {
    await settle(this.#disk, this.#log.close());
    this.#ledger.closed();
  }

  async #act(action: string, random: Prng): Promise<void> {
    const ledger = this.#ledger;
    const log = this.#log;
    switch (action) {
      case "append":
        return this.#append([random.below(200)], "disk", random);
      case "append to the system":
        return this.#append([random.below(2000)], "os", random);
      case "append to memory":
        return this.#append([random.below(900)], "memory", random);
      case "append many": {
        const lengths = Array.from({ length: 1 + random.below(5) }, () => random.below(900));
        return this.#append(lengths, random.below(3) === 0 ? "os" : "disk", random);
      }
      case "append long":
        return this.#append([3000 + random.below(7500)], "disk", random);
      case "append huge":
        if (!this.#spans) return;
        return this.#append([12_000 + random.below(SPAN_BYTES - 12_000)], "disk", random);
      case "trim":
        return this.#begin(this.#trim(this.#place(random)));
      case "set a cursor":
        return this.#begin(this.#setCursor(this.#name(random), this.#place(random)));
      case "drop a cursor":
        return await this.#dropCursor(this.#name(random));
      case "grow":
        return this.#begin(log.grow());
      case "sync": {
        const noted = ledger.noted();
        return this.#begin(log.sync().then(() => ledger.durableUpTo(noted)));
      }
      case "get": {
        const offset = this.#place(random);
        const bytes = log.get(offset);
        return ledger.sees(offset, bytes);
      }
      case "verify":
        return await this.#verify();
      default:
        await this.settle();
        ledger.holds(log, isInTrouble(this.#disk));
    }
  }

  #append(lengths: readonly number[], durability: Durability, random: Prng): void {
    const records = lengths.map((length) => {
      const bytes = new Uint8Array(length);
      random.fill(bytes);
      return bytes;
    });
    const attempt = this.#ledger.attempt(records);
    const appending = records.length === 1
      ? this.#log.append(records[0]!, { durability })
      : this.#log.appendBatch(records, { durability });
    this.#begin(appending.then(
      ({ offset }) => this.#ledger.acknowledge(attempt, offset, durability),
      (error) => {
        this.#ledger.refuse(attempt);
        throw error;
      },
    ));
  }

  async #trim(before: number): Promise<void> {
    this.#ledger.trim(before, false);
    await this.#log.trim(before);
    this.#ledger.trim(before, true);
  }

  async #setCursor(name: string, offset: number): Promise<void> {
    this.#ledger.cursor(name, offset, false);
    const at = await this.#log.setCursor(name, offset);
    if (at < offset) throw new Error(`cursor ${name} is at ${at}, set to ${offset}`);
    this.#ledger.cursor(name, offset, true);
  }

  async #dropCursor(name: string): Promise<void> {
    await this.settle();
    this.#ledger.dropping(name);
    await settle(this.#disk, this.#log.dropCursor(name));
    if (this.#log.cursor(name) !== undefined) throw new Error(`cursor ${name} was dropped`);
    this.#ledger.dropped(name);
  }

  async #verify(): Promise<void> {
    const { problems } = await settle(this.#disk, this.#log.verify());
    if (problems.length > 0 && !isInTrouble(this.#disk)) {
      throw new Error(`verify: ${JSON.stringify(problems)}`);
    }
  }

  #begin(work: Promise<unknown>): void {
    const disk = this.#disk;
    this.#running.push(work.then(() => {}, (error) => {
      try {
        forgive(disk, error);
      } catch (error) {
        this.#failure ??= { error };
      }
    }));
  }

  /** Between start and end, both included. */
  #place(random: Prng): number {
    const { start, end } = this.#log;
    return start + random.below(end - start + 1);
  }

  #name(random: Prng): string {
    return CURSORS[random.below(CURSORS.length)]!;
  }
}

/** Endless streams in a folder. */
export const endlessWorld: SwarmWorld = {
  name: "endless stream",
  actions: {
    append: 8,
    "append to the system": 4,
    "append to memory": 3,
    "append many": 5,
    "append long": 4,
    "append huge": 2,
    trim: 2,
    "set a cursor": 3,
    "drop a cursor": 1,
    grow: 1,
    sync: 1,
    get: 4,
    verify: 1,
    rest: 3,
  },
  always: ["append", "cut the power", "rest"],
  like: "log: ",
  // Whoever opens next takes what reads still show for durable: see `SPARED` in `fault_kinds.ts`.
  sparedOpening: "sync: F2",
  begin: (random) => new EndlessLife(random),
};
