/** A program that uses an endless stream, and notes what it asked for and what it was told. */

import type { SimulatedDisk } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { EndlessStream, type EndlessStreamOptions } from "../../../mod.ts";
import { Course } from "../course.ts";
import type { LogLedger, LogOperation } from "./log_ledger.ts";
import { settle } from "../settle.ts";

/** Where the stream of every subject is. */
const FOLDER = "/log";

/** Opens the stream of a disk. */
export function openLog(
  disk: SimulatedDisk,
  options: EndlessStreamOptions,
): Promise<EndlessStream> {
  return settle(disk, EndlessStream.open(FOLDER, { ...options, io: disk.io }));
}

/** One life of a stream. */
export class LogLife extends Course {
  readonly random: Prng;
  ledger: LogLedger;
  readonly #options: EndlessStreamOptions;
  #log: EndlessStream | undefined;

  constructor(
    disk: SimulatedDisk,
    random: Prng,
    options: EndlessStreamOptions,
    ledger: LogLedger,
    log?: EndlessStream,
  ) {
    super(disk);
    this.random = random;
    this.ledger = ledger;
    this.#options = options;
    this.#log = log;
  }

  /** The open stream. */
  get log(): EndlessStream {
    if (this.#log === undefined) throw new Error("the stream is not open");
    return this.#log;
  }

  protected override get isOpen(): boolean {
    return this.#log !== undefined;
  }

  protected override async reopen(): Promise<void> {
    const log = await openLog(this.disk, this.#options);
    this.ledger.match(log, this.death);
    this.ledger = this.ledger.continued(log);
    this.#log = log;
  }

  protected override abandon(): Promise<unknown> {
    const { log } = this;
    this.#log = undefined;
    return log.close();
  }

  /** Does things at once, waits for all of them, and looks at what readers see. */
  async together(...running: Promise<unknown>[]): Promise<void> {
    let quiet = false;
    try {
      await this.all(running);
      quiet = true;
    } finally {
      if (this.#log !== undefined) this.ledger.assertSees(this.#log, quiet);
    }
  }

  /** Closes the stream; the next thing that is done opens it again. */
  async close(): Promise<void> {
    const { log } = this;
    this.#log = undefined;
    await settle(this.disk, log.close());
    // Of a poisoned stream it says nothing: those whom the failure concerns were told.
    if (!this.ledger.hasDoubts) this.ledger.synced(true);
  }

  /** Appends a record, or several that belong together. */
  append(lengths: readonly number[], durability: "os" | "disk" = "disk"): Promise<void> {
    const records = lengths.map((length) => {
      const bytes = new Uint8Array(length);
      this.random.fill(bytes);
      return bytes;
    });
    const { log } = this;
    return this.#follow({ kind: "append", records }, durability, async () => {
      const { offset } = records.length === 1
        ? await log.append(records[0]!, { durability })
        : await log.appendBatch(records, { durability });
      return offset + records.length;
    });
  }

  /** Whether a record may be longer than a segment. */
  get spans(): boolean {
    return this.#options.span !== "never";
  }

  /** Removes some of the oldest records, or all before an offset. */
  trim(
    before: number = this.log.start + this.random.below(this.log.end - this.log.start + 1),
  ): Promise<void> {
    const { log } = this;
    if (before === log.start) return log.trim(before).then(() => {});
    return this.#follow({ kind: "trim", before }, "disk", () => log.trim(before));
  }

  /** Moves a cursor, or makes it. */
  cursor(name: string): Promise<void> {
    const { log } = this;
    const offset = log.start + this.random.below(log.end - log.start + 1);
    if ((log.cursor(name) ?? -1) >= offset) return log.setCursor(name, offset).then(() => {});
    return this.#follow({ kind: "cursor", name, offset }, "disk", () => {
      return log.setCursor(name, offset);
    });
  }

  /** Removes a cursor. */
  drop(name: string): Promise<void> {
    const { log } = this;
    if (log.cursor(name) === undefined) return log.dropCursor(name).then(() => {});
    return this.#follow({ kind: "drop", name }, "disk", () => log.dropCursor(name));
  }

  /** Makes durable what was appended; call when nothing waits. */
  async sync(): Promise<void> {
    await this.log.sync();
    this.ledger.synced();
  }

  /** The like of what was lost. */
  again(lost: LogOperation): Promise<void> {
    if (lost.kind === "append") return this.append(lost.records.map(({ length }) => length));
    return lost.kind === "trim"
      ? this.trim()
      : lost.kind === "cursor"
      ? this.cursor(lost.name)
      : this.drop(lost.name);
  }

  /** Tells the ledger of something that has its place in the order now. */
  async #follow(
    operation: LogOperation,
    durability: "os" | "disk",
    run: () => Promise<unknown>,
  ): Promise<void> {
    const { ledger, log } = this;
    ledger.submit(operation);
    try {
      const result = await run();
      const end = ledger.acknowledge(operation, durability);
      if (operation.kind !== "append") return;
      if (result !== end) throw new Error(`an append ends at ${result}, not ${end}`);
      if (log.end < end) throw new Error("what is acknowledged cannot be read");
    } catch (error) {
      // Any other failure comes before anything is written.
      ledger.reject(operation, isHoldfastError(error) && error.code !== "POISONED");
      throw error;
    }
  }
}
