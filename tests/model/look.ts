/**
 * Reads that mean the same to plain readers, snapshots and transactions, in the model and in the
 * library.
 *
 * @module
 */

import fc from "fast-check";
import type { RangeOptions } from "../../mod.ts";
import {
  audit,
  cluster,
  compact,
  decode,
  exclusive,
  KEYS,
  notes,
  replace,
  serialName,
  users,
  userToken,
} from "./definitions.ts";
import { shortly } from "./command.ts";
import { getOf, hasIn, type IndexName, rangeOf } from "./index_model.ts";
import { AuditModel, countNotes, headOfLog, scanOf } from "./serial_model.ts";
import type { Reading } from "./shown.ts";
import { HEAD, keysOf } from "./state.ts";
import type { RealStore } from "./real_store.ts";
import { idOf } from "./template.ts";
import { TransactionModel } from "./transaction_model.ts";
import { secondaryKeys, type SecondaryName, secondaryRange } from "./users_model.ts";
import type { ViewModel } from "./view_model.ts";

/** A read. */
export interface Look {
  readonly text: string;
  /** What it must give. */
  model(view: ViewModel): unknown;
  /** What it gives. `known` is what the model knows of the view, for records by number. */
  real(from: Reading, real: RealStore, known: ViewModel): unknown;
}

export const anyKey: fc.Arbitrary<string> = fc.constantFrom(...KEYS);

/** Ranges with every kind of bound. */
export const anyRange: fc.Arbitrary<RangeOptions<string>> = fc.record({
  lower: fc.constantFrom("none", "gt", "gte"),
  upper: fc.constantFrom("none", "lt", "lte"),
  from: anyKey,
  to: anyKey,
  prefix: fc.constantFrom(undefined, undefined, "a", "b"),
  reverse: fc.boolean(),
  offset: fc.constantFrom(undefined, undefined, 1, 2),
  limit: fc.constantFrom(undefined, undefined, 1, 2, 3),
}).map(({ lower, upper, from, to, prefix, reverse, offset, limit }) => ({
  ...(lower === "none" ? {} : { [lower]: from }),
  ...(upper === "none" ? {} : { [upper]: to }),
  ...(prefix === undefined ? {} : { prefix }),
  ...(reverse ? { reverse } : {}),
  ...(offset === undefined ? {} : { offset }),
  ...(limit === undefined ? {} : { limit }),
}));

const single = { replace, exclusive } as const;

/** A value of an index as the model writes it. */
function plain(value: string | string[] | undefined): unknown {
  return Array.isArray(value) ? value.map(compact) : value === undefined ? value : compact(value);
}

function viewOf(from: Reading, tree: IndexName) {
  return tree === "cluster" ? from.open(cluster) : from.open(single[tree]);
}

const anyTree: fc.Arbitrary<IndexName> = fc.constantFrom("replace", "exclusive", "cluster");

const keyLook = fc.tuple(anyTree, fc.constantFrom("get", "has", "one", "getMany"), anyKey, anyKey)
  .map(([tree, how, key, other]): Look => ({
    text: `${tree}.${how}(${shortly(key)})`,
    model: (view) => {
      if (how === "has") return hasIn(view, tree, key);
      if (how === "getMany") return [getOf(view, tree, key), getOf(view, tree, other)];
      if (how === "get" || tree !== "cluster") return getOf(view, tree, key);
      return rangeOf(view, tree, { gte: key, lte: key, limit: 1 })[0]?.[1];
    },
    real: (from) => {
      const view = viewOf(from, tree);
      if (how === "has") return view.has(key);
      if (how === "getMany") return view.getMany([key, other]).map(plain);
      return plain(how === "one" ? view.one(key) : view.get(key));
    },
  }));

const edgeLook = fc.tuple(anyTree, fc.constantFrom("first", "last", "floor", "ceiling"), anyKey)
  .map(([tree, how, key]): Look => {
    const range = {
      first: {},
      last: { reverse: true },
      floor: { lte: key, reverse: true },
      ceiling: { gte: key },
    }[how]!;
    return {
      text: `${tree}.${how}(${shortly(key)})`,
      model: (view) => rangeOf(view, tree, { ...range, limit: 1 })[0],
      real: (from) => {
        const view = viewOf(from, tree);
        const entry = how === "first" || how === "last" ? view[how]() : view[how as "floor"](key);
        return entry && [entry[0], compact(entry[1])];
      },
    };
  });

const rangeLook = fc.tuple(anyTree, fc.constantFrom("range", "keys", "values", "count"), anyRange)
  .map(([tree, how, range]): Look => ({
    text: `${tree}.${how}(${shortly(range)})`,
    model: (view) => {
      const entries = rangeOf(view, tree, range);
      if (how === "range") return entries;
      if (how === "count") return entries.length;
      return entries.map(([key, value]) => how === "keys" ? key : value);
    },
    real: (from) => {
      const view = viewOf(from, tree);
      if (how === "count") return view.count(range);
      if (how === "keys") return [...view.keys(range)];
      if (how === "values") return Array.from(view.values(range), compact);
      return Array.from(view.range(range), ([key, value]) => [key, compact(value)]);
    },
  }));

const countLook = anyTree.map((tree): Look => ({
  text: `${tree}.count()`,
  model: (view) => view.count(tree),
  real: (from) => viewOf(from, tree).count(),
}));

