/**
 * Reads the binary form of an export, see `export_binary.ts`.
 *
 * @module
 */

import { ByteReader } from "../../base/byte_reader.ts";
import type { Checksum } from "../../base/checksum.ts";
import { FormatError, isHoldfastError } from "../../errors.ts";
import { VALUE_BYTES_MAX } from "../../kernel/limits.ts";
import { ByteQueue } from "./byte_queue.ts";
import { BINARY_MAGIC, FRAME, PAYLOAD_BYTES_MAX } from "./export_binary.ts";
import {
  badExport,
  checkedStructure,
  EXPORT_VERSION,
  type TransferDecoder,
  type TransferItem,
} from "./transfer_item.ts";

/** Bytes of a frame around its payload: length and kind, CRC. */
const HEAD_BYTES = 5;
const TAIL_BYTES = 4;

/** A value whose pieces are still coming. Memory is taken as they come, whatever they promised. */
interface LongValue {
  readonly key: Uint8Array;
  readonly length: number;
  readonly pieces: Uint8Array[];
  left: number;
}

/** Where the frames are. */
type Stage = "magic" | "header" | "body" | "ended";

/** Decodes the binary form. */
export class BinaryDecoder implements TransferDecoder {
  numbers = 0;
  readonly #checksum: Checksum;
  readonly #queue = new ByteQueue();
  readonly #text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #stage: Stage = "magic";
  #chain = 0;
  #structures = 0;
  #entries = 0;
  #frame: ByteReader | undefined;
  #long: LongValue | undefined;

  /** Begins at the first byte. */
  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  push(bytes: Uint8Array): void {
    if (this.ended && bytes.length > 0) throw badExport("there are bytes behind the last frame");
    this.#queue.push(bytes);
  }

  close(): void {
    // A frame is whole or not, whatever follows.
  }

  get ended(): boolean {
    return this.#stage === "ended";
  }

  next(): TransferItem | undefined {
    try {
      return this.#next();
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== "CORRUPT_VALUE") throw error;
      throw badExport("a frame is shorter than what it holds", error);
    }
  }

  #next(): TransferItem | undefined {
    if (this.#stage === "ended") return undefined;
    if (this.#stage === "magic") {
      if (this.#queue.length < BINARY_MAGIC.length) return undefined;
      const magic = this.#queue.take(BINARY_MAGIC.length);
      if (!magic.every((byte, i) => byte === BINARY_MAGIC[i])) {
        throw new FormatError("NOT_OUR_FILE", "Cannot import: this is no export of Holdfast");
      }
      this.#stage = "header";
    }
    for (;;) {
      if (this.#frame !== undefined) return this.#entry(this.#frame);
      const payload = this.#takeFrame();
      if (payload === undefined) return undefined;
      const item = this.#open(payload[0]!, new ByteReader(payload, 1));
      if (item !== undefined) return item;
    }
  }

  /** Kind and payload of the next frame, verified. */
  #takeFrame(): Uint8Array | undefined {
    const queue = this.#queue;
    if (queue.length < HEAD_BYTES) return undefined;
    const length = word(queue, 0);
    if (length > PAYLOAD_BYTES_MAX) throw badExport(`a frame says that it has ${length} bytes`);
    if (queue.length < HEAD_BYTES + length + TAIL_BYTES) return undefined;
    const stored = word(queue, HEAD_BYTES + length);
    queue.take(4);
    const payload = queue.take(1 + length);
    queue.take(TAIL_BYTES);
    this.#chain = this.#checksum.of(payload, 0, payload.length, this.#chain);
    if (this.#chain !== stored) throw badExport("a frame does not match its checksum");
    return payload;
  }

  #open(kind: number, payload: ByteReader): TransferItem | undefined {
    if (this.#stage === "header") {
      if (kind !== FRAME.header) throw badExport("the first frame is no header");
      const version = payload.varint();
      if (version > EXPORT_VERSION) throw newerExport(version);
      this.numbers = payload.varint();
      this.#stage = "body";
      return undefined;
    }
    if (this.#long !== undefined) {
      if (kind !== FRAME.piece) throw badExport("a long value is cut off");
      return this.#piece(this.#long, payload);
    }
    switch (kind) {
      case FRAME.structure:
        return this.#structure(payload);
      case FRAME.entries:
      case FRAME.long:
        if (this.#structures === 0) throw badExport("there are entries before any structure");
        if (payload.remaining === 0) throw badExport("a frame is empty");
        if (kind === FRAME.entries) this.#frame = payload;
        else this.#begin(payload);
        return undefined;
      case FRAME.end:
        return this.#end(payload);
      default:
        throw badExport(`there is a frame of the unknown kind ${kind}`);
    }
  }

  #structure(payload: ByteReader): TransferItem {
    const number = payload.varint();
    const [name, kind] = [0, 1].map(() => this.#string(payload.raw(payload.varint())));
    const format = this.#string(payload.raw(payload.remaining));
    this.#structures++;
    return { type: "structure", structure: checkedStructure({ name, kind, format, number }) };
  }

  #entry(frame: ByteReader): TransferItem {
    const key = frame.raw(frame.varint());
    const value = frame.raw(frame.varint());
    if (frame.remaining === 0) this.#frame = undefined;
    this.#entries++;
    return { type: "entry", key, value };
  }

  #begin(payload: ByteReader): void {
    const length = payload.varint();
    if (length === 0 || length > VALUE_BYTES_MAX) {
      throw badExport(`a value says that it has ${length} bytes`);
    }
    this.#long = { key: payload.raw(payload.remaining), length, pieces: [], left: length };
  }

  #piece(long: LongValue, payload: ByteReader): TransferItem | undefined {
    const piece = payload.raw(payload.remaining);
    if (piece.length === 0 || piece.length > long.left) {
      throw badExport("a long value is not as long as it says");
    }
    long.pieces.push(piece);
    long.left -= piece.length;
    if (long.left > 0) return undefined;
    this.#long = undefined;
    this.#entries++;
    const value = new Uint8Array(long.length);
    let at = 0;
    for (const each of long.pieces) {
      value.set(each, at);
      at += each.length;
    }
    return { type: "entry", key: long.key, value };
  }

  #end(payload: ByteReader): undefined {
    if (payload.varint() !== this.#structures || payload.varint() !== this.#entries) {
      throw badExport("the counts at its end are not those of what came");
    }
    if (this.#queue.length > 0) throw badExport("there are bytes behind the last frame");
    this.#stage = "ended";
  }

  #string(bytes: Uint8Array): string {
    try {
      return this.#text.decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw badExport("a text is not UTF-8", error);
    }
  }
}

/** The error for an export of a version that this code does not read. */
export function newerExport(version: unknown): FormatError {
  const text = `Cannot import: this export has version ${version}, known is ${EXPORT_VERSION}`;
  return new FormatError("FORMAT_NEWER", text);
}

function word(queue: ByteQueue, at: number): number {
  return (queue.at(at) | queue.at(at + 1) << 8 | queue.at(at + 2) << 16 |
    queue.at(at + 3) << 24) >>>
    0;
}
