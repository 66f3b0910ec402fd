/**
 * Opens what a close or a crash left.
 *
 * | # | found                                             | done                                            |
 * | - | ------------------------------------------------- | ----------------------------------------------- |
 * | 1 | blank runs behind the last segment, some with the header of an earlier one | allocated ahead, or begun and not synced: used next |
 * | 2 | a segment with a later one behind it              | complete: the header behind says where it ends; not read |
 * | 3 | the last segment                                  | read, by the rule of `log_scanner.ts`           |
 * | 4 | its end at a block boundary, torn bytes behind    | dropped, reported and overwritten with zeros    |
 * | 5 | its end inside a block                            | given up from there: the next segment goes on   |
 * | 6 | no batch in it, so no control records             | those of the segments before it count, and its first batch will have them |
 * | 7 | a part that goes on nowhere at its end            | void: the next segment begins with another record |
 * | 8 | a header without a whole copy, another identity, a gap in the numbers | damage                      |
 * | 9 | a batch missing before one that says it was durable | damage                                        |
 * | 10 | no batch in the last segment                     | its header is written anew: it may be torn, or its sync have failed |
 * | 11 | batches behind the end that a later header names | not part of the log: see `abandon_tail.ts`      |
 *
 * Damage is `CORRUPT_LOG` when the option `onCorruption` is "error"; otherwise what is whole is
 * taken, and the log goes on in a new segment, or nowhere if it is "read-only". Recovery may crash:
 * all it writes are the zeros of row 4 and the
 * header of row 10, behind which there is nothing to lose.
 *
 * @module
 */

import { CorruptionError } from "../../errors.ts";
import type { Blocks } from "../blocks.ts";
import type { OmittedRun } from "../file_blocks.ts";
import { findHeader } from "../log_scanner.ts";
import { LogWindow } from "../log_window.ts";
import { clearTail, type LoadedSegment, loadSegment } from "../stream/load_segment.ts";
import {
  readSegmentHeader,
  SEGMENT_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
} from "../stream/segment_header.ts";
import type { HeaderReading, SegmentHeader } from "../stream/segment_header.ts";
import { checkHeaderShape } from "../stream/segment_problem.ts";
import { CONTROL, RECORD_OVERHEAD_BYTES } from "../stream/stream_record.ts";
import { checkSegmentShape, segmentExtent, StreamSegment } from "../stream/stream_segment.ts";
import type { StreamCore, StreamDamage } from "./stream_core.ts";

/** What opening found. */
export interface StreamRecovery {
  /** Segments in use. */
  readonly segments: number;
  /** Bytes of a torn tail that were dropped: appends that nobody was told of. */
  readonly droppedBytes: number;
  /** Damage; empty unless the option `onCorruption` lets it pass. */
  readonly damage: readonly StreamDamage[];
}

/** A run with what its header says. */
interface Found {
  readonly blocks: Blocks;
  readonly header: SegmentHeader | undefined;
}

/** Fills a core from its allocator, which may have left out runs. @throws what `EndlessStream.open` throws */
export async function recoverStream(
  core: StreamCore,
  omitted: readonly OmittedRun[] = [],
): Promise<StreamRecovery> {
  return new Recovery(core).run(await core.allocator.list(), omitted);
}

class Recovery {
  readonly #core: StreamCore;
  readonly #damage: StreamDamage[] = [];

  constructor(core: StreamCore) {
    this.#core = core;
  }

