/**
 * Made `tests/fixtures/export-v1.jsonl` and `tests/fixtures/export-v1.bin`, which every later
 * version has to import. They stay as they are: a new version of the formats gets files of its own.
 *
 *     deno run -A --no-npm tests/tools/export_fixture.ts VERSION
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  type Codec,
  codec,
  Database,
  exportDatabase,
  index,
  type KeyCodec,
  recordLog,
  segment,
} from "../../mod.ts";
import { CODEC_SAMPLES } from "../base/codec_samples.ts";
import { Generator } from "../base/generator.ts";
import { ROOT } from "./repository.ts";

/** Three entries of every codec, as a value and as a key, and one of every other structure. */
function fill(tx: Parameters<Parameters<Database["update"]>[0]>[0]): void {
  const random = new Generator(1);
  for (const { codec: of, make, isKey } of CODEC_SAMPLES) {
    const values = index(`values ${of.name}`, { key: codec.u8, value: of as Codec<never> });
    for (let n = 0; n < 3; n++) tx.open(values).put(n, make(random) as never);
    if (!isKey) continue;
    const keys = index(`keys ${of.name}`, {
      key: of as KeyCodec<never>,
      value: codec.u8,
      mode: "cluster",
    });
    for (let n = 0; n < 3; n++) tx.open(keys).put(make(random) as never, n);
  }
  const notes = tx.open(segment("notes"));
  const ids = ["first", "second", "third"].map((text) => notes.insert(bytes(text)));
  notes.delete(ids[2]!);
  tx.open(index("by name", { key: codec.string, value: codec.recordId })).put("second", ids[1]!);
  tx.open(index("empty", { key: codec.string, value: codec.bytes }));
  const log = tx.open(recordLog("log"));
  for (const text of ["zero", "one", "two"]) log.append(bytes(text));
  log.trim(1);
  const long = Uint8Array.from({ length: 40_000 }, (_, i) => i < 39_990 ? 0 : i);
  tx.open(index("long", { key: codec.u8, value: codec.bytes })).put(1, long);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const db = await Database.memory();
await db.update(fill);
const version = process.argv[2] ?? "0";
for (const [format, ending] of [["jsonl", "jsonl"], ["binary", "bin"]] as const) {
  const image = await new Response(exportDatabase(db, { format })).arrayBuffer();
  writeFileSync(
    join(ROOT, `tests/fixtures/export-v${version}.${ending}`),
    new Uint8Array(image),
  );
}
await db.close();
