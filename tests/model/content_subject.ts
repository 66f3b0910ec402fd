/**
 * A content store against a plain map of ids.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { collectGarbage, ContentId, contentStore } from "../../mod.ts";
import { chunkBytesFor, chunkCount } from "../../src/structures/content/content_layout.ts";
import { rawTree } from "../../src/structures/transfer/raw_tree.ts";
import { piecesOf, someBytes, streamOf } from "../structures/content_stores.ts";
import type { KeyedModel, KeyedTransaction } from "./keyed_model.ts";
import { keyedSubject } from "./keyed_subject.ts";
import type { Subject } from "./subject.ts";

const store = contentStore("blobs");

/** A blob that may be put. */
interface Sample {
  readonly bytes: Uint8Array;
  readonly id: ContentId;
  /** Its id as text: its key in the model. */
  readonly key: string;
  /** Its length as text: its value in the model. */
  readonly value: string;
}

/** Of every form: nothing, pieces, a value in the log, one in pages, several. */
const SAMPLES: readonly Sample[] = [0, 7, 8, 1500, 3000, 70_000, 262_144 + 50].map((length) => {
  const bytes = someBytes(length, length);
  const id = new ContentId("sha256", createHash("sha256").update(bytes).digest());
  return { bytes, id, key: `${id}`, value: `${length}` };
});

const BY_KEY: ReadonlyMap<string, Sample> = new Map(SAMPLES.map((each) => [each.key, each]));

type Operation =
  | { readonly do: "put" | "touch" | "delete" | "get" | "has"; readonly sample: number }
  | { readonly do: "stream" | "break"; readonly sample: number; readonly pieces: number }
  | { readonly do: "entries" };

const sample = fc.oneof(
  { weight: 12, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.constantFrom(5, 6) },
);

const operations = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("put"), sample }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("touch", "delete", "get", "has"), sample }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("stream", "stream", "break"),
      sample,
      pieces: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("entries") }) },
) as fc.Arbitrary<Operation>;

function* pieces({ bytes }: Sample, count: number, error?: Error): Generator<Uint8Array> {
  yield* piecesOf(bytes, Math.ceil(bytes.length / count) + 1);
  if (error !== undefined) throw error;
}

/** That the bytes of a blob are right, if there are any. @returns their length */
function lengthOf(found: Uint8Array | undefined, { bytes }: Sample): string | undefined {
  if (found === undefined) return undefined;
  assert.ok(Buffer.from(found).equals(bytes));
  return `${found.length}`;
}

function put(tx: KeyedTransaction, { key, value }: Sample): string {
  tx.get(key, "read");
  tx.set(key, value, true);
  return key;
}

/** Blobs by id, whatever transactions meet, streams break off and garbage is collected. */
export const contentSubject: Subject = keyedSubject<Operation>({
  name: "content-store",
  operations,
  create: (tx) => void tx.open(store),
  real: (operation, tx) => {
    const view = tx.open(store);
    if (operation.do === "entries") {
      return Array.from(view.entries(), ({ id, length }) => [`${id}`, `${length}`]);
    }
    const of = SAMPLES[operation.sample]!;
    switch (operation.do) {
      case "put":
        return `${view.put(of.bytes)}`;
      case "stream":
        return view.put(streamOf(pieces(of, operation.pieces))).then(String);
      case "break": {
        const error = new Error("broken");
        return view.put(streamOf(pieces(of, operation.pieces, error))).catch((thrown) => {
          if (thrown !== error) throw thrown;
          return "broken";
        });
      }
      case "get":
        return lengthOf(view.get(of.id), of);
      default:
        return view[operation.do](of.id);
    }
  },
  model: (operation, tx) => {
    if (operation.do === "entries") return tx.entries();
    const of = SAMPLES[operation.sample]!;
    switch (operation.do) {
      case "put":
      case "stream":
        return put(tx, of);
      case "break":
        return "broken";
      case "get":
        return tx.get(of.key, "read");
      case "has":
        return tx.get(of.key, "read") !== undefined;
      case "touch":
      case "delete": {
        const found = tx.get(of.key, "read");
        if (found !== undefined) {
          tx.set(of.key, operation.do === "touch" ? found : undefined, true);
        }
        return found !== undefined;
      }
    }
  },
  read: (from) => {
    const view = from.open(store);
    const found = new Map<string, string>();
    let entries = 0;
    for (const { id, length, aside } of view.entries()) {
      found.set(`${id}`, `${length}`);
      assert.equal(aside, false);
      entries += 1 + chunkCount({ length, chunkBytes: chunkBytesFor(length) });
    }
    // Nothing is left of what was deleted, and of streams that broke off.
    assert.equal(from.open(rawTree(store)).count(), entries);
    for (const [key, of] of BY_KEY) {
      assert.equal(lengthOf(view.get(of.id), of), found.get(key));
      assert.equal(view.has(of.id), found.has(key));
    }
    return found;
  },
  upkeep: {
    choices: fc.record({
      kept: fc.subarray(SAMPLES.map(({ key }) => key)),
      batch: fc.integer({ min: 1, max: 3 }),
    }),
    run: async (choice, db, model: KeyedModel) => {
      const { kept, batch } = choice as { kept: readonly string[]; batch: number };
      const gone = [...model.values.keys()].filter((key) => !kept.includes(key)).sort();
      for (let at = 0; at < gone.length; at += batch) {
        const tx = model.begin("snapshot");
        for (const key of gone.slice(at, at + batch)) tx.set(key, undefined, true);
        tx.commit();
      }
      const references = (): Iterable<ContentId> => kept.map((key) => ContentId.parse(key));
      const report = await collectGarbage(db, store, { references, batch });
      assert.equal(report.removed, gone.length);
      assert.equal((await db.open(store).verify()).ok, true);
    },
  },
});
