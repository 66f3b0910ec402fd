/**
 * The file allocator of blocks as a subject of the campaigns: runs are made, written and released in
 * order; none is lost or comes back, and what was synced to one stays.
 */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { type BlockAllocator, type Blocks, fileBlocks } from "../../../mod.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { Course } from "../course.ts";
import { Ledger } from "../ledger.ts";
import { settle } from "../settle.ts";
import {
  DamageFoundError,
  type Death,
  type Recovered,
  type Subject,
  type Witness,
} from "../subject.ts";

const SHAPE = { name: "log", blockBytes: 4096, blockCount: 2 };
const RUN_BYTES = 8192;

/** Ids from `first` up to but not including `next` are live. */
interface Range {
  readonly first: number;
  readonly next: number;
}

/** In objects, because two of a kind are two operations. */
interface Change {
  readonly kind: "allocate" | "release";
}

function apply({ first, next }: Range, { kind }: Change): Range {
  return kind === "allocate" ? { first, next: next + 1 } : { first: first + 1, next };
}

const textOf = ({ first, next }: Range): string => `${first}..${next}`;

function openBlocks(disk: SimulatedDisk): Promise<BlockAllocator> {
  return settle(disk, fileBlocks(disk.io, "/blocks", SHAPE));
}

/** One life of a sequence of runs. */
class BlocksLife extends Course {
  readonly random: Prng;
  ledger: Ledger<Range, Change>;
  /** The byte that fills a run; "unknown" while it is being written. No entry: all zeros. */
  readonly fills: Map<number, number | "unknown">;
  #allocator: BlockAllocator | undefined;

  constructor(
    disk: SimulatedDisk,
    random: Prng,
    ledger: Ledger<Range, Change>,
    fills: Map<number, number | "unknown">,
    allocator?: BlockAllocator,
  ) {
    super(disk);
    this.random = random;
    this.ledger = ledger;
    this.fills = fills;
    this.#allocator = allocator;
  }

  get allocator(): BlockAllocator {
    if (this.#allocator === undefined) throw new Error("the blocks are not open");
    return this.#allocator;
  }

  protected override get isOpen(): boolean {
    return this.#allocator !== undefined;
  }

  protected override async reopen(): Promise<void> {
    const allocator = await openBlocks(this.disk);
    const { range } = await matchBlocks(this.disk, allocator, this, this.death);
    this.ledger = new Ledger(range, apply, this.ledger);
    this.#allocator = allocator;
  }

  /** One thing at a time is in doubt. */
  protected override mustReopen(): boolean {
    return true;
  }

  protected override abandon(): Promise<unknown> {
    const { allocator } = this;
    this.#allocator = undefined;
    return allocator.close();
  }

  /** Makes another run, which holds zeros. */
  allocate(): Promise<void> {
    return this.#follow({ kind: "allocate" }, async () => {
      const run = await this.allocator.allocate({ reserve: this.random.below(3) > 0 });
      this.fills.delete(run.id);
      return run;
    });
  }

  /** Gives the oldest run back, if there is one; call when nothing waits. */
  async release(): Promise<void> {
    const [oldest] = await this.allocator.list();
    if (oldest === undefined) return;
    const change: Change = { kind: "release" };
    await this.#follow(change, async () => {
      try {
        await this.allocator.release(oldest);
      } catch (error) {
        // It has left the list for good, and only its file is still to go.
        if (await this.#hasLeft(oldest)) this.ledger.acknowledge(change, "disk");
        throw error;
      }
    });
  }

  async #hasLeft(run: Blocks): Promise<boolean> {
    try {
      return !(await this.allocator.list()).some(({ id }) => id === run.id);
    } catch (error) {
      if (this.isExpected(error)) return false;
      throw error;
    }
  }

  /** Fills a run with a byte of its own. */
  async fill(): Promise<void> {
    const runs = await this.allocator.list();
    const run = runs[this.random.below(runs.length + 1)];
    if (run === undefined) return;
    const value = 1 + this.random.below(255);
    this.fills.set(run.id, "unknown");
    run.writeAt(new Uint8Array(RUN_BYTES).fill(value), 0);
    if (this.random.below(2) === 0) run.sync();
    else await run.syncAsync();
    this.fills.set(run.id, value);
  }

  async close(): Promise<void> {
    await settle(this.disk, this.abandon());
  }

  async #follow(change: Change, run: () => Promise<Blocks | void>): Promise<void> {
    const { ledger } = this;
    ledger.submit(change);
    try {
      const made = await run();
      const { next } = ledger.acknowledge(change, "disk");
      if (made !== undefined && made.id !== next - 1) {
        throw new Error(`run ${made.id} was made, not ${next - 1}`);
      }
    } catch (error) {
      if (!ledger.isAcknowledged(change)) ledger.reject(change);
      throw error;
    }
  }
}

