/** What was asked of an endless stream and acknowledged, and so what may be found in it. */

import type { Durability, EndlessStream } from "../../../mod.ts";
import type { Death } from "../subject.ts";

/** Records that are appended together. */
interface Attempt {
  readonly records: readonly Uint8Array[];
  /** Of the first record, once it was acknowledged. */
  offset: number | undefined;
  refused: boolean;
}

/** The least and the most that a start or a cursor may be; -1: no cursor. */
type Range = readonly [least: number, most: number];

const NOWHERE: Range = [-1, -1];

/** A program's memory of a stream, over its deaths. */
export class EndlessLedger {
  /** What is certainly there, by offset; those before the start are forgotten. */
  readonly #known = new Map<number, Uint8Array>();
  /** Behind the last of them. */
  #end = 0;
  /** What was asked for since the stream was opened, in order. */
  #attempts: Attempt[] = [];
  /** The end is at least this after a power cut, and after the death of the process. */
  #durable = 0;
  #written = 0;
  #start: Range = [0, 0];
  readonly #cursors = new Map<string, Range>();

  attempt(records: readonly Uint8Array[]): Attempt {
    const attempt = { records, offset: undefined, refused: false };
    this.#attempts.push(attempt);
    return attempt;
  }

  acknowledge(attempt: Attempt, offset: number, durability: Durability): void {
    attempt.offset = offset;
    const wanted = this.#layout().get(attempt);
    if (wanted !== offset) throw new Error(`appended at ${offset}, not at ${wanted}`);
    const end = offset + attempt.records.length;
    if (durability !== "memory") this.#written = Math.max(this.#written, end);
    if (durability === "disk") this.#durable = Math.max(this.#durable, end);
  }

  refuse(attempt: Attempt): void {
    attempt.refused = true;
  }

  /** How many attempts there have been. */
  noted(): number {
    return this.#attempts.length;
  }

  /** A sync that was asked for after so many attempts has returned. */
  durableUpTo(noted: number): void {
    for (const { offset, records } of this.#attempts.slice(0, noted)) {
      if (offset !== undefined) this.#durable = Math.max(this.#durable, offset + records.length);
    }
    this.#written = Math.max(this.#written, this.#durable);
  }

  trim(before: number, acknowledged: boolean): void {
    this.#start = raised(this.#start, before, acknowledged);
  }

  cursor(name: string, offset: number, acknowledged: boolean): void {
    this.#cursors.set(name, raised(this.#cursors.get(name) ?? NOWHERE, offset, acknowledged));
  }

  dropping(name: string): void {
    const [, most] = this.#cursors.get(name) ?? NOWHERE;
    this.#cursors.set(name, [-1, most]);
  }

  dropped(name: string): void {
    this.#cursors.set(name, NOWHERE);
  }

  /** A record was read while the stream is open. */
  sees(offset: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return;
    const wanted = this.#known.get(offset) ?? this.#acknowledgedAt(offset);
    // Acknowledged a moment later: `holds` compares it.
    if (wanted !== undefined && !equal(wanted, bytes)) {
      throw new Error(`record ${offset} has ${bytes.length} other bytes`);
    }
  }

  /** Compares all that readers see; call when nothing is under way. */
  holds(log: EndlessStream, isInTrouble: boolean): void {
    let end = this.#end;
    for (const { offset, records } of this.#attempts) {
      if (offset !== undefined) end = offset + records.length;
    }
    if (log.end !== end) throw new Error(`it ends at ${log.end}, acknowledged is ${end}`);
    this.#checkMarks(log, !isInTrouble);
    for (const [offset, bytes] of read(log)) this.sees(offset, bytes);
  }

  /** It was closed in order: all that was acknowledged is durable. */
  closed(): void {
    this.durableUpTo(this.#attempts.length);
  }

  /** Compares a stream that was opened again, and takes it for the truth from now on. */
  recovered(log: EndlessStream, death: Death): void {
    const least = death === "power" ? this.#durable : this.#written;
    if (log.end < least) throw new Error(`it ends at ${log.end}, acknowledged are ${least}`);
    this.#checkMarks(log, false);
    const found = read(log);
    for (const [offset, bytes] of found) {
      const wanted = this.#known.get(offset);
      if (wanted !== undefined && !equal(wanted, bytes)) {
        throw new Error(`record ${offset} has other bytes than were acknowledged`);
      }
    }
    this.#checkTail(log, found);
    this.#known.clear();
    for (const [offset, bytes] of found) this.#known.set(offset, bytes);
    this.#end = this.#durable = this.#written = log.end;
    this.#attempts = [];
    this.#start = [log.start, log.start];
    for (const name of this.#cursors.keys()) {
      const at = log.cursor(name) ?? -1;
      this.#cursors.set(name, [at, at]);
    }
  }

  /**
   * Behind what was certain follow the attempts in their order, whole; of those that were refused
   * none before an acknowledged one.
   */
  #checkTail(log: EndlessStream, found: ReadonlyMap<number, Uint8Array>): void {
    const last = this.#attempts.findLastIndex(({ offset }) => offset !== undefined);
    let at = this.#end;
    for (const [number, { records, offset, refused }] of this.#attempts.entries()) {
      if (at >= log.end) break;
      if (refused && number < last) continue;
      const isThere = records.every((bytes, i) => {
        const other = found.get(at + i);
        return other === undefined ? at + i < log.start : equal(bytes, other);
      });
      if (isThere) at += records.length;
      else if (offset !== undefined) {
        throw new Error(`what was acknowledged at ${offset} is not it`);
      }
    }
    if (at !== log.end) {
      throw new Error(`it ends at ${log.end}, but what was appended explains only ${at}`);
    }
  }

  #checkMarks(log: EndlessStream, isExact: boolean): void {
    const check = (what: string, at: number, [least, most]: Range): void => {
      if (at < least || at > most || (isExact && least !== most)) {
        throw new Error(`${what} is at ${at}, not within ${least} to ${most}`);
      }
    };
    check("the start", log.start, this.#start);
    for (const [name, range] of this.#cursors) {
      check(`cursor ${name}`, log.cursor(name) ?? -1, range);
    }
  }

  #acknowledgedAt(wanted: number): Uint8Array | undefined {
    for (const { offset, records } of this.#attempts) {
      const bytes = offset === undefined ? undefined : records[wanted - offset];
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  /** Where what was not refused must be, as far as that is known. */
  #layout(): Map<Attempt, number> {
    const layout = new Map<Attempt, number>();
    let at = this.#end;
    for (const attempt of this.#attempts) {
      if (attempt.refused) continue;
      layout.set(attempt, at);
      at += attempt.records.length;
    }
    return layout;
  }
}

function raised([least, most]: Range, to: number, acknowledged: boolean): Range {
  return [acknowledged ? Math.max(least, to) : least, Math.max(most, to)];
}

function read(log: EndlessStream): Map<number, Uint8Array> {
  const records = new Map<number, Uint8Array>();
  const reader = log.read();
  let offset = log.start;
  for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
    if (entry.offset !== offset++) throw new Error(`record ${entry.offset} follows ${offset - 2}`);
    records.set(entry.offset, entry.bytes);
  }
  if (offset !== log.end || reader.skipped > 0) {
    throw new Error(`read up to ${offset} of ${log.end}`);
  }
  return records;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
