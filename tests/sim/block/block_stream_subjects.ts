/** Streams of fixed capacity, one in each run of blocks, as subjects of the campaigns. */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { type BlockAllocator, BlockStream, fileBlocks } from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { Course } from "../course.ts";
import { fingerprint } from "../fingerprint.ts";
import { Ledger } from "../ledger.ts";
import { settle } from "../settle.ts";
import {
  DamageFoundError,
  type Death,
  type Recovered,
  type Subject,
  type Witness,
} from "../subject.ts";

const BLOCK_COUNT = 4;

/** What a stream holds, as text, by the id of its run. Runs that hold nothing are left out. */
type Content = ReadonlyMap<number, string>;

/** Bytes that a stream took in one call: all of an append, or a part of one. */
interface Taking {
  readonly run: number;
  readonly text: string;
}

function apply(content: Content, { run, text }: Taking): Content {
  return new Map(content).set(run, `${content.get(run) ?? ""} ${text}`);
}

const textOf = (content: Content): string =>
  [...content].map(([run, text]) => `${run}:${text}`).sort().join("; ");

function textOfStream(stream: BlockStream): string {
  const texts: string[] = [];
  const part = (name: string, bytes: Uint8Array): void => {
    if (bytes.length > 0) texts.push(` ${name}${fingerprint(bytes)}`);
  };
  part("spilled", stream.spilled());
  for (const record of stream.records()) part("", record);
  part("trailing", stream.trailing());
  stream.verify((found) => {
    throw new DamageFoundError(`verify: ${JSON.stringify(found)}`);
  });
  return texts.join("");
}

/** The streams of all runs, oldest first. */
interface Open {
  readonly allocator: BlockAllocator;
  readonly streams: { readonly run: number; readonly stream: BlockStream }[];
}

async function openStreams(disk: SimulatedDisk, blockCount: number): Promise<Open> {
  const shape = { name: "log", blockBytes: 4096, blockCount };
  const allocator = await settle(disk, fileBlocks(disk.io, "/blocks", shape));
  const streams: Open["streams"] = [];
  for (const blocks of await settle(disk, allocator.list())) {
    const stream = await settle(disk, BlockStream.open(blocks, { io: disk.io }));
    streams.push({ run: blocks.id, stream });
  }
  return { allocator, streams };
}

function contentOf({ streams }: Open, after = 0): Content {
  const content = new Map<number, string>();
  for (const { run, stream } of streams) {
    const text = run > after ? textOfStream(stream) : "";
    if (text !== "") content.set(run, text);
  }
  return content;
}

/** One life of streams. Ends with the first failure: what a failed sync leaves is in doubt for good. */
class BlockStreamLife extends Course {
  readonly random: Prng;
  ledger: Ledger<Content, Taking>;
  /** Runs up to this one are not looked at. */
  readonly after: number;
  /** Blocks of a run. */
  readonly blockCount: number;
  /** Something has failed. */
  isSuspect = false;
  #open: Open | undefined;
  #dirty: Taking[] = [];
  #flushed: Taking[] = [];

  constructor(
    disk: SimulatedDisk,
    random: Prng,
    ledger: Ledger<Content, Taking>,
    after: number,
    blockCount: number,
    open?: Open,
  ) {
    super(disk);
    this.random = random;
    this.ledger = ledger;
    this.after = after;
    this.blockCount = blockCount;
    this.#open = open;
  }

  protected override get isOpen(): boolean {
    return this.#open !== undefined;
  }

