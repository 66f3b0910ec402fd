/**
 * Databases with every kind of structure and codec, and what is needed to compare them.
 *
 * @module
 */

import {
  ByteWriter,
  codec,
  type Database,
  type Definition,
  EmbeddedStreamStore,
  exportDatabase,
  type ExportFormat,
  index,
  type KeyCodec,
  recordLog,
  segment,
} from "../../mod.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";

/** A codec that only its program knows. */
const CUSTOM: KeyCodec<string> = {
  name: "mine(string,of my own)",
  ordered: true,
  encode: (value, out) => codec.string.encode(value, out),
  decode: (bytes, begin, end) => codec.string.decode(bytes, begin, end),
  encodeElement: (value, out) => codec.string.encodeElement(value, out),
  decodeElement: (reader) => codec.string.decodeElement(reader),
};

type Table = Definition<
  { reader: unknown; writer: { put(key: unknown, value: unknown): void } }
>;

/** Fills a database with every kind of structure and codec. */
export async function fill(db: Database, seed: number): Promise<void> {
  const random = new Generator(seed);
  const keys = CODEC_SAMPLES.filter(({ isKey }) => isKey);
  await db.update((tx) => {
    for (const [i, value] of CODEC_SAMPLES.entries()) {
      const key = keys[(i * 7 + seed) % keys.length]!;
      const replace = index(`replace ${value.codec.name}`, {
        key: key.codec as KeyCodec<unknown>,
        value: value.codec,
      }) as Table;
      for (let n = 0; n < 8; n++) tx.open(replace).put(key.make(random), value.make(random));
      if (!value.isKey) continue;
      const cluster = index(`cluster ${value.codec.name}`, {
        key: key.codec as KeyCodec<unknown>,
        value: value.codec as KeyCodec<unknown>,
        mode: "cluster",
      }) as unknown as Table;
      for (let n = 0; n < 8; n++) tx.open(cluster).put(key.make(random), value.make(random));
    }
    const once = { key: codec.string, value: codec.i64, mode: "exclusive" } as const;
    tx.open(index("exclusive", once)).put("one", -1n);
    tx.open(index("custom", { key: CUSTOM, value: CUSTOM })).put("a", "b");
    tx.open(index("empty", { key: codec.u8, value: codec.bytes }));
    // JSON text that no JSON.stringify writes: only its bytes can be moved.
    tx.open(rawTree({ name: "odd json", kind: "index", format: "replace(u8,json)" }));
  });
  await db.update((tx) => {
    const odd = tx.open(rawTree({ name: "odd json", kind: "index", format: "replace(u8,json)" }));
    odd.put(numberKey(1), new TextEncoder().encode("[ -0 ]"), 6);
    const notes = tx.open(segment("notes"));
    const ids = Array.from({ length: 20 }, () => notes.insert(random.bytes(random.below(50))));
    notes.update(ids[3]!, new Uint8Array(300_000).fill(7));
    for (const id of ids.slice(-3)) notes.delete(id);
    const byNote = index("by-note", { key: codec.recordId, value: codec.string });
    tx.open(byNote).put(ids[3]!, "third");
    const log = tx.open(recordLog("log"));
    for (let n = 0; n < 30; n++) log.append(random.bytes(random.below(3000)));
    log.trim(10);
    const trimmed = tx.open(recordLog("trimmed"));
    for (let n = 0; n < 5; n++) trimmed.append(random.bytes(3));
    trimmed.trim(5);
  });
  const store = await EmbeddedStreamStore.open(db, { durability: "disk" });
  await store.create("stream", { contentType: "text/plain" });
}

function numberKey(value: number): ByteWriter {
  const out = new ByteWriter(1);
  out.u8(value);
  return out;
}

/** All that a database holds, by name: kind, format, number, and the entries as bytes. */
export function contentOf(db: Database): Record<string, unknown> {
  return Object.fromEntries(
    db.structures().map((structure) => {
      const { name, kind, format, number } = structure;
      const cursor = db.open(rawTree(structure)).cursor({});
      const entries: string[] = [];
      while (cursor.next()) {
        cursor.loadValue();
        const key = cursor.keyBytes.subarray(cursor.keyBegin, cursor.keyEnd);
        const value = cursor.valueBytes.subarray(cursor.valueBegin, cursor.valueEnd);
        entries.push(`${hex(key)} ${value.length > 1000 ? `${value.length} bytes` : hex(value)}`);
      }
      return [name, { kind, format, number, entries }];
    }),
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of an export. */
export async function exported(db: Database, format: ExportFormat): Promise<Uint8Array> {
  return new Uint8Array(await new Response(exportDatabase(db, { format })).arrayBuffer());
}

/** A stream of bytes in pieces of a length. */
export function streamOf(bytes: Uint8Array, piece = 1000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + piece));
      at += piece;
    },
  });
}