  run(list: readonly Blocks[], omitted: readonly OmittedRun[]): StreamRecovery {
    const core = this.#core;
    for (const { id, problem } of omitted) {
      this.#damage.push({ blocks: id, offset: 0, message: problem.message });
    }
    const readings = list.map((blocks) => this.#readHeader(blocks));
    let used = readings.length;
    // Row 1.
    while (used > 0 && isUnused(readings, used - 1)) used--;
    core.spares.push(...list.slice(used));
    const found = this.#usable(list.slice(0, used), readings);
    this.#takeClosed(found);
    const droppedBytes = this.#takeLast(found);
    this.#loseOmitted(list, omitted);
    const current = core.current;
    core.end = Math.max(current?.writtenOffset ?? 0, core.controls.start);
    if (this.#damage.length > 0 && core.options.onCorruption === "read-only") core.readOnly = true;
    return { segments: core.segments.length, droppedBytes, damage: this.#damage };
  }

  #readHeader(blocks: Blocks): HeaderReading {
    checkSegmentShape(blocks);
    const reading = readSegmentHeader(blocks, this.#core.host.checksum);
    if (reading.header !== undefined) {
      checkHeaderShape(reading.header, blocks, this.#core.host.path);
    }
    return reading;
  }

  /** Row 8. */
  #usable(list: readonly Blocks[], readings: readonly HeaderReading[]): Found[] {
    let previous: SegmentHeader | undefined;
    let missing = 0;
    return list.map((blocks, index) => {
      const { header } = readings[index]!;
      if (header === undefined) {
        missing++;
        this.#report(blocks, 0, "the header of a segment is damaged");
        return { blocks, header };
      }
      if (previous === undefined) {
        this.#core.identity = header.identity;
      } else if (!this.#core.identity.every((byte, i) => byte === header.identity[i])) {
        missing++;
        this.#report(blocks, 0, "a segment is of another stream");
        return { blocks, header: undefined };
      } else if (header.number <= previous.number || header.sequence < previous.sequence) {
        missing++;
        this.#report(blocks, 0, "a segment is there twice, or out of order");
        return { blocks, header: undefined };
      } else if (header.number > previous.number + 1 + missing) {
        this.#report(blocks, 0, `segments before segment ${header.number} are missing`);
      }
      missing = 0;
      previous = header;
      return { blocks, header };
    });
  }

  /** Row 2: all but the last. */
  #takeClosed(found: readonly Found[]): void {
    const core = this.#core;
    const last = found.findLastIndex(({ header }) => header !== undefined);
    for (const [index, { blocks, header }] of found.entries()) {
      if (index === last) break;
      const next = found.slice(index + 1).find((one) => one.header !== undefined)?.header;
      const segment = header && next && this.#closed(blocks, header, next);
      core.runs.push({ blocks, segment });
      if (segment !== undefined) core.segments.push(segment);
    }
  }

  #closed(blocks: Blocks, header: SegmentHeader, next: SegmentHeader): StreamSegment {
    const { host } = this.#core;
    const items = next.firstOffset - header.firstOffset;
    const isNext = next.number === header.number + 1 && items >= 0 &&
      next.previousEnd <= segmentExtent(blocks, header).bytes;
    if (!isNext) return this.#load(blocks, header, 0).segment;
    const mark = {
      at: next.previousEnd,
      sequence: next.sequence,
      items,
      bytes: next.previousBytes,
      spilled: 0,
      trailing: 0,
    };
    const segment = new StreamSegment(host, blocks, header, mark, next.chain);
    segment.ended = true;
    return segment;
  }

  /** Rows 3 to 7. */
  #takeLast(found: readonly Found[]): number {
    const core = this.#core;
    const last = found.findLastIndex(({ header }) => header !== undefined);
    const behind = found.slice(last + 1);
    const { blocks, header } = found[last] ?? {};
    if (blocks === undefined || header === undefined) {
      // All were taken as closed ones. Without the identity of the stream no batch can be told.
      for (const run of behind) this.#loseUnread(1, run.blocks);
      return 0;
    }
    const controls: Uint8Array[] = [];
    const loaded = this.#load(blocks, header, 0, controls);
    const { segment } = loaded;
    this.#earlierControls(loaded, header, controls);
    for (const control of controls) core.controls.apply(control);
    const isReadOnly = this.#damage.length > 0 && core.options.onCorruption === "read-only";
    if (!isReadOnly) {
      if (loaded.sealed) clearTail(loaded);
      // Row 10.
      if (loaded.batches === 0) segment.writeHeader();
      // Durable after this: all that readers will see, and that the torn tail is gone.
      blocks.sync();
    }
    if (!loaded.sealed || loaded.damage.length > 0 || behind.length > 0) segment.end();
    // Its first batch will begin with all of it, as that of any segment.
    else if (loaded.batches === 0 && !isReadOnly) addSnapshot(core, segment);
    core.segments.push(segment);
    core.runs.push({ blocks, segment });
    for (const run of behind) core.runs.push({ blocks: run.blocks, segment: undefined });
    this.#lose(behind, segment.written.sequence);
    return loaded.droppedBytes;
  }

