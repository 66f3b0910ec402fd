/**
 * Blocks whose calls are counted and can be made to fail.
 *
 * @module
 */

import { memoryIo } from "../../adapters/memory.ts";
import type { Blocks } from "../../src/block/blocks.ts";
import { IoError, type IoFile } from "../../mod.ts";

/** Blocks in a file, counted. */
export class TestBlocks implements Blocks {
  readonly id: number;
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly file: IoFile;
  reads = 0;
  readBytes = 0;
  writes = 0;
  syncs = 0;
  /** What is called at each sync; may throw. */
  onSync: () => void = () => {};
  /** What is called at each write; may throw. */
  onWrite: () => void = () => {};
  closed = false;
  /** Nobody may read them any more. */
  released = false;

  constructor(
    file: IoFile,
    { id = 1, blockBytes = 4096, blockCount = 16 }: {
      id?: number;
      blockBytes?: number;
      blockCount?: number;
    } = {},
  ) {
    this.file = file;
    this.id = id;
    this.blockBytes = blockBytes;
    this.blockCount = blockCount;
    if (file.size() === 0) file.truncate(blockBytes * blockCount);
  }

  readAt(buffer: Uint8Array, offset: number): number {
    if (this.released) throw new RangeError("these blocks were released");
    this.reads++;
    this.readBytes += buffer.length;
    return this.file.readAt(buffer, offset);
  }

  writeAt(buffer: Uint8Array, offset: number): void {
    this.writes++;
    this.onWrite();
    this.file.writeAt(buffer, offset);
  }

  sync(): void {
    this.syncs++;
    this.onSync();
    this.file.sync();
  }

  async syncAsync(): Promise<void> {
    this.syncs++;
    this.onSync();
    await this.file.syncAsync();
  }

  close(): void {
    this.closed = true;
  }

  /** The same bytes, as the next owner finds them. */
  again(): TestBlocks {
    const { id, blockBytes, blockCount } = this;
    return new TestBlocks(this.file, { id, blockBytes, blockCount });
  }

  /** All bytes. */
  image(): Uint8Array {
    const bytes = new Uint8Array(this.file.size());
    this.file.readAt(bytes, 0);
    return bytes;
  }
}

/** New blocks in memory, or with the given bytes. */
export async function testBlocks(
  shape: { id?: number; blockBytes?: number; blockCount?: number } = {},
  image: Uint8Array = new Uint8Array(0),
): Promise<TestBlocks> {
  const file = await memoryIo().open("/blocks", "create");
  if (image.length > 0) {
    file.truncate(image.length);
    file.writeAt(image, 0);
  }
  return new TestBlocks(file, shape);
}

/** A failure of a disk. */
export function diskFailure(): never {
  throw new IoError("IO_FAILED", "the test's disk failed");
}

/** Bytes that tell their number, of any length. */
export function numbered(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (n * 31 + i * 7 + (i >> 8)) & 255;
  return bytes;
}

/** Gives bytes away, as to a worker. */
export function transfer({ buffer }: Uint8Array): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

/** All bytes, one part after the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
