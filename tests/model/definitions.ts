/**
 * The structures in play, and their keys and values as the model writes them: short texts that say
 * how long the real ones are.
 *
 * @module
 */

import {
  codec,
  type Definition,
  index,
  type IndexAccess,
  type IndexedAccess,
  recordLog,
  type RecordLogAccess,
  segment,
  type SegmentAccess,
} from "../../mod.ts";

/** Keys of the indexes; some begin with others. */
export const KEYS: readonly string[] = ["a", "aa", "ab", "b", "ba"];

/** A value: a stamp of one letter and the length of what follows it, as in `3:000040`. */
export type Token = string;

/** The letters and the length as a token. */
export function token(stamp: string, length: number): Token {
  return `${stamp}:${String(length).padStart(6, "0")}`;
}

/** The length in a token. */
function lengthOf(of: Token): number {
  return Number(of.slice(of.indexOf(":") + 1));
}

/** The value of a token. */
export function expand(of: Token): string {
  return `${of}|${"x".repeat(lengthOf(of))}`;
}

/** The token of a value; a value that no token has stays as it is, and equals none. */
export function compact(value: string): string {
  const of = value.slice(0, value.indexOf("|"));
  return expand(of) === value ? of : value;
}

/** What the index of users keeps; its token's stamp is the city's letter and the mail's digit. */
export interface User {
  readonly city: string;
  readonly mail?: number;
  readonly pad: string;
}

/** The user of a token. */
export function userOf(of: Token): User {
  const pad = "x".repeat(lengthOf(of));
  return of[1] === "-" ? { city: of[0]!, pad } : { city: of[0]!, mail: Number(of[1]), pad };
}

/** The token of a user. */
export function userToken({ city, mail, pad }: User): Token {
  return token(`${city}${mail ?? "-"}`, pad.length);
}

/** What the secondary indexes have of a user. */
export const SECONDARY = {
  byCity: (user: User): string[] => [user.city],
  byMail: (user: User): string[] => user.mail === undefined ? [] : [String(user.mail)],
  byTag: (user: User): string[] => user.mail === undefined ? [] : tagsOf(user),
} as const;

function tagsOf({ city, mail }: User): string[] {
  return mail === undefined ? [] : [city, mail % 2 === 0 ? "even" : "odd", city];
}

/** An index in which a key has one value. */
type Single<K, V> = Definition<IndexAccess<K, V, V | undefined>>;

export const replace: Single<string, string> = index("replace", {
  key: codec.string,
  value: codec.string,
});
export const exclusive: Single<string, string> = index("exclusive", {
  key: codec.string,
  value: codec.string,
  mode: "exclusive",
});
export const cluster: Definition<IndexAccess<string, string, string[]>> = index("cluster", {
  key: codec.string,
  value: codec.string,
  mode: "cluster",
});
export const users: Definition<
  IndexedAccess<string, User, { byCity: string; byMail: number; byTag: string }>
> = index("users", {
  key: codec.string,
  value: codec.json<User>(),
  indexes: {
    byCity: { key: codec.string, of: (user) => user.city },
    byMail: { key: codec.u8, of: (user) => user.mail, unique: true },
    byTag: { key: codec.string, of: tagsOf, multi: true },
  },
});
export const notes: Definition<SegmentAccess> = segment("notes");
export const audit: Definition<RecordLogAccess> = recordLog("audit");

/** The one that is dropped and created again. */
export const scrap: Single<string, string> = index("scrap", {
  key: codec.string,
  value: codec.string,
});

/** One entry of each commit: its number. It tells any prefix of the commits from any other. */
export const ledger: Single<number, number> = index("ledger", { key: codec.u32, value: codec.u32 });

/** Entries that fill the cache. */
export const ballast: Single<number, string> = index("ballast", {
  key: codec.u32,
  value: codec.string,
});

/** Number of entries of the ballast; each has some 400 bytes, more than the cache together. */
export const BALLAST_ENTRIES = 3_500;

/** The value that an entry of the ballast has in the beginning. */
export const BALLAST: Token = token("0", 400);

/** A record. */
export function encode(of: Token): Uint8Array {
  return new TextEncoder().encode(expand(of));
}

/** The token of a record. */
export function decode(record: Uint8Array | undefined): string | undefined {
  return record === undefined ? undefined : compact(new TextDecoder().decode(record));
}

/** A number as a key of the model: in the order of numbers. */
export function serialName(serial: number): string {
  return String(serial).padStart(9, "0");
}
