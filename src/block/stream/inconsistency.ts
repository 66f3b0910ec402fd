/**
 * All that can be wrong with a segment, found by walking over every batch of it.
 *
 * pstream tells twelve classes apart. Its blocks each have a header of their own, ours are batches;
 * what its classes are here:
 *
 * | theirs                    | ours                                                                 |
 * | ------------------------- | -------------------------------------------------------------------- |
 * | MetaParityMismatch        | `batch-header`: no header with a right checksum where a batch belongs |
 * | CompleteSequenceBroken    | `batch-sequence`: not the records that come next                      |
 * | IncompleteRepeated        | `claim`: a later batch says that more was durable than is there       |
 * | EmptySequenceBroken       | `behind-end`: something of this use behind the end                    |
 * | TrailBytesTooSmall        | `record-short`: records end before their batch, or one has no kind    |
 * | TrailBytesTooLarge        | `record-long`: a record reaches beyond its batch                      |
 * | TrailBytesUnexpected      | `trailing-inside`: a part that goes on elsewhere is not the last      |
 * | TrailSpilledBytesTooLarge | `batch-length`: a batch reaches beyond the segment                    |
 * | SpilledBytesTooLarge      | `spilled-inside`: a part from elsewhere is not the first              |
 * | SpilledBytesUneven        | `spilled-unexpected`: the segment before did not go on here           |
 * | DataChecksumMismatch      | `payload-checksum`                                                    |
 * | EmptyNonZeroParity        | `segment-header`: a copy of the header is damaged, or is not there    |
 * | -                         | `identity`, `shape`: the header is another one's                      |
 * | -                         | `batch-salt`, `batch-place`, `batch-chain`: a batch of another use, of another place, behind another batch |
 * | -                         | `record-kind`: a kind of record that there is not                     |
 *
 * @module
 */

import { BATCH_HEADER_BYTES, batchEnd, decodeBatchHeader } from "../log_batch.ts";
import type { LogPosition } from "../log_extent.ts";
import { findHeader, headerChecksum } from "../log_scanner.ts";
import { LogWindow } from "../log_window.ts";
import { readSegmentHeader } from "./segment_header.ts";
import { findPlaced, WINDOW_BYTES } from "./segment_window.ts";
import { CONTROL, endsRecord, MIDDLE, SPILLED, TRAILING } from "./stream_record.ts";
import type { StreamSegment } from "./stream_segment.ts";

/** A class of damage. */
export type InconsistencyKind =
  | "segment-header"
  | "identity"
  | "shape"
  | "batch-header"
  | "batch-salt"
  | "batch-place"
  | "batch-sequence"
  | "batch-chain"
  | "batch-length"
  | "payload-checksum"
  | "record-short"
  | "record-long"
  | "record-kind"
  | "trailing-inside"
  | "spilled-inside"
  | "spilled-unexpected"
  | "claim"
  | "behind-end";

/** Something that is wrong with a segment. */
export interface Inconsistency {
  /** What. */
  readonly kind: InconsistencyKind;
  /** Number of the segment. */
  readonly segment: number;
  /** Its blocks. */
  readonly blocks: number;
  /** Byte in the blocks of the segment where it was found. */
  readonly offset: number;
}

/** Called with each; in order of the offsets, but for those of the header, which come first. */
export type SeeInconsistency = (found: Inconsistency) => void;

/** Checks all of a segment that is durable, in windows. @returns whether all is as it was written */
export function verifySegment(segment: StreamSegment, see: SeeInconsistency): boolean {
  const check = new SegmentCheck(segment, see);
  check.header();
  check.batches();
  // What is behind a given-up end was never said to be there.
  if (!segment.ended) check.rest();
  return check.ok;
}

/** One walk over a segment. */
export class SegmentCheck {
  /** Nothing was found yet. */
  ok = true;
  /** Where the walk is, in the extent. */
  at = 0;

  readonly #segment: StreamSegment;
  readonly #see: SeeInconsistency;
  readonly #window: LogWindow;
  #position: LogPosition;
  #items = 0;
  #first = true;
  #over = false;

  /** Reads nothing yet. */
  constructor(segment: StreamSegment, see: SeeInconsistency) {
    this.#segment = segment;
    this.#see = see;
    this.#window = new LogWindow(segment.blocks, segment.extent, WINDOW_BYTES);
    this.#position = { sequence: segment.header.sequence, chain: segment.header.chain };
  }

