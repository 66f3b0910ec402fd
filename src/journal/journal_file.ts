/**
 * The file of a journal.
 *
 * | offset | bytes             | content                                                     |
 * | ------ | ----------------- | ----------------------------------------------------------- |
 * | 0      | 4096              | header                                                      |
 * | 4096   | 4096              | the header once more                                        |
 * | 8192   | slot size x slots | the slots, written in turn (see `slot_register.ts`)         |
 *
 * A header is a slot with this value, never written again:
 *
 * | offset | type    | field                                                             |
 * | ------ | ------- | ----------------------------------------------------------------- |
 * | 0      | u16     | format: a higher one than ours is refused                         |
 * | 2      | u8      | flags: 1 monotonic                                                |
 * | 3      | u8      | zero                                                              |
 * | 4      | u8 x 16 | random: the magic of the slots, so that no other file's pass here |
 * | 20     | u32     | bytes of a slot, a multiple of 4096                               |
 * | 24     | u32     | number of slots, 3 to 64                                          |
 * | 28     | bytes   | name of the codec in UTF-8                                        |
 *
 * The value of a slot is u8 0 for none; or u8 1, then the bytes of the codec. Every slot holds one
 * from the beginning, so that a slot is never empty.
 *
 * | # | found                                       | done                                          |
 * | - | ------------------------------------------- | --------------------------------------------- |
 * | 1 | no file                                     | created beside it, synced, renamed            |
 * | 2 | neither header has our magic                | `NOT_OUR_FILE`                                |
 * | 3 | no header intact, or another file size      | `CORRUPT_JOURNAL`                             |
 * | 4 | a newer format                              | `FORMAT_NEWER`                                |
 * | 5 | another codec, or monotonic and not         | `TYPE_MISMATCH`                               |
 * | 6 | no slot intact                              | `CORRUPT_JOURNAL`                             |
 * | 7 | some slots intact                           | the newest; it is written again, and synced   |
 *
 * A value that outgrows the slots is written into a new file with larger ones, which replaces the
 * old one by rename: a crash leaves either file, whole.
 *
 * @module
 */

import { ByteReader } from "../base/byte_reader.ts";
import { ByteWriter } from "../base/byte_writer.ts";
import { Checksum } from "../base/checksum.ts";
import { CorruptionError, FormatError, StateError } from "../errors.ts";
import type { IoAdapter, IoFile } from "../io/adapter.ts";
import { fileMagic } from "./file_magic.ts";
import { createWhole } from "./owned_file.ts";
import { SLOT_HEADER_BYTES, type SlotLayout, SlotRegister } from "./slot_register.ts";

/** Format of the files this code writes. */
const FORMAT = 1;
const HEADER: SlotLayout = { magic: fileMagic("JN1"), offset: 0, slotBytes: 4096, slots: 2 };
const SLOTS_OFFSET = 8192;
/**
 * Fewest slots. After a sync that failed, the newest value may be in the system's cache only, and the
 * one before it is the last durable one: what is written next must touch neither.
 */
export const SLOTS_MIN = 3;
const SLOTS_MAX = 64;
/** The header is one slot of 4 KiB: more than a name that a person wrote takes. */
const CODEC_NAME_MAX = 4000;
/** Longest value (64 MiB): all slots are written and read whole. */
export const JOURNAL_VALUE_MAX = 67_108_864;

/** What a journal is made for. */
export interface JournalKind {
  /** Name of its codec. */
  readonly codecName: string;
  /** Whether its value never gets smaller. */
  readonly monotonic: boolean;
}

interface Header extends JournalKind {
  readonly magic: Uint8Array;
  readonly slotBytes: number;
  readonly slots: number;
}

/** The open file of a journal; the caller holds the lock. */
export class JournalFile {
  /** Slots that were neither valid nor of this file when it was opened. */
  damaged: readonly number[] = [];
  /** Whether a write or sync failed, so that nobody knows what is durable. */
  failed = false;

  readonly #io: IoAdapter;
  readonly #path: string;
  readonly #checksum: Checksum;
  #file: IoFile;
  #header: Header;
  #register: SlotRegister;

  private constructor(io: IoAdapter, path: string, file: IoFile, header: Header) {
    this.#io = io;
    this.#path = path;
    this.#checksum = new Checksum(io.crc32);
    this.#file = file;
    this.#header = header;
    this.#register = this.#slotsOf(file, header);
  }

