/**
 * A whole database as a stream of bytes.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import type { Database } from "../../kernel/database.ts";
import { Snapshot } from "../../kernel/snapshot/snapshot.ts";
import { BinaryEncoder } from "./export_binary.ts";
import { LineEncoder } from "./export_jsonl.ts";
import { rawTree } from "./raw_tree.ts";
import { type ExportFormat, IMPORT_KIND, type TransferEncoder } from "./transfer_item.ts";

/** Bytes that are gathered before they are handed on. */
const CHUNK_BYTES: number = 64 * 1024;

/** How far an export or an import is. */
export interface TransferProgress {
  /** Structures begun. */
  readonly structures: number;
  /** Entries done. */
  readonly entries: number;
  /** Bytes of the stream. */
  readonly bytes: number;
}

/** Options of {@linkcode exportDatabase}. */
export interface ExportOptions {
  /** JSON lines that can be read and edited, or the shorter and faster binary form. */
  readonly format: ExportFormat;
  /** Ends the stream with its reason. */
  readonly signal?: AbortSignal;
  /** Told with every piece of the stream. */
  readonly onProgress?: (progress: TransferProgress) => void;
}

/**
 * Exports all structures: what is durable at the call, whatever is committed later. Both formats
 * are versioned, end with counts and a checksum, and stay importable by all later versions of
 * Holdfast (tables in `export_jsonl.ts` and `export_binary.ts`). Record ids are kept.
 *
 * Of a `Database` a snapshot is taken, and held until the stream is read to its end, cancelled or
 * fails: do one of these. Of a `Snapshot` the caller has to keep it until then. Memory: one piece of
 * 64 KiB and the longest value. Between pieces other work goes on.
 *
 * The stream fails with `TOO_LARGE` when a value is above 32 MiB and the format "jsonl", with
 * `CORRUPT_*` when the file is damaged, with `CLOSED` when the database or snapshot ends before it.
 *
 * ```ts
 * import { codec, Database, exportDatabase, index } from "@holdfast/holdfast";
 *
 * const users = index("users", { key: codec.string, value: codec.u8 });
 * const db = await Database.memory();
 * await db.update((tx) => tx.open(users).put("ann", 7));
 * const text = await new Response(exportDatabase(db, { format: "jsonl" })).text();
 * console.log(text.split("\n")[2]); // {"key":"ann","value":7}
 * await db.close();
 * ```
 *
 * @throws {TypeError} for an unknown format
 * @throws {StateError} `CLOSED`: the database
 */
export function exportDatabase(
  source: Database | Snapshot,
  options: ExportOptions,
): ReadableStream<Uint8Array> {
  const { format, signal, onProgress } = options;
  if (format !== "jsonl" && format !== "binary") {
    throw new TypeError('The format of an export is "jsonl" or "binary"');
  }
  const checksum = new Checksum(source instanceof Snapshot ? undefined : source.io.crc32);
  const snapshot = source instanceof Snapshot ? source : source.snapshot();
  const release = (): void => {
    if (snapshot !== source) snapshot.release();
  };
  const progress = { structures: 0, entries: 0, bytes: 0 };
  const pieces = walk(snapshot, format, checksum, progress);
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      try {
        signal?.throwIfAborted();
        const { done, value } = pieces.next();
        if (done !== true) {
          progress.bytes += value.length;
          controller.enqueue(value);
          onProgress?.({ ...progress });
          return;
        }
      } catch (error) {
        pieces.return();
        release();
        throw error;
      }
      release();
      controller.close();
    },
    cancel: () => {
      pieces.return();
      release();
    },
  }, { highWaterMark: 0 });
}

/** The pieces of an export; a step ends with each, so that no step is long. */
function* walk(
  snapshot: Snapshot,
  format: ExportFormat,
  checksum: Checksum,
  progress: { structures: number; entries: number },
): Generator<Uint8Array, void> {
  // By number, so that an import can give each the same number again.
  const structures = snapshot.structures().filter(({ kind }) => kind !== IMPORT_KIND)
    .sort((a, b) => a.number - b.number);
  const numbers = (structures.at(-1)?.number ?? 0) + 1;
  const encoder: TransferEncoder = format === "jsonl"
    ? new LineEncoder(checksum, numbers)
    : new BinaryEncoder(checksum, numbers);
  for (const structure of structures) {
    progress.structures++;
    encoder.structure(structure);
    const cursor = snapshot.open(rawTree(structure)).cursor({});
    try {
      while (cursor.next()) {
        cursor.loadValue();
        const key = cursor.keyBytes.subarray(cursor.keyBegin, cursor.keyEnd);
        const value = cursor.valueBytes.subarray(cursor.valueBegin, cursor.valueEnd);
        progress.entries++;
        yield* encoder.entry({ key, value });
        if (encoder.ready >= CHUNK_BYTES) yield encoder.take();
      }
    } finally {
      cursor.close();
    }
  }
  encoder.end();
  yield encoder.take();
}
