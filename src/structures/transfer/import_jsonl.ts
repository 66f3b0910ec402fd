/**
 * Reads the JSON lines of an export, see `export_jsonl.ts`.
 *
 * @module
 */

import type { Checksum } from "../../base/checksum.ts";
import { FormatError } from "../../errors.ts";
import { ByteQueue } from "./byte_queue.ts";
import { type EntryForm, entryForm, type PlainEntry } from "./entry_form.ts";
import { newerExport } from "./import_binary.ts";
import {
  badExport,
  checkedStructure,
  EXPORT_VERSION,
  type TransferDecoder,
  type TransferItem,
} from "./transfer_item.ts";

/** Longest line that is read: 256 MiB, more than any that is written. */
const LINE_BYTES_MAX: number = 256 * 1024 * 1024;

const BLANK = /^\s*$/;

/** Decodes JSON lines. */
export class LineDecoder implements TransferDecoder {
  numbers = 0;
  readonly #checksum: Checksum;
  readonly #queue = new ByteQueue();
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  #stage: "header" | "body" | "ended" = "header";
  #finished = false;
  #crc = 0;
  #lines = 0;
  #structures = 0;
  #entries = 0;
  #form: EntryForm | undefined;

  /** Begins at the first byte. */
  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    if (this.#queue.length > LINE_BYTES_MAX + bytes.length) throw this.#bad("it is too long");
  }

  close(): void {
    this.#finished = true;
  }

  get ended(): boolean {
    return this.#stage === "ended";
  }

  next(): TransferItem | undefined {
    for (;;) {
      const line = this.#takeLine();
      if (line === undefined) return undefined;
      this.#lines++;
      const text = this.#decoded(line);
      const isBlank = BLANK.test(text);
      if (this.ended && !isBlank) throw this.#bad("it follows the last one");
      const item = isBlank ? undefined : this.#item(this.#parsed(text));
      this.#crc = this.#checksum.of(line, 0, line.length, this.#crc);
      if (item !== undefined) return item;
    }
  }

  #takeLine(): Uint8Array | undefined {
    const line = this.#queue.takeLine();
    if (line !== undefined || !this.#finished || this.#queue.length === 0) return line;
    return this.#queue.take(this.#queue.length);
  }

  #item(line: PlainEntry): TransferItem | undefined {
    if (this.#stage === "header") {
      const { holdfast, version, numbers } = line;
      if (holdfast !== "export") {
        throw new FormatError("NOT_OUR_FILE", "Cannot import: this is no export of Holdfast");
      }
      if (!(typeof version === "number" && version <= EXPORT_VERSION)) throw newerExport(version);
      if (typeof numbers === "number" && Number.isSafeInteger(numbers)) this.numbers = numbers;
      this.#stage = "body";
      return undefined;
    }
    if ("structure" in line) {
      const { structure: name, kind, format, number } = line;
      const structure = checkedStructure({ name, kind, format, number });
      this.#structures++;
      this.#form = entryForm(structure.kind, structure.format, structure.number);
      return { type: "structure", structure };
    }
    if (line["end"] === true) return this.#end(line);
    if (this.#form === undefined) throw this.#bad("it is an entry before any structure");
    this.#entries++;
    try {
      return { type: "entry", ...this.#form.fromPlain(line) };
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw this.#bad(error.message, error);
    }
  }

  #end({ structures, entries, crc32 }: PlainEntry): undefined {
    const isOther = (said: unknown, found: number): boolean => said !== undefined && said !== found;
    if (isOther(structures, this.#structures) || isOther(entries, this.#entries)) {
      throw this.#bad("its counts are not those of the lines before");
    }
    if (isOther(crc32, this.#crc)) throw this.#bad("the lines before do not match its checksum");
    this.#stage = "ended";
  }

  #decoded(line: Uint8Array): string {
    try {
      return this.#text.decode(line);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw this.#bad("it is not UTF-8", error);
    }
  }

  #parsed(text: string): PlainEntry {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      // RangeError: nested deeper than the stack is.
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      throw this.#bad("it is not JSON", error);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#bad("it is no JSON object");
    }
    return value as PlainEntry;
  }

  #bad(why: string, cause?: unknown): Error {
    return badExport(`line ${this.#lines}: ${why}`, cause);
  }
}