/** What is needed to compare. */
type Told = Pick<BlocksLife, "ledger" | "fills">;

/** Reads all runs. @throws when one is not as it must be */
async function matchBlocks(
  disk: SimulatedDisk,
  allocator: BlockAllocator,
  { ledger, fills }: Told,
  death: Death,
): Promise<{ readonly range: Range; readonly text: string }> {
  const runs = await settle(disk, allocator.list());
  const ids = runs.map(({ id }) => id);
  const isFound = ({ first, next }: Range): boolean =>
    ids.length === next - first && ids.every((id, at) => id === first + at);
  const count = ledger.match(death, isFound, () => ids.join(), textOf);
  const bytes = new Uint8Array(RUN_BYTES);
  for (const run of runs) {
    const wanted = fills.get(run.id) ?? 0;
    if (wanted === "unknown") continue;
    run.readAt(bytes, 0);
    const at = bytes.findIndex((byte) => byte !== wanted);
    if (at < 0) continue;
    // What is in a run is as the disk gives it: checksums are for those who write it.
    throw new DamageFoundError(`byte ${at} of run ${run.id} is ${bytes[at]}, not ${wanted}`);
  }
  const range = ledger.states[count]!;
  return { range, text: textOf(range) };
}

class BlocksWitness implements Witness {
  readonly #told: Told;

  constructor({ ledger, fills }: Told) {
    this.#told = { ledger, fills };
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const allocator = await openBlocks(disk);
    const { range, text } = await matchBlocks(disk, allocator, this.#told, death);
    return {
      content: text,
      proceed: async (random) => {
        const fills = new Map(this.#told.fills);
        for (const id of fills.keys()) if (id >= range.next) fills.delete(id);
        const life = new BlocksLife(
          disk,
          random,
          new Ledger(range, apply, this.#told.ledger),
          fills,
          allocator,
        );
        const steps = Array.from({ length: 4 }, () => all[random.below(all.length)]!);
        await life.live(steps.map((step) => () => step(life)));
        return new BlocksWitness(life);
      },
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await openBlocks(disk);
  }
}

type Step = (life: BlocksLife) => Promise<void>;

const one: Step = (life) => life.all([life.allocate()]);
const several: Step = (life) => life.all([life.allocate(), life.allocate(), life.allocate()]);
const release: Step = (life) => life.all([life.release()]);
const fill: Step = (life) => life.all([life.fill()]);
const close: Step = (life) => life.close();
const all: readonly Step[] = [one, several, release, release, fill, fill, close];

function subject(name: string, steps: readonly Step[], disk: SimulatedDiskOptions = {}): Subject {
  return {
    name: `blocks: ${name}`,
    structure: "blocks",
    disk,
    play: async (disk, random) => {
      const life = new BlocksLife(
        disk,
        random,
        new Ledger({ first: 1, next: 1 }, apply),
        new Map(),
      );
      await life.live(steps.map((step) => () => step(life)));
      return new BlocksWitness(life);
    },
  };
}

const churn: readonly Step[] = [
  several,
  fill,
  release,
  one,
  release,
  fill,
  close,
  release,
  one,
  fill,
];

/** Allocators of blocks in files. */
export const blocksSubjects: readonly Subject[] = [
  subject("allocate", [one, fill, several, close, one, fill, fill]),
  subject("release", [several, fill, fill, release, release, fill, release, one]),
  subject("reuse", churn),
  subject("hostile", churn, { profile: "hostile" }),
  subject("no-psow", churn, { profile: "no-psow", sectorBytes: 4096 }),
  subject("stale", churn, { profile: "stale" }),
  subject("slow", churn, { syncMilliseconds: 5 }),
];