const userLook = fc.tuple(fc.boolean(), anyKey, anyRange).map(([one, key, range]): Look => ({
  text: one ? `users.get(${shortly(key)})` : `users.range(${shortly(range)})`,
  model: (view) => one ? view.get("users", key) : rangeOf(view, "users", range),
  real: (from) => {
    const view = from.open(users);
    if (!one) return Array.from(view.range(range), ([at, user]) => [at, userToken(user)]);
    const user = view.get(key);
    return user && userToken(user);
  },
}));

const anyCity = fc.constantFrom("B", "O", "even", "odd");

/** Reads by a secondary index: of one key, or from one on. */
const byLook = fc.record({
  name: fc.constantFrom<SecondaryName>("byCity", "byMail", "byTag"),
  how: fc.constantFrom("get", "one", "has", "count", "range", "keys"),
  city: anyCity,
  mail: fc.nat(3),
  reverse: fc.boolean(),
  limit: fc.constantFrom(undefined, 1, 2),
}).map(({ name, how, city, mail, reverse, limit }): Look => {
  const isMail = name === "byMail";
  const more = { ...(reverse ? { reverse } : {}), ...(limit === undefined ? {} : { limit }) };
  const at = isMail ? String(mail) : city;
  const here = { gte: at, lte: at };
  return {
    text: `users.by(${name}).${how}(${shortly(at, more)})`,
    model: (view) => {
      if (how === "has") return secondaryKeys(view, name, { ...here, limit: 1 }).length > 0;
      if (how === "count") return secondaryKeys(view, name, { gte: at, ...more }).length;
      if (how === "keys") return secondaryKeys(view, name, { gte: at, ...more });
      if (how === "range") return secondaryRange(view, name, { gte: at, ...more });
      const found = secondaryRange(view, name, how === "one" ? { ...here, limit: 1 } : here)
        .map(([, key, value]) => [key, value]);
      return how === "one" ? found[0] : found;
    },
    real: (from) => {
      // The views differ in the type of their keys alone.
      const by = from.open(users).by(name as "byCity");
      const key = (isMail ? mail : city) as string;
      if (how === "has") return by.has(key);
      if (how === "count") return by.count({ gte: key, ...more });
      if (how === "keys") {
        return Array.from(by.keys({ gte: key, ...more }), ([found, of]) => [`${found}`, of]);
      }
      if (how === "range") {
        return Array.from(by.range({ gte: key, ...more }), ([found, of, user]) => {
          return [`${found}`, of, userToken(user)];
        });
      }
      if (how === "get") return by.get(key).map(([of, user]) => [of, userToken(user)]);
      const entry = by.one(key);
      return entry && [entry[0], userToken(entry[1])];
    },
  };
});

/** The name of a record that a view has, or of one that was never there. */
export function recordName(view: ViewModel, drawn: number): string {
  const names = keysOf(view.state, "notes").filter((key) => key !== HEAD);
  return names[drawn % (names.length + 1)] ?? serialName(1_000_000);
}

const noteLook = fc.record({
  how: fc.constantFrom("read", "has", "count", "scan", "after"),
  at: fc.nat(5),
  reverse: fc.boolean(),
  limit: fc.constantFrom(undefined, 1, 2),
}).map(({ how, at, reverse, limit }): Look => {
  const more = { reverse, ...(limit === undefined ? {} : { limit }) };
  return {
    text: `notes.${how}(#${at}, ${shortly(more)})`,
    model: (view) => {
      const name = recordName(view, at);
      if (how === "read") return view.get("notes", name);
      if (how === "has") return view.has("notes", name);
      if (how === "count") return countNotes(view);
      return scanOf(view, "notes", how === "scan" ? more : { ...more, after: name });
    },
    real: (from, real, known) => {
      const view = from.open(notes);
      const id = idOf(real, recordName(known, at));
      if (how === "read") return decode(view.read(id));
      if (how === "has") return view.has(id);
      if (how === "count") return view.count();
      return Array.from(
        view.scan(how === "scan" ? more : { ...more, after: id }),
        ({ id: found, bytes }) => [serialName(found.serial), decode(bytes)],
      );
    },
  };
});

const auditLook = fc.record({
  how: fc.constantFrom("head", "get", "read"),
  from: fc.nat(6),
  limit: fc.constantFrom(undefined, 1, 2),
}).map(({ how, from: first, limit }): Look => {
  const more = limit === undefined ? {} : { limit };
  return {
    text: `audit.${how}(${shortly(first, more)})`,
    model: (view) => {
      if (how === "get") return view.get("audit", serialName(first));
      if (how === "read") return scanOf(view, "audit", { from: serialName(first), ...more });
      return view instanceof TransactionModel ? new AuditModel(view).head() : headOfLog(view);
    },
    real: (from) => {
      const view = from.open(audit);
      if (how === "head") return view.head();
      if (how === "get") return decode(view.get(first));
      return Array.from(view.read({ from: first, ...more }), ({ offset, bytes }) => {
        return [serialName(offset), decode(bytes)];
      });
    },
  };
});

/** Any read of any structure. */
export const anyLook: fc.Arbitrary<Look> = fc.oneof(
  { weight: 4, arbitrary: keyLook },
  { weight: 2, arbitrary: edgeLook },
  { weight: 4, arbitrary: rangeLook },
  { weight: 1, arbitrary: countLook },
  { weight: 2, arbitrary: userLook },
  { weight: 3, arbitrary: byLook },
  { weight: 3, arbitrary: noteLook },
  { weight: 3, arbitrary: auditLook },
);
