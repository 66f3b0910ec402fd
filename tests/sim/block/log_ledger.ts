/**
 * What was asked of an endless stream and what was acknowledged, and whether what a death left of it
 * is allowed.
 */

import type { EndlessStream } from "../../../mod.ts";
import { Ledger } from "../ledger.ts";
import { DamageFoundError, type Death } from "../subject.ts";

/** One thing that was asked: it is there as a whole, or not at all. */
export type LogOperation =
  | { readonly kind: "append"; readonly records: readonly Uint8Array[] }
  | { readonly kind: "trim"; readonly before: number }
  | { readonly kind: "cursor"; readonly name: string; readonly offset: number }
  | { readonly kind: "drop"; readonly name: string };

/** What is to be seen of a stream, but for its records. */
interface LogState {
  readonly start: number;
  readonly end: number;
  readonly cursors: ReadonlyMap<string, number>;
  /** What all cursors were behind at some time: a cursor that is made later brings nothing back. */
  readonly passed: number;
}

/** What is shown of it. */
type Shown = Omit<LogState, "passed">;

/** What went before a life. */
interface FormerLife {
  readonly ledger: Ledger<LogState, LogOperation>;
  readonly records: readonly Uint8Array[];
  /** In which it ended. */
  readonly state: LogState;
}

const EMPTY: LogState = { start: 0, end: 0, cursors: new Map(), passed: 0 };

/** What a stream may release that nobody trimmed: nothing, what all cursors are behind, anything. */
export type Released = "nothing" | "cursors" | "anything";

/** The memory of a program that uses a stream, over its crashes. */
export class LogLedger {
  readonly #released: Released;
  /** All records of the base, trimmed ones included. */
  readonly #before: readonly Uint8Array[];
  readonly #ledger: Ledger<LogState, LogOperation>;
  /** Everything was durable when the stream was closed, and nothing came after. */
  #closed = false;

  /** A stream without records, or one that is as a former life left it. */
  constructor(released?: Released, former?: FormerLife) {
    const { ledger, records, state } = former ?? { ledger: undefined, records: [], state: EMPTY };
    this.#released = released ?? "nothing";
    this.#before = records;
    this.#ledger = new Ledger(state, stateAfter, ledger);
  }

