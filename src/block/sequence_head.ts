/**
 * The head of a sequence of block files: which of them are live. Three slots of 4 KiB in a file of its
 * own, written in turn (see `../journal/slot_register.ts`, which adds magic, epoch and checksum).
 *
 * | offset | type    | field                                                            |
 * | ------ | ------- | ---------------------------------------------------------------- |
 * | 0      | u16     | format: a higher one than ours is refused                        |
 * | 2      | u8      | log2 of the block size                                           |
 * | 3      | u8      | zero                                                             |
 * | 4      | u8 x 16 | identity of the sequence, random                                 |
 * | 20     | u64     | blocks of a run, where nobody says otherwise                     |
 * | 28     | u64     | id of the oldest live run                                        |
 * | 36     | u64     | id of the next run: those between are live                       |
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import type { Checksum } from "../base/checksum.ts";
import { CorruptionError, FormatError } from "../errors.ts";
import type { IoAdapter, IoFile } from "../io/adapter.ts";
import { fileMagic } from "../journal/file_magic.ts";
import { createWhole } from "../journal/owned_file.ts";
import { type SlotLayout, SlotRegister } from "../journal/slot_register.ts";
import { type BlockShape, isShape } from "./blocks.ts";

/** Format of the files this code writes. */
export const BLOCKS_FORMAT = 1;

const LAYOUT: SlotLayout = { magic: fileMagic("BH1"), offset: 0, slotBytes: 4096, slots: 3 };

/** The fields of a head. */
export interface SequenceHead extends BlockShape {
  /** Identity of the sequence. */
  readonly identity: Uint8Array;
  /** Id of the oldest live run. */
  readonly first: number;
  /** Id of the next run. */
  readonly next: number;
}

/** The open head of a sequence. */
export class HeadFile {
  readonly #file: IoFile;
  readonly #register: SlotRegister;

  /** Takes over the open file. */
  constructor(file: IoFile, checksum: Checksum) {
    this.#file = file;
    this.#register = new SlotRegister(file, checksum, LAYOUT);
  }

  /**
   * Reads the head. `stale`: a slot is damaged, and what is read may be one write old.
   * @throws {FormatError} `NOT_OUR_FILE`, `FORMAT_NEWER`
   * @throws {CorruptionError} `CORRUPT_BLOCKS`
   */
  async read(path: string): Promise<{ readonly head: SequenceHead; readonly stale: boolean }> {
    const { value, damaged, ours } = this.#register.read();
    if (!ours) {
      throw new FormatError("NOT_OUR_FILE", `Cannot open "${path}": it heads no blocks`, { path });
    }
    if (value === undefined) {
      throw new CorruptionError("CORRUPT_BLOCKS", `Cannot open "${path}": no slot is intact`, {
        path,
        offset: 0,
      });
    }
    const head = decodeHead(value, path);
    // Durable after this: what was read, which a killed owner may have left in the system's cache
    // only. The next write takes the place of the one before it.
    await this.#file.syncAsync();
    return { head, stale: damaged.length > 0 };
  }

  /** Writes the head and returns when it is durable. */
  async write(head: SequenceHead): Promise<void> {
    this.#register.write(encodeHead(head));
    try {
      // Durable after this: the head. Until then a crash leaves the one before.
      await this.#file.syncAsync();
    } catch (error) {
      this.#register.takeBack();
      throw error;
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

/** Creates the head of a sequence that does not exist; the caller holds the lock. */
export async function createHead(
  io: IoAdapter,
  path: string,
  checksum: Checksum,
  head: SequenceHead,
): Promise<void> {
  await createWhole(io, path, (file) => {
    const register = new SlotRegister(file, checksum, LAYOUT);
    for (let slot = 0; slot < LAYOUT.slots; slot++) register.write(encodeHead(head));
  });
}

function encodeHead({ identity, blockBytes, blockCount, first, next }: SequenceHead): Uint8Array {
  const out = new ByteWriter(44);
  out.u16(BLOCKS_FORMAT);
  out.u8(Math.log2(blockBytes));
  out.u8(0);
  out.raw(identity);
  out.u64(blockCount);
  out.u64(first);
  out.u64(next);
  return out.toBytes();
}

function decodeHead(bytes: Uint8Array, path: string): SequenceHead {
  const input = new ByteReader(bytes);
  const format = input.u16();
  if (format > BLOCKS_FORMAT) {
    throw new FormatError("FORMAT_NEWER", `Cannot open "${path}": it has format ${format}`, {
      path,
    });
  }
  const blockBytes = 2 ** input.u8();
  input.u8();
  const head: SequenceHead = {
    identity: input.raw(16).slice(),
    blockBytes,
    blockCount: input.u64(),
    first: input.u64(),
    next: input.u64(),
  };
  if (isShape(head) && head.first <= head.next) return head;
  throw new CorruptionError("CORRUPT_BLOCKS", `Cannot open "${path}": its numbers make no sense`, {
    path,
    offset: 0,
  });
}
