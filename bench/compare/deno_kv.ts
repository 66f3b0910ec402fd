/**
 * Deno's own key-value store on a file (SQLite below it). Every write is synced, without a setting
 * for it. It commits for one caller at a time, so 64 callers share a hand-made queue.
 *
 * @module
 */

import process from "node:process";
import type { Contestant, ContestantModule, Found, ScanResult } from "./contestant.ts";
import { fold } from "./contestant.ts";
import { NotHereError } from "./peer.ts";
import { TurnQueue } from "./turn_queue.ts";

type KvKey = readonly [string, Uint8Array | number];

interface KvEntry {
  readonly key: KvKey;
  readonly value: Uint8Array | null;
}

interface KvAtomic {
  set(key: KvKey, value: Uint8Array): KvAtomic;
  commit(): Promise<{ readonly ok: boolean }>;
}

interface Kv {
  set(key: KvKey, value: Uint8Array): Promise<unknown>;
  get(key: KvKey): Promise<KvEntry>;
  getMany(keys: readonly KvKey[]): Promise<KvEntry[]>;
  list(selector: { prefix: [string] }, options: { batchSize: number }): AsyncIterable<KvEntry>;
  atomic(): KvAtomic;
  close(): void;
}

type OpenKv = (path: string) => Promise<Kv>;

/** The most keys that one `getMany` takes. */
const GET_MANY_MAX = 10;
/** The most entries that `list` reads at once. */
const LIST_BATCH = 1000;

class DenoKv implements Contestant {
  readonly #kv: Kv;
  readonly #puts: TurnQueue<readonly [KvKey, Uint8Array]>;
  #next = 0;

  constructor(kv: Kv) {
    this.#kv = kv;
    this.#puts = new TurnQueue((pairs) => this.#setAll(pairs));
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#kv.set(["kv", key], value);
  }

  putShared(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#puts.add([["kv", key], value]);
  }

  load(keys: readonly Uint8Array[], values: readonly Uint8Array[]): Promise<void> {
    return this.#setAll(keys.map((key, i) => [["kv", key], values[i]!]));
  }

  async get(key: Uint8Array): Promise<Found> {
    const { value } = await this.#kv.get(["kv", key]);
    return value ?? undefined;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<Found[]> {
    const parts: Promise<KvEntry[]>[] = [];
    for (let first = 0; first < keys.length; first += GET_MANY_MAX) {
      const part = keys.slice(first, first + GET_MANY_MAX);
      parts.push(this.#kv.getMany(part.map((key): KvKey => ["kv", key])));
    }
    return (await Promise.all(parts)).flat().map(({ value }) => value ?? undefined);
  }

  async scan(): Promise<ScanResult> {
    let entries = 0;
    let hash = 0;
    for await (const entry of this.#kv.list({ prefix: ["kv"] }, { batchSize: LIST_BATCH })) {
      hash = fold(hash, entry.key[1] as Uint8Array, entry.value!);
      entries++;
    }
    return { entries, hash };
  }

  append(record: Uint8Array): Promise<void> {
    return this.#puts.add([["log", this.#next++], record]);
  }

  close(): void {
    this.#kv.close();
  }

  async #setAll(pairs: readonly (readonly [KvKey, Uint8Array])[]): Promise<void> {
    const atomic = this.#kv.atomic();
    for (const [key, value] of pairs) atomic.set(key, value);
    const { ok } = await atomic.commit();
    if (!ok) throw new Error("Deno.openKv did not commit");
  }
}

/** Never fails on Deno with `--unstable-kv`. @throws {NotHereError} elsewhere */
export function load(): Promise<ContestantModule> {
  const version = process.versions["deno"];
  if (version === undefined) return Promise.reject(new NotHereError("only Deno has it"));
  const { Deno } = globalThis as unknown as { readonly Deno: { readonly openKv?: OpenKv } };
  const { openKv } = Deno;
  if (openKv === undefined) return Promise.reject(new NotHereError("needs deno --unstable-kv"));
  return Promise.resolve({
    version,
    durabilities: ["disk"],
    open: async (directory) => new DenoKv(await openKv(`${directory}/kv.db`)),
  });
}
