/**
 * Secondary indexes against the records: made anew from them, and compared with them.
 *
 * @module
 */

import type { ByteWriter } from "../../base/byte_writer.ts";
import { codec } from "../../base/codec.ts";
import { compareBytes } from "../../base/compare.ts";
import type { CheckProblem } from "../../kernel/check/check.ts";
import type { HeldCursor, TreeReader, TreeWriter } from "../../kernel/definition.ts";
import { visitCursor, WHOLE } from "../cursor_iterator.ts";
import { removeEntries } from "../remove_entries.ts";
import type { SingleLayout } from "../index/index_single.ts";
import { type SecondaryPart, textOf } from "./secondary_part.ts";
import type { OpenPart } from "./secondary_writer.ts";
import type { VerifyReport } from "./secondary_types.ts";

const PROBLEMS_MAX = 1000;

/**
 * Makes an index anew, or leaves it as it is.
 * @throws {StateError} `ALREADY_EXISTS`: it is unique, and two records have a key in common
 */
export function rebuildPart<K, V>(
  records: TreeWriter,
  layout: SingleLayout<K, V>,
  { part, tree }: OpenPart<K, V>,
): void {
  const entries = new Map<string, readonly [ByteWriter, Uint8Array]>();
  records.claim();
  visitCursor(records.cursor({}), WHOLE, (at) => {
    const [key, value] = layout.entryAt(at);
    const held = part.valueOf(at.keyBytes.slice(at.keyBegin, at.keyEnd));
    for (const [text, entry] of part.entriesOf(value, key)) {
      if (entries.has(text)) throw part.taken();
      entries.set(text, [entry, held]);
    }
  });
  tree.atomic(() => {
    removeEntries(tree, {}, WHOLE);
    for (const [entry, held] of entries.values()) tree.put(entry, held, held.length);
  });
}

/** Compares indexes with the records. */
export function verifyParts<K, V>(
  records: TreeReader,
  layout: SingleLayout<K, V>,
  parts: readonly { readonly part: SecondaryPart<K, V>; readonly tree: TreeReader }[],
): VerifyReport {
  const problems: CheckProblem[] = [];
  const report = (part: SecondaryPart<K, V>, what: string): void => {
    if (problems.length >= PROBLEMS_MAX) return;
    problems.push({ code: "INVARIANT", message: `Index "${part.name}" ${what}` });
  };
  for (const { part, tree } of parts) {
    const expected = new Set<string>();
    visitCursor(records.cursor({}), WHOLE, (at) => {
      const [key, value] = layout.entryAt(at);
      const held = part.valueOf(at.keyBytes.slice(at.keyBegin, at.keyEnd));
      for (const [text, entry] of part.entriesOf(value, key)) {
        expected.add(text);
        const found = tree.get(entry, codec.bytes);
        if (found === undefined) report(part, `lacks an entry of record ${nameOf(at)}`);
        else if (compareBytes(found, 0, found.length, held, 0, held.length) !== 0) {
          report(part, `has a key of record ${nameOf(at)} under another record`);
        }
      }
    });
    visitCursor(tree.cursor({}), WHOLE, (at) => {
      if (expected.has(textOf(at.keyBytes, at.keyBegin, at.keyEnd))) return;
      report(part, `has entry ${nameOf(at)}, which no record has`);
    });
  }
  return { ok: problems.length === 0, problems };
}

/** The bytes of a key, for people. */
function nameOf({ keyBytes, keyBegin, keyEnd }: HeldCursor): string {
  let text = "";
  for (let at = keyBegin; at < Math.min(keyEnd, keyBegin + 32); at++) {
    text += keyBytes[at]!.toString(16).padStart(2, "0");
  }
  return keyEnd - keyBegin > 32 ? `${text}...` : text;
}
