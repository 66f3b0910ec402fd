/**
 * The readable form of an export: JSON lines, UTF-8, each ended by a line feed.
 *
 * | line      | JSON                                                                            |
 * | --------- | ------------------------------------------------------------------------------- |
 * | first     | {"holdfast": "export", "version": 1, "numbers"}                                 |
 * | structure | {"structure": name, "kind", "format", "number"}                                 |
 * | entry     | an object of `entry_form.ts`: the lines behind a structure are its entries      |
 * | last      | {"end": true, "structures", "entries", "crc32"}                                 |
 *
 * `numbers` is above the numbers of all structures. `crc32` is the CRC-32 (IEEE) of all bytes before the last line. Whoever edits a file removes
 * `structures`, `entries` and `crc32` from the last line: what is not there is not checked. The last
 * line itself stays, for a stream without it was cut off. Lines of blanks are left out.
 *
 * The entries of a secondary index are a structure of kind "secondary-index", as bytes: they are
 * imported as they are. Whoever edits the records makes them anew afterwards, by `rebuild`.
 *
 * @module
 */

import { ByteWriter } from "../../base/byte_writer.ts";
import type { Checksum } from "../../base/checksum.ts";
import { StateError } from "../../errors.ts";
import { type EntryForm, entryForm, type RawEntry } from "./entry_form.ts";
import { EXPORT_VERSION, type TransferEncoder, type TransferStructure } from "./transfer_item.ts";

/** Longest value that is written as a line: as JSON it may take six times as much (32 MiB). */
export const LINE_VALUE_BYTES_MAX: number = 32 * 1024 * 1024;

const NOTHING: readonly Uint8Array[] = [];
const encoder = new TextEncoder();

/** Writes JSON lines. */
export class LineEncoder implements TransferEncoder {
  readonly #checksum: Checksum;
  readonly #out = new ByteWriter(64 * 1024);
  /** CRC-32 of what was taken. */
  #crc = 0;
  #form: EntryForm = entryForm("", "", 0);
  #structures = 0;
  #entries = 0;

  /** Begins with the first line; the numbers of all structures lie below `numbers`. */
  constructor(checksum: Checksum, numbers: number) {
    this.#checksum = checksum;
    this.#line({ holdfast: "export", version: EXPORT_VERSION, numbers });
  }

  get ready(): number {
    return this.#out.length;
  }

  take(): Uint8Array {
    const bytes = this.#out.toBytes();
    this.#crc = this.#checksum.of(bytes, 0, bytes.length, this.#crc);
    this.#out.reset();
    this.#out.shrink();
    return bytes;
  }

  structure({ name, kind, format, number }: TransferStructure): void {
    this.#structures++;
    this.#form = entryForm(kind, format, number);
    this.#line({ structure: name, kind, format, number });
  }

  entry(entry: RawEntry): Iterable<Uint8Array> {
    const { length } = entry.value;
    if (length > LINE_VALUE_BYTES_MAX) {
      throw new StateError(
        "TOO_LARGE",
        `Cannot export a value of ${length} bytes as a line: the limit is ` +
          `${LINE_VALUE_BYTES_MAX}; the binary format has none`,
      );
    }
    this.#entries++;
    this.#line(this.#form.toPlain(entry));
    return NOTHING;
  }

  end(): void {
    const out = this.#out;
    const crc32 = this.#checksum.of(out.bytes, 0, out.length, this.#crc);
    this.#line({ end: true, structures: this.#structures, entries: this.#entries, crc32 });
  }

  #line(value: unknown): void {
    this.#out.raw(encoder.encode(`${JSON.stringify(value)}\n`));
  }
}
