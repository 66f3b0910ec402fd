/**
 * An allocator whose blocks are counted and can be made to fail, which can fail itself.
 *
 * @module
 */

import { memoryIo } from "../../adapters/memory.ts";
import { type BlockAllocator, type Blocks, IoError } from "../../mod.ts";
import { TestBlocks } from "./test_blocks.ts";

/** Runs in memory; the same ones for every stream that is opened on it. */
export class TestAllocator implements BlockAllocator {
  readonly runs: TestBlocks[] = [];
  readonly blockCount: number;
  /** Called before each sync of any run. */
  onSync: () => void = () => {};
  /** Called before each write to any run. */
  onWrite: () => void = () => {};
  /** Runs that may still be allocated. */
  left: number = Infinity;
  /** Releases that are to fail. */
  failingReleases = 0;
  /** Ids in the order of their release. */
  readonly released: number[] = [];
  readonly #io = memoryIo();
  #next = 1;

  constructor(blockCount: number = 8) {
    this.blockCount = blockCount;
  }

  get syncs(): number {
    return this.runs.reduce((sum, { syncs }) => sum + syncs, 0);
  }

  get readBytes(): number {
    return this.runs.reduce((sum, { readBytes }) => sum + readBytes, 0);
  }

  async allocate(): Promise<Blocks> {
    if (this.left-- <= 0) throw new IoError("NO_SPACE", "no more runs");
    const id = this.#next++;
    const file = await this.#io.open(`/${id}`, "create-new");
    const blocks = new TestBlocks(file, { id, blockCount: this.blockCount });
    blocks.onSync = () => this.onSync();
    blocks.onWrite = () => this.onWrite();
    this.runs.push(blocks);
    return blocks;
  }

  async release(blocks: Blocks): Promise<void> {
    if (blocks !== this.runs[0]) throw new RangeError("not the oldest");
    if (this.failingReleases-- > 0) throw new IoError("IO_FAILED", "the test's disk failed");
    this.runs.shift()!.released = true;
    this.released.push(blocks.id);
  }

  async list(): Promise<Blocks[]> {
    return [...this.runs];
  }

  async close(): Promise<void> {}
}