  protected override async reopen(): Promise<void> {
    if (this.isSuspect) return;
    this.#open = await openStreams(this.disk, this.blockCount);
    this.#match(this.death);
    this.ledger = new Ledger(contentOf(this.#open, this.after), apply);
    this.#dirty = [];
    this.#flushed = [];
  }

  protected override async abandon(): Promise<unknown> {
    const open = this.#open;
    this.#open = undefined;
    for (const { stream } of open?.streams ?? []) stream.close();
    return await open?.allocator.close();
  }

  /** Takes a step, if nothing has failed. */
  async take(step: Step): Promise<void> {
    try {
      if (!this.isSuspect) await step(this);
    } catch (error) {
      this.isSuspect = true;
      throw error;
    } finally {
      if (this.isSuspect) await this.abandon();
    }
  }

  /** Appends bytes, which go on in other runs where there is no room. */
  async append(length: number): Promise<void> {
    const bytes = new Uint8Array(length);
    this.random.fill(bytes);
    for (let done = 0; this.#open !== undefined && done < length;) {
      const last = this.#open.streams.at(-1);
      const rest = bytes.subarray(done);
      const taken = last === undefined || last.stream.isFull
        ? 0
        : last.stream.append(rest, { spilled: done > 0 });
      if (taken > 0) {
        const isEnd = done + taken === length;
        const kind = !isEnd ? "trailing" : done > 0 ? "spilled" : "";
        const text = `${kind}${fingerprint(bytes.slice(done, done + taken))}`;
        const taking = { run: last!.run, text };
        this.ledger.submit(taking);
        this.#dirty.push(taking);
        done += taken;
      }
      if (done < length) await this.grow();
    }
  }

  /** Makes durable what was appended. */
  async sync(): Promise<void> {
    const stream = this.#open?.streams.at(-1)?.stream;
    if (stream === undefined) return;
    const covered = [...this.#flushed.splice(0), ...this.#dirty.splice(0)];
    if (this.random.below(2) === 0) stream.sync();
    else await settle(this.disk, stream.syncAsync());
    for (const taking of covered) this.ledger.acknowledge(taking, "disk");
    this.#match("power");
  }

  /** Hands what was appended to the system. */
  flush(): void {
    const stream = this.#open?.streams.at(-1)?.stream;
    if (stream === undefined) return;
    stream.flush();
    for (const taking of this.#dirty) this.ledger.acknowledge(taking, "os");
    this.#flushed.push(...this.#dirty.splice(0));
    this.#match("process");
  }

  /** Goes on in another run, once this one is durable. */
  async grow(): Promise<void> {
    await this.sync();
    if (this.#open === undefined) return;
    const { allocator, streams } = this.#open;
    const reserve = this.random.below(2) === 0;
    const blocks = await settle(this.disk, allocator.allocate({ reserve }));
    const stream = await settle(this.disk, BlockStream.open(blocks, { io: this.disk.io }));
    streams.push({ run: blocks.id, stream });
  }

  /** Lets go of the streams, without a sync; the next thing that is done opens them again. */
  async close(): Promise<void> {
    await this.abandon();
  }

  #match(death: Death): void {
    if (this.#open !== undefined) {
      matchStreams(contentOf(this.#open, this.after), this.ledger, death);
    }
  }
}

function matchStreams(found: Content, ledger: Ledger<Content, Taking>, death: Death): number {
  const text = textOf(found);
  return ledger.match(death, (content) => textOf(content) === text, () => text, textOf);
}

class BlockStreamWitness implements Witness {
  readonly #life: BlockStreamLife;

  constructor(life: BlockStreamLife) {
    this.#life = life;
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const { ledger, after, isSuspect, blockCount } = this.#life;
    const open = await openStreams(disk, blockCount);
    const content = contentOf(open, after);
    const lost = ledger.operations[matchStreams(content, ledger, death)]?.text.split(":")[0];
    return {
      content: textOf(content),
      proceed: async (random) => {
        const newest = open.streams.at(-1)?.run ?? 0;
        // What a failed sync has lost may be seen for a while: `BlockStream` says so.
        const [base, from] = isSuspect ? [new Map(), newest] as const : [content, after];
        const life = new BlockStreamLife(
          disk,
          random,
          new Ledger(base, apply),
          from,
          blockCount,
          open,
        );
        const steps = Array.from({ length: 4 }, () => all[random.below(all.length)]!);
        await life.live([
          isSuspect ? grow : sync,
          (life: BlockStreamLife) => life.append(Number(lost?.replace(/\D/g, "")) || 1),
          ...steps,
        ].map((step) => () => life.take(step)));
        return new BlockStreamWitness(life);
      },
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await openStreams(disk, this.#life.blockCount);
  }
}

type Step = (life: BlockStreamLife) => Promise<void>;

const EDGES: readonly number[] = [1, 511, 512, 513, 4026, 4027, 4028, 4095, 4096, 4097];

const small: Step = (life) => life.append(1 + life.random.below(300));
const edge: Step = (life) => life.append(EDGES[life.random.below(EDGES.length)]!);
/** Five of these are written before a sync, as one batch. */
const huge: Step = (life) => life.append(50_000 + life.random.below(20_000));
const long: Step = (life) => life.append(9000 + life.random.below(20_000));
const sync: Step = (life) => life.sync();
const flush: Step = (life) => Promise.resolve(life.flush());
const grow: Step = (life) => life.grow();
const close: Step = (life) => life.close();
const all: readonly Step[] = [small, edge, small, long, sync, sync, flush, close];

function subject(
  name: string,
  steps: readonly Step[],
  disk: SimulatedDiskOptions = {},
  blockCount: number = BLOCK_COUNT,
): Subject {
  return {
    name: `block stream: ${name}`,
    structure: "log",
    disk,
    play: async (disk, random) => {
      const life = new BlockStreamLife(disk, random, new Ledger(new Map(), apply), 0, blockCount);
      await life.live([grow, ...steps].map((step) => () => life.take(step)));
      return new BlockStreamWitness(life);
    },
  };
}

const appends = [
  small,
  edge,
  sync,
  small,
  small,
  small,
  sync,
  edge,
  edge,
  sync,
  close,
  small,
  sync,
];

const flushes = [
  small,
  flush,
  edge,
  flush,
  small,
  small,
  sync,
  small,
  flush,
  sync,
  long,
  flush,
  edge,
  flush,
  close,
  small,
  flush,
];

const longs = [
  huge,
  huge,
  huge,
  huge,
  huge,
  small,
  huge,
  flush,
  huge,
  huge,
  small,
  sync,
  huge,
  close,
  huge,
];

/** Streams in blocks. */
export const blockStreamSubjects: readonly Subject[] = [
  subject("append", appends),
  subject("spill", [small, sync, long, edge, sync, long, small]),
  subject("flush", flushes),
  subject("flush hostile", flushes, { profile: "hostile" }),
  subject("flush no-psow", flushes, { profile: "no-psow", sectorBytes: 4096 }),
  subject("long", longs, {}, 160),
  subject("long no-psow", longs, { profile: "no-psow", sectorBytes: 4096 }, 160),
  subject("hostile", appends, { profile: "hostile" }),
  subject("no-psow", [...appends, long], { profile: "no-psow", sectorBytes: 4096 }),
];
