/**
 * A Rust engine as a contestant: it runs whole rows in a process of its own, on keys and values of
 * which both sides compute the same hash.
 *
 * @module
 */

import type { Contestant, ContestantModule, ScanResult } from "./contestant.ts";
import { fold } from "./contestant.ts";
import { buildRustPeer, lockedVersion } from "./rust_build.ts";
import type { RustFigure } from "./rust_process.ts";
import { RustProcess } from "./rust_process.ts";
import type { WholeRows } from "./whole_rows.ts";
import { KEY_BYTES, keyAt, randomBytes, randomKeys, valueOf, VALUES } from "./workload.ts";

class RustRows implements WholeRows {
  readonly #process: RustProcess;
  /** The set of keys that the process has. */
  #keyBytes: Uint8Array | undefined;

  constructor(process: RustProcess) {
    this.#process = process;
  }

  async putOne(seed: number, count: number): Promise<number> {
    const figure = await this.#process.ask(`put ${count} ${seed}`);
    return perSecond(count, figure, putHash(seed, count));
  }

  async putShared(seed: number, count: number): Promise<number> {
    const figure = await this.#process.ask(`put64 ${count} ${seed}`);
    return perSecond(count, figure, putHash(seed, count));
  }

  async appendShared(count: number): Promise<number> {
    let sum = 0;
    for (let i = 0; i < count; i++) sum = (sum + fold(0, valueOf(i), valueOf(i))) | 0;
    return perSecond(count, await this.#process.ask(`append64 ${count}`), sum);
  }

  async load(keyBytes: Uint8Array): Promise<number> {
    await this.#useKeys(keyBytes);
    let hash = 0;
    const count = keyBytes.length / KEY_BYTES;
    for (let i = 0; i < count; i++) hash = fold(hash, keyAt(keyBytes, i), valueOf(i));
    return perSecond(count, await this.#process.ask("load"), hash);
  }

  async getRandom(keyBytes: Uint8Array, seed: number, count: number): Promise<number> {
    await this.#useKeys(keyBytes);
    const figure = await this.#process.ask(`get ${count} ${seed}`);
    return perSecond(count, figure, getSum(keyBytes, seed, count));
  }

  async scanAll(): Promise<{ rate: number; result: ScanResult }> {
    const { seconds, hash, seen } = await this.#process.ask("scan");
    return { rate: seen / seconds, result: { entries: seen, hash } };
  }

  async mixed(keyBytes: Uint8Array, seed: number, count: number): Promise<number> {
    await this.#useKeys(keyBytes);
    const figure = await this.#process.ask(`mixed ${count} ${seed}`);
    return perSecond(count, figure, getSum(keyBytes, seed, count));
  }

  async #useKeys(keyBytes: Uint8Array): Promise<void> {
    if (this.#keyBytes === keyBytes) return;
    await this.#process.ask(`keys ${keyBytes.length}`, keyBytes);
    this.#keyBytes = keyBytes;
  }
}

/** Has rows only: a call from here would be timed with the pipe to the process. */
class RustPeer implements Contestant {
  readonly rows: WholeRows;
  readonly #process: RustProcess;
  readonly put: () => never = notHere;
  readonly putShared: () => never = notHere;
  readonly load: () => never = notHere;
  readonly get: () => never = notHere;
  readonly scan: () => never = notHere;
  readonly append: () => never = notHere;

  constructor(process: RustProcess) {
    this.#process = process;
    this.rows = new RustRows(process);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

/**
 * Builds the engines when that is needed.
 * @throws {NotHereError} where it cannot be done
 */
export function rustModule(engine: "redb" | "persy"): ContestantModule {
  const program = buildRustPeer();
  const digest = workloadDigest();
  return {
    version: lockedVersion(engine),
    durabilities: ["disk"],
    open: async (directory) =>
      new RustPeer(await RustProcess.start(program, engine, directory, digest)),
  };
}

function notHere(): never {
  throw new Error("a Rust engine runs whole rows only");
}

/** The rate, after the check that the process saw what it should have. */
function perSecond(count: number, { seconds, hash, seen }: RustFigure, expected: number): number {
  if (seen !== count || hash !== expected) throw new Error("the Rust engine has other data");
  return count / seconds;
}

/** What is read back after the puts of a seed. */
function putHash(seed: number, count: number): number {
  return randomKeys(seed, count).reduce((hash, key, i) => fold(hash, key, valueOf(i)), 0);
}

/** Lengths and first bytes of the values that random gets see. */
function getSum(keyBytes: Uint8Array, seed: number, count: number): number {
  const entries = keyBytes.length / KEY_BYTES;
  let sum = 0;
  for (const pick of new Uint32Array(randomBytes(seed, count * 4).buffer)) {
    const value = valueOf(pick % entries);
    sum = (sum + value.length + value[0]!) | 0;
  }
  return sum;
}

/** FNV-1a over all values and some random bytes, as `workload.rs` computes it. */
function workloadDigest(): number {
  let hash = 0x811c9dc5;
  const add = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193);
  };
  for (let i = 0; i < VALUES; i++) valueOf(i).forEach(add);
  randomBytes(1, VALUES * KEY_BYTES).forEach(add);
  return hash >>> 0;
}
