/**
 * What was asked of an endless stream and what was acknowledged, and whether what a crash left of it
 * is allowed.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EndlessStream } from "../../mod.ts";

/** The memory of a program that uses a stream, over its crashes. */
export class StreamLedger {
  /** All records in the order of their appends, trimmed ones included. */
  records: Uint8Array[] = [];
  /** Offsets at which a crash may not end the stream: within a batch. */
  readonly inside: Set<number> = new Set();
  /** The offset behind the last record that must be there after a power cut. */
  durable = 0;
  /** The same after the death of the process. */
  written = 0;
  /** The start is at least this, and at most that. */
  start: readonly [number, number] = [0, 0];
  /** Likewise each cursor. */
  readonly cursors: Map<string, readonly [number, number]> = new Map();

  /** Notes records that are about to be appended. @returns the offset that the first will get */
  submit(records: readonly Uint8Array[]): number {
    const offset = this.records.length;
    this.records.push(...records);
    for (let i = 1; i < records.length; i++) this.inside.add(offset + i);
    return offset;
  }

  /** Notes that all records before an offset were acknowledged. */
  acknowledge(end: number, durability: "os" | "disk"): void {
    this.written = Math.max(this.written, end);
    if (durability === "disk") this.durable = Math.max(this.durable, end);
  }

  /** Notes that a trim was asked for, or acknowledged. */
  trim(before: number, acknowledged: boolean): void {
    const [least, most] = this.start;
    this.start = acknowledged
      ? [Math.max(least, before), Math.max(most, before)]
      : [least, Math.max(most, before)];
  }

  /** Likewise a cursor. */
  cursor(name: string, offset: number, acknowledged: boolean): void {
    const [least, most] = this.cursors.get(name) ?? [-1, -1];
    this.cursors.set(
      name,
      acknowledged
        ? [Math.max(least, offset), Math.max(most, offset)]
        : [least, Math.max(most, offset)],
    );
  }

  /** What readers see while the stream is open: never what was not acknowledged. */
  assertSees(log: EndlessStream): void {
    assert.ok(log.end <= this.records.length, "no more than was appended");
    this.#assertRecords(log);
  }

  /**
   * Asserts that a reopened stream is as it may be, and takes that for the truth from now on.
   * @param death the system lived on, or did not
   */
  assertRecovered(log: EndlessStream, death: "power" | "process", where: string): void {
    const least = death === "power" ? this.durable : this.written;
    assert.ok(log.end >= least, `${where}: ends at ${log.end}, acknowledged are ${least}`);
    assert.ok(log.end <= this.records.length, `${where}: ends at ${log.end}`);
    assert.ok(!this.inside.has(log.end), `${where}: ends at ${log.end}, within a batch`);
    const [leastStart, mostStart] = this.start;
    assert.ok(
      log.start >= leastStart && log.start <= mostStart,
      `${where}: starts at ${log.start}, not ${leastStart} to ${mostStart}`,
    );
    for (const [name, [leastAt, mostAt]] of this.cursors) {
      const at = log.cursor(name) ?? -1;
      assert.ok(at >= leastAt && at <= mostAt, `${where}: ${name} at ${at}, ${leastAt}-${mostAt}`);
      this.cursors.set(name, [at, at]);
    }
    this.#assertRecords(log, where);
    this.records.length = log.end;
    for (const at of this.inside) if (at >= log.end) this.inside.delete(at);
    this.durable = log.end;
    this.written = log.end;
    this.start = [log.start, log.start];
  }

  #assertRecords(log: EndlessStream, where = "open"): void {
    const reader = log.read();
    let offset = log.start;
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      assert.equal(entry.offset, offset, where);
      assert.deepEqual(entry.bytes, this.records[offset], `${where}: record ${offset}`);
      offset++;
    }
    assert.equal(offset, log.end, where);
    assert.equal(reader.skipped, 0);
  }

  /** The same memory, for another future. */
  clone(): StreamLedger {
    const copy = new StreamLedger();
    copy.records = [...this.records];
    for (const at of this.inside) copy.inside.add(at);
    for (const [name, marks] of this.cursors) copy.cursors.set(name, marks);
    copy.durable = this.durable;
    copy.written = this.written;
    copy.start = this.start;
    return copy;
  }
}
