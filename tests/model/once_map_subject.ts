/**
 * A once map against a plain map.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { codec, onceMap } from "../../mod.ts";
import { compact, expand, token } from "./definitions.ts";
import type { KeyedTransaction } from "./keyed_model.ts";
import { keyedSubject } from "./keyed_subject.ts";
import type { Subject } from "./subject.ts";

const map = onceMap("once", { key: codec.string, value: codec.string });

const KEYS = ["", "a", "aa", "b", "\0"] as const;

type Operation =
  | { readonly put: string; readonly value: string }
  | { readonly look: "get" | "has"; readonly key: string }
  | { readonly look: "entries" | "size" };

const anyKey = fc.constantFrom(...KEYS);
const anyLength = fc.oneof(
  { weight: 20, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.constantFrom(4000, 70_000) },
);
const anyToken = fc.tuple(fc.constantFrom(..."abcdefgh"), anyLength)
  .map(([stamp, length]) => token(stamp, length));

const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: anyKey, value: anyToken }) },
  {
    weight: 2,
    arbitrary: fc.record({ look: fc.constantFrom("get" as const, "has" as const), key: anyKey }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ look: fc.constantFrom("entries" as const, "size" as const) }),
  },
);

function putIfAbsent(tx: KeyedTransaction, key: string, value: string): unknown {
  if (tx.get(key, "probe") !== undefined) {
    return { inserted: false, value: tx.get(key, "read") };
  }
  tx.set(key, value, true);
  return { inserted: true, value };
}

/** First values win, whatever transactions meet. */
export const onceMapSubject: Subject = keyedSubject<Operation>({
  name: "once-map",
  operations,
  create: (tx) => void tx.open(map),
  real: (operation, tx) => {
    const view = tx.open(map);
    if ("put" in operation) {
      const { inserted, value } = view.putIfAbsent(operation.put, expand(operation.value));
      return { inserted, value: compact(value) };
    }
    switch (operation.look) {
      case "get": {
        const value = view.get(operation.key);
        return value === undefined ? undefined : compact(value);
      }
      case "has":
        return view.has(operation.key);
      case "size":
        return view.size;
      case "entries":
        return Array.from(view.entries(), ([key, value]) => [key, compact(value)]);
    }
  },
  model: (operation, tx) => {
    if ("put" in operation) return putIfAbsent(tx, operation.put, operation.value);
    switch (operation.look) {
      case "get":
        return tx.get(operation.key, "read");
      case "has":
        return tx.get(operation.key, "read") !== undefined;
      case "size":
        return tx.entries().length;
      case "entries":
        return tx.entries();
    }
  },
  read: (from) => {
    const view = from.open(map);
    const found = new Map(Array.from(view.entries(), ([key, value]) => [key, compact(value)]));
    assert.equal(view.size, found.size);
    for (const key of KEYS) {
      const value = view.get(key);
      assert.equal(value === undefined ? undefined : compact(value), found.get(key));
      assert.equal(view.has(key), found.has(key));
    }
    const back = Array.from(view.entries({ reverse: true }), ([key]) => key);
    assert.deepEqual(back.reverse(), [...found.keys()]);
    return found;
  },
});