  /** The two copies of the header. */
  header(): void {
    const { blocks, header, checksum, hasHeader, synced } = this.#segment;
    if (!hasHeader) return;
    const { header: found, damagedCopies } = readSegmentHeader(blocks, checksum);
    if (found === undefined || damagedCopies > 0) this.#found("segment-header", 0);
    if (found === undefined) return;
    const same = found.identity.every((byte, i) => byte === header.identity[i]);
    if (!same || found.number !== header.number) this.#found("identity", 0);
    if (found.blockBytes !== blocks.blockBytes || found.blockCount !== blocks.blockCount) {
      this.#found("shape", 0);
    }
    if (found.salt !== header.salt && synced.at > 0) this.#found("batch-salt", 0);
  }

  /** The batches to the end, or a part of them. @returns whether there are more */
  batches(steps: number = Infinity): boolean {
    const { at: end, sequence } = this.#segment.synced;
    for (let step = 0; step < steps && this.at < end; step++) {
      const problem = this.#batch();
      if (problem === undefined) continue;
      this.#at(problem);
      const next = findPlaced(this.#segment, this.at + BATCH_HEADER_BYTES, end);
      this.at = next < 0 ? end : next;
      this.#position = { sequence: -1, chain: 0 };
    }
    if (this.at < end) return true;
    const isShort = this.#position.sequence >= 0 && this.#position.sequence !== sequence;
    if (isShort && this.ok) this.#at("claim");
    return false;
  }

  /** What is behind the end of a segment that is durable to its end. */
  rest(): void {
    const { checksum, seed, extent, isDirty, synced } = this.#segment;
    if (isDirty) return;
    const window = new LogWindow(this.#segment.blocks, extent, WINDOW_BYTES);
    findHeader(window, synced.at, extent.bytes, checksum, seed, (header, at) => {
      if (header.salt !== extent.salt) return false;
      this.at = at;
      this.#at(header.durable > synced.sequence ? "claim" : "behind-end");
      return true;
    });
  }

  /** The batch at `at`: steps over it, or says what is wrong with it. */
  #batch(): InconsistencyKind | undefined {
    const { checksum, seed, extent } = this.#segment;
    const index = this.#window.load(this.at, BATCH_HEADER_BYTES);
    if (index < 0) return "batch-header";
    const header = decodeBatchHeader(this.#window.bytes, index, checksum, seed);
    if (header === undefined) return "batch-header";
    const { payloadBytes, place, sequence } = header;
    if (header.salt !== extent.salt) return "batch-salt";
    if (place === undefined || place.at !== this.at) return "batch-place";
    const isKnown = this.#position.sequence >= 0;
    if (isKnown && sequence !== this.#position.sequence) return "batch-sequence";
    if (isKnown && header.chain !== this.#position.chain) return "batch-chain";
    if (this.at + BATCH_HEADER_BYTES + payloadBytes > extent.bytes) return "batch-length";
    const begin = this.#window.load(this.at, BATCH_HEADER_BYTES + payloadBytes);
    if (begin < 0) return "batch-length";
    const { bytes } = this.#window;
    const payload = begin + BATCH_HEADER_BYTES;
    const sum = checksum.of(bytes, payload, payload + payloadBytes);
    if (sum !== header.payloadChecksum) return "payload-checksum";
    if (!isKnown) this.#items = place.items;
    else if (place.items !== this.#items) return "batch-place";
    const problem = this.#records(bytes, payload, payload + payloadBytes, header.count);
    if (problem !== undefined) return problem;
    this.#position = { sequence: sequence + header.count, chain: headerChecksum(bytes, begin) };
    this.at = batchEnd(this.at, payloadBytes, header.sealed);
    return undefined;
  }

  #records(
    bytes: Uint8Array,
    begin: number,
    end: number,
    count: number,
  ): InconsistencyKind | undefined {
    let at = begin;
    for (let i = 0; i < count; i++) {
      const size = at + 4 <= end ? headerChecksum(bytes, at) : Infinity;
      if (at + 4 + size > end) return "record-long";
      if (size === 0) return "record-short";
      const kind = bytes[at + 4]!;
      if (kind > CONTROL) return "record-kind";
      if (kind !== CONTROL) {
        if (this.#over) return "trailing-inside";
        if (kind === SPILLED || kind === MIDDLE) {
          if (!this.#first) return "spilled-inside";
          if (!this.#segment.header.continues) return "spilled-unexpected";
        }
        this.#over = kind === TRAILING || kind === MIDDLE;
        this.#first = false;
        if (endsRecord(kind)) this.#items++;
      }
      at += 4 + size;
    }
    return at === end ? undefined : "record-short";
  }

  #at(kind: InconsistencyKind): void {
    this.#found(kind, this.#segment.extent.offset + this.at);
  }

  #found(kind: InconsistencyKind, offset: number): void {
    this.ok = false;
    const { header, blocks } = this.#segment;
    this.#see({ kind, segment: header.number, blocks: blocks.id, offset });
  }
}
