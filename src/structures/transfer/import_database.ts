/**
 * A database from a stream that `exportDatabase` made.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import { FormatError, isHoldfastError } from "../../errors.ts";
import type { Database } from "../../kernel/database.ts";
import { BINARY_MAGIC } from "./export_binary.ts";
import type { TransferProgress } from "./export_database.ts";
import { BinaryDecoder } from "./import_binary.ts";
import { LineDecoder } from "./import_jsonl.ts";
import { ImportTarget } from "./import_target.ts";
import { badExport, type ExportFormat, type TransferDecoder } from "./transfer_item.ts";

/** Options of {@linkcode importDatabase}. */
export interface ImportOptions {
  /** The format. @default what the first byte says */
  readonly format?: ExportFormat;
  /** Gives up; nothing is imported then. */
  readonly signal?: AbortSignal;
  /** Told with every piece of the stream. */
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** What was imported. */
export interface ImportReport extends TransferProgress {
  /** The format of the stream. */
  readonly format: ExportFormat;
}

/**
 * Imports all structures of an export, beside those that are there.
 *
 * All or nothing: the structures get their names in one last transaction, when the stream was read
 * to its end and its counts and checksums are right. They are as durable as the database makes its
 * commits when the promise resolves. Until then their entries are written in transactions of about
 * 256 KiB to structures that only `structures()` and `Transaction.list()` show, with kind "import";
 * they take space in the file. When the import fails they are removed; after a crash, or when the
 * store is poisoned, the next import removes them. Memory: the piece of the stream, such a
 * transaction, and the longest value.
 *
 * Record ids are kept: a segment gets the number it had, so that ids in other structures go on
 * naming its records. In a new database that always works.
 *
 * The stream is cancelled when the import fails. Errors reject:
 * `CORRUPT_EXPORT`: cut off, damaged, or edited to something that its codecs do not take;
 * `FORMAT_NEWER`; `NOT_OUR_FILE`: no export; `ALREADY_EXISTS`: a name is in use, or the number of a
 * segment; `TOO_LARGE`, `NO_SPACE`, `POISONED`, `CLOSED` as `Database.update`; the reason of
 * `signal`; what the stream fails with.
 *
 * ```ts
 * import { codec, Database, exportDatabase, importDatabase, index } from "@holdfast/holdfast";
 *
 * const users = index("users", { key: codec.string, value: codec.u8 });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(users).put("ann", 7));
 * const copy = await Database.memory();
 * const { entries } = await importDatabase(copy, exportDatabase(db, { format: "binary" }));
 * console.log(entries, copy.open(users).get("ann")); // 1 7
 * await db.close();
 * await copy.close();
 * ```
 */
export async function importDatabase(
  db: Database,
  stream: ReadableStream<Uint8Array>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { signal } = options;
  if (options.format !== undefined) checkFormat(options.format);
  const reader = stream.getReader();
  const giveUp = (): void => {
    // Wakes the read that waits; its outcome is looked at there.
    reader.cancel(signal?.reason).catch(() => {});
  };
  let target: ImportTarget | undefined;
  try {
    signal?.throwIfAborted();
    signal?.addEventListener("abort", giveUp, { once: true });
    target = await ImportTarget.start(db);
    const report = await readAll(db, reader, target, options);
    signal?.throwIfAborted();
    await target.finish();
    return report;
  } catch (error) {
    await Promise.all([discard(target), reader.cancel(error).catch(() => {})]);
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** Writes what the stream has, all but the names. */
async function readAll(
  db: Database,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  target: ImportTarget,
  { format: wanted, signal, onProgress }: ImportOptions,
): Promise<ImportReport> {
  const progress = { structures: 0, entries: 0, bytes: 0 };
  let format = wanted;
  let decoder: TransferDecoder | undefined;
  for (;;) {
    const { done, value } = await reader.read();
    signal?.throwIfAborted();
    if (done) break;
    if (!(value instanceof Uint8Array)) throw new TypeError("An export is a stream of bytes");
    if (value.length === 0) continue;
    format ??= formatOf(value[0]!);
    decoder ??= decoderOf(format, new Checksum(db.io.crc32));
    decoder.push(value);
    await drain(decoder, target, progress, signal);
    progress.bytes += value.length;
    onProgress?.({ ...progress });
  }
  decoder?.close();
  if (decoder !== undefined) await drain(decoder, target, progress, signal);
  if (format === undefined || decoder?.ended !== true) throw badExport("it is cut off");
  return { format, ...progress };
}

async function drain(
  decoder: TransferDecoder,
  target: ImportTarget,
  progress: { structures: number; entries: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
    if (item.type === "structure") {
      progress.structures++;
      await target.structure(item.structure, decoder.numbers);
    } else {
      progress.entries++;
      target.add(item);
      if (target.isFull) {
        await target.flush();
        signal?.throwIfAborted();
      }
    }
  }
}

/** A store that cannot be written to keeps what was written, until the next import. */
async function discard(target: ImportTarget | undefined): Promise<void> {
  try {
    await target?.discard();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

function decoderOf(format: ExportFormat, checksum: Checksum): TransferDecoder {
  return format === "binary" ? new BinaryDecoder(checksum) : new LineDecoder(checksum);
}

/** The format of a stream with this first byte: JSON lines may begin with blanks or a BOM. */
function formatOf(byte: number): ExportFormat {
  if (byte === BINARY_MAGIC[0]) return "binary";
  if (byte === 0x7b || byte === 0xef || byte === 0x20 || byte === 0x0a || byte === 0x0d) {
    return "jsonl";
  }
  throw new FormatError("NOT_OUR_FILE", "Cannot import: this is no export of Holdfast");
}

function checkFormat(format: ExportFormat): void {
  if (format !== "jsonl" && format !== "binary") {
    throw new TypeError('The format of an export is "jsonl" or "binary"');
  }
}
