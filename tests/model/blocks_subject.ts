/**
 * Blocks in files: calls that overlap, beside a list of runs, over reopening, failures and power cuts.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { type BlockAllocator, type Blocks, fileBlocks } from "../../mod.ts";
import type { Subject } from "./subject.ts";

/** Commands of a run, at most. */
const COMMANDS_MAX = 40;
const SHAPE = { blockBytes: 4096, blockCount: 2 };
const RUN_BYTES = 8192;

/** A run as it should be. */
interface RunModel {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Written and not synced: a power cut leaves anything there. */
  readonly unsynced: Set<number>;
}

/** One sequence on a disk. */
class BlocksScene {
  #disk = new SimulatedDisk({ seed: 1, profile: "hostile" });
  #allocator: BlockAllocator | undefined;
  #runs: RunModel[] = [];
  #next = 1;

  async open(): Promise<void> {
    this.#allocator = await fileBlocks(this.#disk.io, "/data", { name: "model", ...SHAPE });
  }

  async allocate(count: number): Promise<void> {
    const calls = Array.from({ length: count }, () => this.#allocator!.allocate());
    for (const run of await Promise.all(calls)) {
      assert.equal(run.id, this.#next);
      this.#runs.push({ id: this.#next++, bytes: new Uint8Array(RUN_BYTES), unsynced: new Set() });
    }
  }

  async write(at: number, offset: number, length: number, fill: number, sync: boolean) {
    const [run, model] = await this.#pick(at);
    if (run === undefined) return;
    const bytes = new Uint8Array(length).fill(fill);
    if (offset + length > RUN_BYTES) {
      assert.throws(() => run.writeAt(bytes, offset), RangeError);
      return;
    }
    run.writeAt(bytes, offset);
    model!.bytes.set(bytes, offset);
    for (let byte = offset; byte < offset + length; byte++) model!.unsynced.add(byte);
    if (!sync) return;
    await run.syncAsync();
    model!.unsynced.clear();
  }

  async release(at: number): Promise<void> {
    const [run] = await this.#pick(at);
    if (run === undefined) return;
    if (run.id !== this.#runs[0]!.id) {
      await assert.rejects(this.#allocator!.release(run), RangeError);
      return;
    }
    await this.#allocator!.release(run);
    this.#runs.shift();
    assert.throws(() => run.sync(), { code: "CLOSED" });
  }

  /** The file of the oldest cannot be removed; later it can. */
  async releaseTwice(): Promise<void> {
    const [run] = await this.#pick(0);
    if (run === undefined) return;
    this.#disk.fail({ operation: "remove" });
    await assert.rejects(this.#allocator!.release(run), { code: "IO_FAILED" });
    this.#runs.shift();
    await this.compare();
    await this.#allocator!.release(run);
  }

  async closeRun(at: number): Promise<void> {
    const [run] = await this.#pick(at);
    run?.close();
  }

  async fillDisk(): Promise<void> {
    this.#disk.setCapacity(0);
    await assert.rejects(this.#allocator!.allocate(), { code: "NO_SPACE" });
    this.#disk.setCapacity(Infinity);
  }

  async reopen(): Promise<void> {
    await this.#allocator!.close();
    await this.open();
    await this.compare();
  }

  /** The power goes while runs are made and the oldest ones are released. */
  async crash(after: number, choice: number): Promise<void> {
    const list = await this.#allocator!.list();
    this.#disk.cutAt(this.#disk.operations + after);
    const calls = [
      this.#allocator!.allocate().then(() => "made"),
      ...list.slice(0, 2).map((run) => this.#allocator!.release(run).then(() => "gone")),
      this.#allocator!.allocate().then(() => "made"),
    ];
    const ends = await Promise.allSettled(calls);
    const count = (what: string): number =>
      ends.filter((end) => end.status === "fulfilled" && end.value === what).length;
    const policies = this.#disk.policies({ limit: 12, seed: choice });
    this.#disk = this.#disk.crash(policies[choice % policies.length]!);
    await this.open();
    const found = (await this.#allocator!.list()).map(({ id }) => id);
    const first = this.#runs[0]?.id ?? this.#next;
    const begin = found[0] ?? this.#next + count("made");
    const end = (found.at(-1) ?? begin - 1) + 1;
    assert.ok(begin >= first + count("gone") && begin <= first + Math.min(2, list.length));
    assert.ok(end >= this.#next + count("made") && end <= this.#next + 2, "a run is lost");
    for (; this.#next < end; this.#next++) {
      this.#runs.push({ id: this.#next, bytes: new Uint8Array(RUN_BYTES), unsynced: new Set() });
    }
    this.#runs = this.#runs.filter(({ id }) => id >= begin);
    await this.compare(true);
  }

  /** Compares all there is; after a power cut what was not synced is taken as it was found. */
  async compare(isAfterCut = false): Promise<void> {
    const list = await this.#allocator!.list();
    assert.deepEqual(list.map(({ id }) => id), this.#runs.map(({ id }) => id));
    const bytes = new Uint8Array(RUN_BYTES);
    for (const [at, run] of list.entries()) {
      const model = this.#runs[at]!;
      assert.equal(run.readAt(bytes, 0), RUN_BYTES);
      if (isAfterCut) {
        for (const byte of model.unsynced) model.bytes[byte] = bytes[byte]!;
        model.unsynced.clear();
      }
      assert.deepEqual(bytes, model.bytes);
    }
  }

  async end(): Promise<void> {
    await this.reopen();
    await this.#allocator!.close();
  }

  async #pick(at: number): Promise<[Blocks | undefined, RunModel | undefined]> {
    const list = await this.#allocator!.list();
    const index = at % Math.max(1, list.length);
    return [list[index], this.#runs[index]];
  }
}

interface Deed {
  readonly text: string;
  run(scene: BlocksScene): Promise<void>;
}

function deed<A extends readonly unknown[]>(
  name: string,
  drawn: fc.Arbitrary<A>,
  run: (scene: BlocksScene, ...args: A) => Promise<void>,
): fc.Arbitrary<Deed> {
  return drawn.map((args) => ({
    text: `${name}(${args.join(", ")})`,
    run: (scene) => run(scene, ...args),
  }));
}

const anyRun = fc.nat(5);
const none: fc.Arbitrary<[]> = fc.constant([]);

const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: deed("allocate", fc.tuple(fc.integer({ min: 1, max: 2 })), (s, n) => s.allocate(n)),
  },
  {
    weight: 10,
    arbitrary: deed(
      "write",
      fc.tuple(
        anyRun,
        fc.oneof(fc.nat(RUN_BYTES), fc.constantFrom(0, 4095, 4096, RUN_BYTES - 1)),
        fc.constantFrom(0, 1, 2, 500, 4096),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
      ),
      (s, at, offset, length, fill, sync) => s.write(at, offset, length, fill, sync),
    ),
  },
  { weight: 5, arbitrary: deed("release", fc.tuple(fc.nat(2)), (s, at) => s.release(at)) },
  { weight: 1, arbitrary: deed("releaseTwice", none, (s) => s.releaseTwice()) },
  { weight: 2, arbitrary: deed("closeRun", fc.tuple(anyRun), (s, at) => s.closeRun(at)) },
  { weight: 1, arbitrary: deed("fillDisk", none, (s) => s.fillDisk()) },
  { weight: 3, arbitrary: deed("compare", none, (s) => s.compare()) },
  { weight: 2, arbitrary: deed("reopen", none, (s) => s.reopen()) },
  {
    weight: 3,
    arbitrary: deed("crash", fc.tuple(fc.nat(24), fc.nat(30)), (s, a, b) => s.crash(a, b)),
  },
);

/** Says what it does where a failure names it. */
function named(one: Deed): Deed {
  return { ...one, [fc.toStringMethod]: () => `\n  ${one.text}` } as Deed;
}

/** All that block storage in files does. */
export const blocksSubject: Subject = {
  name: "blocks",
  property: () =>
    fc.asyncProperty(
      fc.array(anyDeed.map(named), { maxLength: COMMANDS_MAX, size: "max" }),
      async (deeds) => {
        const scene = new BlocksScene();
        await scene.open();
        for (const one of deeds) await one.run(scene);
        await scene.end();
      },
    ),
};
