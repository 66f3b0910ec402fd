/**
 * A crash-safe register: one value in slots that are written in turn. The synchronous core of the
 * kernel's superblock and of the public journal.
 *
 * | offset | type      | field                                                   |
 * | ------ | --------- | ------------------------------------------------------- |
 * | 0      | u8 x 16   | magic of the user of the register                       |
 * | 16     | u32       | CRC-32 of bytes 20 to the end of the value              |
 * | 20     | u32       | length of the value in bytes                            |
 * | 24     | u64       | epoch: counts writes of the register                    |
 * | 32     | bytes     | the value                                               |
 *
 * Every slot is a whole number of 4 KiB blocks, and a write goes to the slot that does not hold the
 * newest value: whatever a crash does to it, the newest value stays readable.
 *
 * Recovery rule: the valid slot with the highest epoch is the value. Whoever creates a register writes
 * every slot, so that one that is not valid was damaged, also if it is all zeros.
 *
 * @module
 */

import type { Checksum } from "../base/checksum.ts";
import { assert } from "../errors.ts";
import type { IoFile } from "../io/adapter.ts";

/** Bytes before the value of a slot. */
export const SLOT_HEADER_BYTES = 32;

/** Where the slots of a register are. */
export interface SlotLayout {
  /** 16 bytes that tell whose register it is. */
  readonly magic: Uint8Array;
  /** Offset of the first slot in the file. */
  readonly offset: number;
  /** Bytes of a slot, a multiple of 4096. */
  readonly slotBytes: number;
  /** Number of slots, at least 2. */
  readonly slots: number;
}

/** What a register is kept in: a file, or something like it. */
export type SlotStorage = Pick<IoFile, "readAt" | "writeAt">;

/** What reading a register found. */
export interface SlotReading {
  /** The newest value, or `undefined`. */
  readonly value: Uint8Array | undefined;
  /** Slots that are not valid. */
  readonly damaged: readonly number[];
  /** Whether any slot begins with the magic. */
  readonly ours: boolean;
}

/** The bytes of a slot that holds a value, written as number `epoch`. */
export function encodeSlot(
  checksum: Checksum,
  { magic, slotBytes }: SlotLayout,
  epoch: number,
  value: Uint8Array,
): Uint8Array {
  assert(SLOT_HEADER_BYTES + value.length <= slotBytes, "the value fits its slot");
  const bytes = new Uint8Array(slotBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(20, value.length, true);
  view.setBigUint64(24, BigInt(epoch), true);
  bytes.set(value, SLOT_HEADER_BYTES);
  view.setUint32(16, checksum.of(bytes, 20, SLOT_HEADER_BYTES + value.length), true);
  return bytes;
}

/** Epoch and value of a slot, or `undefined` when it is not whole. */
export function decodeSlot(
  bytes: Uint8Array,
  magic: Uint8Array,
  checksum: Checksum,
): { readonly epoch: number; readonly value: Uint8Array } | undefined {
  if (bytes.length < SLOT_HEADER_BYTES || !hasMagic(bytes, magic)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = SLOT_HEADER_BYTES + view.getUint32(20, true);
  const epoch = Number(view.getBigUint64(24, true));
  if (end > bytes.length || !Number.isSafeInteger(epoch) || epoch === 0) return undefined;
  if (checksum.of(bytes, 20, end) !== view.getUint32(16, true)) return undefined;
  return { epoch, value: bytes.slice(SLOT_HEADER_BYTES, end) };
}

function hasMagic(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** Reads and writes one register in an open file. */
export class SlotRegister {
  /** Epoch of the newest value; 0 before the first. */
  epoch = 0;

  readonly #file: SlotStorage;
  readonly #checksum: Checksum;
  readonly #layout: SlotLayout;
  #newest = -1;
  /** What the last write has replaced. */
  #replaced: Uint8Array | undefined;

  /** Binds a register to its place; call `read` before `write`. */
  constructor(file: SlotStorage, checksum: Checksum, layout: SlotLayout) {
    assert(layout.slots >= 2 && layout.slotBytes % 4096 === 0, "slots are whole 4 KiB blocks");
    this.#file = file;
    this.#checksum = checksum;
    this.#layout = layout;
  }

  /** Reads all slots and picks the newest valid value. Writes nothing. */
  read(): SlotReading {
    const { magic, offset, slotBytes, slots } = this.#layout;
    const damaged: number[] = [];
    let value: Uint8Array | undefined;
    let ours = false;
    this.epoch = 0;
    this.#newest = -1;
    for (let slot = 0; slot < slots; slot++) {
      const bytes = new Uint8Array(slotBytes);
      const read = this.#file.readAt(bytes, offset + slot * slotBytes);
      ours ||= hasMagic(bytes, magic);
      const found = decodeSlot(bytes.subarray(0, read), magic, this.#checksum);
      if (found === undefined) damaged.push(slot);
      else if (found.epoch > this.epoch) {
        this.epoch = found.epoch;
        this.#newest = slot;
        value = found.value;
      }
    }
    return { value, damaged, ours };
  }

  /**
   * Writes a value with the next epoch to the slot after the newest. Durable only after the file's
   * next sync; until then the previous value is the one a crash leaves. If that sync fails, call
   * `takeBack`.
   */
  write(value: Uint8Array): void {
    const { offset, slotBytes, slots } = this.#layout;
    const bytes = encodeSlot(this.#checksum, this.#layout, this.epoch + 1, value);
    const slot = (this.#newest + 1) % slots;
    const replaced = new Uint8Array(slotBytes);
    this.#file.readAt(replaced, offset + slot * slotBytes);
    this.#replaced = replaced;
    this.#file.writeAt(bytes, offset + slot * slotBytes);
    this.#newest = slot;
    this.epoch++;
  }

  /**
   * Puts back what the last write has replaced, because the sync behind it failed: the system's
   * cache may hold the value and the medium not. Whoever read it from the cache would take it for
   * durable and write over the only slot that is. Ends the register: nothing is written after it.
   */
  takeBack(): void {
    const { offset, slotBytes } = this.#layout;
    assert(this.#replaced !== undefined, "something was written");
    this.#file.writeAt(this.#replaced, offset + this.#newest * slotBytes);
  }
}
