/**
 * Short ways to make messages and to look at outcomes.
 *
 * @module
 */

import { deepStrictEqual, fail } from "node:assert/strict";
import type {
  Page,
  ReadOptions,
  Refusal,
  Refused,
  StreamStore,
} from "../../src/streams/stream_store.ts";

/** The offset of the beginning of every stream. */
export const START = "0000000000000000_0000000000000000";

/** One message for each text. */
export function messages(...texts: string[]): Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text));
}

/** The outcome, which must be "done". */
export function done<O extends { readonly outcome: string }>(
  outcome: O,
): Exclude<O, { readonly outcome: "refused" }> {
  if (outcome.outcome !== "done") fail(`refused: ${JSON.stringify(outcome)}`);
  return outcome as Exclude<O, { readonly outcome: "refused" }>;
}

/** The refusal of an outcome, which must be one. */
export function refusal(outcome: Refused | { readonly outcome: "done" }): Refusal {
  if (outcome.outcome === "done") fail(`done: ${JSON.stringify(outcome)}`);
  return outcome.refusal;
}

/** The reason of a refusal. */
export function reason(outcome: Refused | { readonly outcome: "done" }): Refusal["reason"] {
  return refusal(outcome).reason;
}

/** One page, which must be "done". */
export async function page(
  store: StreamStore,
  name: string,
  offset: string = "-1",
  options: ReadOptions = {},
): Promise<Page> {
  return done(await store.read(name, offset, options));
}

/** All messages of a stream from `offset`, as texts. */
export async function readTexts(
  store: StreamStore,
  name: string,
  offset: string = "-1",
): Promise<string[]> {
  const texts: string[] = [];
  for (let from = offset;;) {
    const read = await page(store, name, from);
    for (const message of read.messages) texts.push(new TextDecoder().decode(message));
    if (read.upToDate) return texts;
    if (read.messages.length === 0) fail("a page that is not up to date is empty");
    from = read.nextOffset;
  }
}

/** Compares all messages of a stream. */
export async function assertTexts(
  store: StreamStore,
  name: string,
  expected: string[],
): Promise<void> {
  deepStrictEqual(await readTexts(store, name), expected);
}
