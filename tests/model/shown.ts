/**
 * What a reader of the real store shows, in the form of `observe`.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Database } from "../../mod.ts";
import {
  audit,
  BALLAST,
  ballast,
  BALLAST_ENTRIES,
  cluster,
  compact,
  decode,
  exclusive,
  expand,
  ledger,
  notes,
  replace,
  scrap,
  serialName,
  users,
  userToken,
} from "./definitions.ts";

/** A database, a snapshot or a transaction that is only read. */
export type Reading = Pick<Database, "open">;

const BALLAST_VALUE = expand(BALLAST);

/** Everything there is; `withBallast` if there is ballast. */
export function shownBy(from: Reading, withBallast: boolean): string {
  const lines: string[] = [];
  const add = (tree: string, count: number, entries: Iterable<readonly [string, string]>): void => {
    const before = lines.length;
    for (const [key, value] of entries) lines.push(`${tree}/${key}=${value}`);
    assert.equal(lines.length - before, count, `count of ${tree}`);
  };
  const single = { replace, exclusive, scrap } as const;
  for (const [tree, definition] of Object.entries(single)) {
    const view = from.open(definition);
    add(tree, view.count(), Array.from(view.range(), ([key, value]) => [key, compact(value)]));
  }
  const groups = from.open(cluster);
  const pairs = Array.from(groups.range(), ([key, value]) => [`${key},${compact(value)}`, ""]);
  add("cluster", groups.count(), pairs as [string, string][]);
  addUsers(from, add);
  const records = from.open(notes);
  add(
    "notes",
    records.count(),
    Array.from(records.scan(), ({ id, bytes }) => {
      return [serialName(id.serial), decode(bytes)!];
    }),
  );
  const log = from.open(audit);
  for (const { offset, bytes } of log.read()) {
    lines.push(`audit/${serialName(offset)}=${decode(bytes)}`);
  }
  lines.push(`audit=${log.head()}`);
  const numbers = from.open(ledger);
  add(
    "ledger",
    numbers.count(),
    Array.from(numbers.range(), ([key, value]) => {
      return [serialName(key), String(value)];
    }),
  );
  if (withBallast) {
    const stones = from.open(ballast);
    assert.equal(stones.count(), BALLAST_ENTRIES);
    for (const [key, value] of stones.range()) {
      if (value !== BALLAST_VALUE) lines.push(`ballast/${serialName(key)}=${compact(value)}`);
    }
  }
  return lines.sort().join("\n");
}

function addUsers(
  from: Reading,
  add: (tree: string, count: number, entries: Iterable<readonly [string, string]>) => void,
): void {
  const view = from.open(users);
  add("users", view.count(), Array.from(view.range(), ([key, user]) => [key, userToken(user)]));
  for (const name of ["byCity", "byTag"] as const) {
    const by = view.by(name);
    add(`users#${name}`, by.count(), Array.from(by.keys(), ([at, key]) => [`${at},${key}`, ""]));
  }
  const byMail = view.by("byMail");
  const mails = Array.from(byMail.keys(), ([at, key]) => [`${at}`, key] as const);
  add("users#byMail", byMail.count(), mails);
}
