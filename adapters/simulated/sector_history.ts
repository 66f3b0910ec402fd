/**
 * What the sectors of a simulated file held before.
 *
 * @module
 */

import type { Prng } from "../../src/base/prng.ts";
import type { PagedBytes } from "./simulated_bytes.ts";

/** Older versions of one sector that are remembered. */
const VERSIONS_MAX = 3;

/** Older versions of sectors, for the profile "stale". */
export class SectorHistory {
  readonly #sectorBytes: number;
  /** What the blocks of the file held when it was created. */
  readonly #below: PagedBytes | undefined;
  /** By number of the sector, the newest last. */
  #versions = new Map<number, readonly Uint8Array[]>();

  /** The history of a new file whose blocks were those of `below`. */
  constructor(sectorBytes: number, below?: PagedBytes) {
    this.#sectorBytes = sectorBytes;
    this.#below = below;
  }

  /** The same history, independent from now on. */
  clone(): SectorHistory {
    const copy = new SectorHistory(this.#sectorBytes, this.#below);
    copy.#versions = new Map(this.#versions);
    return copy;
  }

  /** Remembers the sectors of `content` that the bytes from `start` to `end` are in. */
  keep(content: PagedBytes, start: number, end: number): void {
    const bytes = this.#sectorBytes;
    const stop = Math.min(end, content.size);
    for (let at = start - (start % bytes); at < stop; at += bytes) {
      const sector = new Uint8Array(bytes);
      content.read(sector, at);
      const older = this.#versions.get(at / bytes) ?? [];
      this.#versions.set(at / bytes, [...older.slice(1 - VERSIONS_MAX), sector]);
    }
  }

  /** One of the older versions of bytes that are in one sector, if there are any. */
  older(start: number, end: number, random: Prng): Uint8Array | undefined {
    const sector = start - (start % this.#sectorBytes);
    const versions = [...this.#versions.get(sector / this.#sectorBytes) ?? []];
    if (this.#below !== undefined && sector < this.#below.size) {
      const first = new Uint8Array(this.#sectorBytes);
      this.#below.read(first, sector);
      versions.push(first);
    }
    if (versions.length === 0) return undefined;
    return versions[random.below(versions.length)]?.subarray(start - sector, end - sector);
  }
}