  /**
   * Opens the file, creating it with `slots` slots; the table of the module's text. When it resolves,
   * the value is durable.
   */
  static async open(
    io: IoAdapter,
    path: string,
    kind: JournalKind,
    slots: number,
  ): Promise<{ readonly file: JournalFile; readonly value: Uint8Array }> {
    await io.remove(`${path}.new`);
    const checksum = new Checksum(io.crc32);
    if (await io.stat(path) === undefined) {
      const header = { ...kind, slots, slotBytes: 4096, magic: randomMagic(io) };
      await createWhole(io, path, (file) => fillFile(file, checksum, header, new Uint8Array(1)));
    }
    const opened = await io.open(path, "write");
    try {
      const header = readHeader(opened, path, checksum, kind);
      const file = new JournalFile(io, path, opened, header);
      const value = file.#read();
      // What was read may be in the system's cache only, since the last owner may have been killed.
      // Durable after these: the name, and the value.
      await io.syncDirectory(path);
      await file.write(value);
      return { file, value };
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** Writes a value and resolves when it is durable; until then a crash may leave the one before. */
  async write(value: Uint8Array): Promise<void> {
    if (SLOT_HEADER_BYTES + value.length > this.#header.slotBytes) {
      return await this.#outgrow(value);
    }
    try {
      this.#register.write(value);
      await this.#sync();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  /**
   * Syncs what was written last. If that fails, the value before it is the newest again: an opening
   * that read the other one would write to the slot behind it, and one failure after the other would
   * take all slots.
   */
  async #sync(): Promise<void> {
    try {
      // Durable after this: the value.
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

  async #outgrow(value: Uint8Array): Promise<void> {
    let { slotBytes } = this.#header;
    while (slotBytes < SLOT_HEADER_BYTES + value.length) slotBytes *= 2;
    const header = { ...this.#header, slotBytes, magic: randomMagic(this.#io) };
    const fill = (file: IoFile): void => fillFile(file, this.#checksum, header, value);
    let named = false;
    try {
      await createWhole(this.#io, this.#path, fill, () => {
        named = true;
        // Some systems rename nothing over an open file.
        this.#file.close();
      });
      const file = await this.#io.open(this.#path, "write");
      this.#file = file;
      this.#header = header;
      this.#register = this.#slotsOf(file, header);
      this.#read();
    } catch (error) {
      this.failed ||= named;
      throw error;
    }
  }

  #slotsOf(file: IoFile, { magic, slotBytes, slots }: Header): SlotRegister {
    return new SlotRegister(file, this.#checksum, {
      magic,
      slotBytes,
      slots,
      offset: SLOTS_OFFSET,
    });
  }

  #read(): Uint8Array {
    const { value, damaged } = this.#register.read();
    this.damaged = damaged;
    if (value !== undefined && (value[0] === 1 || value[0] === 0 && value.length === 1)) {
      return value;
    }
    throw corrupt(this.#path, "no slot is intact", SLOTS_OFFSET);
  }
}

/** @throws {RangeError} */
export function checkSlots(slots: number): void {
  if (!Number.isInteger(slots) || slots < SLOTS_MIN || slots > SLOTS_MAX) {
    throw new RangeError(`A journal has ${SLOTS_MIN} to ${SLOTS_MAX} slots, not ${slots}`);
  }
}

function randomMagic(io: IoAdapter): Uint8Array {
  const magic = new Uint8Array(16);
  io.random(magic);
  return magic;
}

/** Writes a whole file, with the value in every slot. */
function fillFile(file: IoFile, checksum: Checksum, header: Header, value: Uint8Array): void {
  const { magic, slotBytes, slots } = header;
  const headers = new SlotRegister(file, checksum, HEADER);
  const bytes = encodeHeader(header);
  for (let copy = 0; copy < HEADER.slots; copy++) headers.write(bytes);
  const layout = { magic, slotBytes, slots, offset: SLOTS_OFFSET };
  const register = new SlotRegister(file, checksum, layout);
  for (let slot = 0; slot < slots; slot++) register.write(value);
}

function encodeHeader({ codecName, monotonic, magic, slotBytes, slots }: Header): Uint8Array {
  const name = new TextEncoder().encode(codecName);
  if (name.length > CODEC_NAME_MAX) {
    throw new StateError("TOO_LARGE", `The name of a codec has at most ${CODEC_NAME_MAX} bytes`);
  }
  const out = new ByteWriter(28 + name.length);
  out.u16(FORMAT);
  out.u8(monotonic ? 1 : 0);
  out.u8(0);
  out.raw(magic);
  out.u32(slotBytes);
  out.u32(slots);
  out.raw(name);
  return out.toBytes();
}

/** Rows 2 to 5. */
function readHeader(file: IoFile, path: string, checksum: Checksum, kind: JournalKind): Header {
  const { value, ours } = new SlotRegister(file, checksum, HEADER).read();
  if (!ours) {
    throw new FormatError("NOT_OUR_FILE", `Cannot open "${path}": it is no journal`, { path });
  }
  if (value === undefined) throw corrupt(path, "no header is intact", 0);
  const input = new ByteReader(value);
  const format = input.u16();
  if (format > FORMAT) {
    throw new FormatError("FORMAT_NEWER", `Cannot open "${path}": it has format ${format}`, {
      path,
    });
  }
  const monotonic = (input.u8() & 1) === 1;
  input.u8();
  const magic = input.raw(16).slice();
  const slotBytes = input.u32();
  const slots = input.u32();
  const codecName = new TextDecoder().decode(input.raw(input.remaining));
  if (codecName !== kind.codecName || monotonic !== kind.monotonic) {
    throw new StateError(
      "TYPE_MISMATCH",
      `Cannot open "${path}" as a ${describe(kind)}: it is a ${describe({ codecName, monotonic })}`,
      { path },
    );
  }
  const isSound = slotBytes % 4096 === 0 && slots >= SLOTS_MIN && slots <= SLOTS_MAX;
  if (!isSound || file.size() !== SLOTS_OFFSET + slotBytes * slots) {
    throw corrupt(path, `it has ${file.size()} bytes for ${slots} slots of ${slotBytes}`, 0);
  }
  return { codecName, monotonic, magic, slotBytes, slots };
}

function describe({ codecName, monotonic }: JournalKind): string {
  return `${monotonic ? "monotonic " : ""}journal of ${codecName}`;
}

function corrupt(path: string, what: string, offset: number): CorruptionError {
  return new CorruptionError("CORRUPT_JOURNAL", `Cannot open "${path}": ${what}`, { path, offset });
}