  /** All records in the order of their appends, trimmed ones included. */
  get records(): readonly Uint8Array[] {
    const records = [...this.#before];
    for (const one of this.#ledger.operations) {
      if (one.kind === "append") records.push(...one.records);
    }
    return records;
  }

  /** The cursors with all that was asked. */
  get cursors(): ReadonlyMap<string, number> {
    return this.#ledger.latest.cursors;
  }

  /** Notes what is about to be asked. */
  submit(operation: LogOperation): void {
    this.#closed = false;
    this.#ledger.submit(operation);
  }

  /** Notes that it was acknowledged. @returns the offset behind its records */
  acknowledge(operation: LogOperation, durability: "os" | "disk"): number {
    return this.#ledger.acknowledge(operation, durability).end;
  }

  /** Notes that it was rejected: then it may show or not, or, if it was refused, surely not. */
  reject(operation: LogOperation, refused: boolean): void {
    if (refused) this.#ledger.refuse(operation);
    else this.#ledger.reject(operation);
  }

  /** Notes that all that was acknowledged is durable: by a sync, or as the stream was closed. */
  synced(closed = false): void {
    this.#ledger.synced();
    this.#closed = closed;
  }

  /** Whether something was rejected that may show or not. */
  get hasDoubts(): boolean {
    return this.#ledger.hasDoubts;
  }

  /**
   * What readers see while the stream is open: never what was not asked for.
   * @param quiet all was acknowledged: then they see all of it
   */
  assertSees(log: EndlessStream, quiet: boolean): void {
    this.#assertRecords(log);
    const { latest, hasDoubts } = this.#ledger;
    if (!quiet || hasDoubts || this.#isFound(log, latest)) return;
    throw new Error(`readers see ${textOf(log)}, not ${textOfState(latest)}`);
  }

  /**
   * The number of operations that a reopened stream has.
   * @throws when it must not be as it is
   */
  match(log: EndlessStream, death: Death): number {
    const { damage, droppedBytes } = log.recovered;
    if (damage.length > 0) throw new DamageFoundError(`damage: ${JSON.stringify(damage)}`);
    if (this.#closed && droppedBytes > 0) {
      throw new DamageFoundError(`${droppedBytes} bytes were dropped behind a clean close`);
    }
    this.#assertRecords(log);
    const isFound = (state: LogState): boolean => this.#isFound(log, state);
    return this.#ledger.match(death, isFound, () => textOf(log), textOfState);
  }

  /** Equal for equal streams of this life: not where it starts, if that moves by itself. */
  contentOf(log: EndlessStream): string {
    const { start, end } = log;
    const shown = this.#released === "nothing" ? start : 0;
    return textOfState({ start: shown, end, cursors: log.cursors() });
  }

  /** The first thing that a reopened stream has lost. */
  lostAfter(count: number): LogOperation | undefined {
    return this.#ledger.operations[count];
  }

  /** The memory of a program that goes on with a reopened stream: all that it sees is durable. */
  continued(log: EndlessStream): LogLedger {
    const { start, end } = log;
    return new LogLedger(this.#released, {
      ledger: this.#ledger,
      records: this.records.slice(0, end),
      state: passing({ start, end, cursors: log.cursors(), passed: start }),
    });
  }

  #isFound(log: EndlessStream, { start, end, cursors, passed }: LogState): boolean {
    if (log.end !== end) return false;
    const found = log.cursors();
    if (found.size !== cursors.size) return false;
    for (const [name, offset] of cursors) if (found.get(name) !== offset) return false;
    if (this.#released === "nothing") return log.start === start;
    const most = this.#released === "cursors" ? passed : end;
    return log.start >= start && log.start <= Math.max(start, most);
  }

  #assertRecords(log: EndlessStream): void {
    const records = this.records;
    if (log.end > records.length) {
      throw new Error(`it ends at ${log.end}, but ${records.length} records were appended`);
    }
    const reader = log.read();
    let offset = log.start;
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      if (entry.offset !== offset) throw new Error(`record ${entry.offset} comes at ${offset}`);
      if (!sameBytes(entry.bytes, records[offset]!)) throw new Error(`record ${offset} differs`);
      offset++;
    }
    if (offset !== log.end || reader.skipped > 0) {
      throw new Error(`readers end at ${offset}, with ${reader.skipped} skipped, not ${log.end}`);
    }
  }
}

function stateAfter(state: LogState, operation: LogOperation): LogState {
  const { start, end } = state;
  if (operation.kind === "append") {
    return passing({ ...state, end: end + operation.records.length });
  }
  if (operation.kind === "trim") return { ...state, start: Math.max(start, operation.before) };
  const cursors = new Map(state.cursors);
  const { name } = operation;
  if (operation.kind === "drop") cursors.delete(name);
  else cursors.set(name, Math.max(operation.offset, cursors.get(name) ?? 0));
  return passing({ ...state, cursors });
}

function passing(state: LogState): LogState {
  const { end, cursors, passed } = state;
  if (cursors.size === 0) return state;
  return { ...state, passed: Math.max(passed, Math.min(end, ...cursors.values())) };
}

function textOf(log: EndlessStream): string {
  return textOfState({ start: log.start, end: log.end, cursors: log.cursors() });
}

function textOfState({ start, end, cursors }: Shown): string {
  const marks = [...cursors].map(([name, offset]) => ` ${name}=${offset}`).sort();
  return `${start}..${end}${marks.join("")}`;
}

/** PERF: all that a life appended is compared in each of its states, so by four bytes where it can be. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  let at = 0;
  if ((a.byteOffset | b.byteOffset) % 4 === 0) {
    const words = length >> 2;
    const [ours, theirs] = [a, b].map((one) => new Int32Array(one.buffer, one.byteOffset, words));
    for (let i = 0; i < words; i++) if (ours![i] !== theirs![i]) return false;
    at = words * 4;
  }
  for (; at < length; at++) if (a[at] !== b[at]) return false;
  return true;
}