  /** Row 6: back to a segment whose first batch is whole. */
  #earlierControls(last: LoadedSegment, header: SegmentHeader, controls: Uint8Array[]): void {
    let claimed = header.sequence;
    let isKnown = last.batches > 0 && last.damage[0] !== SEGMENT_HEADER_BYTES;
    for (let i = this.#core.segments.length - 1; i >= 0 && !isKnown; i--) {
      const { blocks, header: before } = this.#core.segments[i]!;
      const earlier: Uint8Array[] = [];
      const loaded = this.#load(blocks, before, claimed, earlier);
      controls.unshift(...earlier);
      claimed = before.sequence;
      isKnown = loaded.batches > 0 && loaded.damage[0] !== SEGMENT_HEADER_BYTES;
    }
  }

  #load(
    blocks: Blocks,
    header: SegmentHeader,
    claimed: number,
    controls: Uint8Array[] = [],
  ): LoadedSegment {
    const { host } = this.#core;
    const loaded = loadSegment(host, blocks, header, claimed, (bytes, begin, end) => {
      controls.push(bytes.slice(begin, end));
    });
    for (const offset of loaded.damage) {
      this.#report(blocks, offset, `segment ${header.number} lacks what was durable`);
    }
    return loaded;
  }

  /** Numbers for what is lost, so that none of them is given to another record. */
  #lose(behind: readonly Found[], known: number): void {
    if (behind.length === 0) return;
    const { checksum } = this.#core.host;
    const { identity } = this.#core;
    const seed = checksum.of(identity, 0, identity.length);
    let records = 0;
    let sequence = known;
    for (const { blocks } of behind) {
      const bytes = blocks.blockBytes * blocks.blockCount - SEGMENT_HEADER_BYTES;
      const extent = { offset: SEGMENT_HEADER_BYTES, bytes, salt: 0n };
      let most = 0;
      findHeader(new LogWindow(blocks, extent, 65536), 0, bytes, checksum, seed, (header) => {
        sequence = Math.max(sequence, header.sequence + header.count);
        most = Math.max(most, (header.place?.items ?? 0) + header.count);
        return false;
      });
      records += most;
    }
    this.#core.lost = { segments: behind.length, records, sequence };
  }

  /** Runs that were left out behind all that can be read. */
  #loseOmitted(list: readonly Blocks[], omitted: readonly OmittedRun[]): void {
    const last = list.at(-1);
    const behind = omitted.filter(({ id }) => id > (last?.id ?? 0)).length;
    if (behind > 0) this.#loseUnread(behind, last);
  }

  /**
   * Runs of which nothing can be read may have held as many records as fit, all of them empty.
   * @param shape of that size, or of the largest there is
   */
  #loseUnread(count: number, shape: Blocks | undefined): void {
    const core = this.#core;
    const bytes = shape === undefined ? SEGMENT_BYTES_MAX : shape.blockBytes * shape.blockCount;
    const most = count * Math.ceil(bytes / RECORD_OVERHEAD_BYTES);
    const { segments = 0, records = 0, sequence = 0 } = core.lost ?? {};
    core.lost = {
      segments: segments + count,
      records: records + most,
      sequence: Math.max(sequence, core.current?.written.sequence ?? 0) + most,
    };
    core.current?.end();
  }

  #report(blocks: Blocks, offset: number, what: string): void {
    const { host: { path }, options } = this.#core;
    const message = `${path} is damaged: ${what} (blocks ${blocks.id}, byte ${offset})`;
    if (options.onCorruption === "error") {
      throw new CorruptionError("CORRUPT_LOG", message, { path, offset });
    }
    this.#damage.push({ blocks: blocks.id, offset, message });
  }
}

/** Gathers the control records that the first batch of a segment begins with. */
export function addSnapshot({ controls }: StreamCore, segment: StreamSegment): void {
  for (const record of controls.snapshot()) segment.add(CONTROL, record, 0, record.length);
}

/**
 * Nothing was ever written behind the header, and there is none: or that of an earlier segment, which
 * a disk may show in place of one whose write it has lost.
 */
function isUnused(readings: readonly HeaderReading[], at: number): boolean {
  const { header, blank } = readings[at]!;
  if (header === undefined || !blank) return blank;
  const previous = readings.slice(0, at).findLast((one) => one.header !== undefined)?.header;
  return previous !== undefined && header.number <= previous.number;
}
