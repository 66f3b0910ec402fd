/**
 * Small stores of every structure, for damage: what they are, and what may become of them.
 */

import { isHoldfastError } from "../../../mod.ts";
import type { IoAdapter } from "../../../mod.ts";
import type { Files } from "../damage/damage_disk.ts";
import type { Structure } from "../subject.ts";

/** A structure and the stores of it that are damaged. */
export interface GoldenStore {
  readonly name: string;
  readonly structure: Structure;
  /** Makes them; the same bytes each time. */
  build(): Promise<readonly Golden[]>;
}

/** A store as a close or a crash leaves it. */
export interface Golden {
  readonly state: "closed" | "crashed";
  readonly files: Files;
  /** Earlier moments of the same files, the last one first: what a lost write leaves of a sector. */
  readonly before: readonly Files[];
  /**
   * Opens what is there, and reads all of it. What is met is right, or an error with a code.
   * @param goesOn write to it as well, close it, and read again
   * @throws for everything else
   */
  read(io: IoAdapter, goesOn: boolean): Promise<Outcome>;
}

/** What came of opening and reading a damaged store. */
export interface Outcome {
  /** Codes of the errors that were met; those that a check has reported begin with "check ". */
  readonly codes: readonly string[];
  /**
   * What is no longer there: nothing; the end of a log that a crash had cut off as well as damage
   * (allowed of a crashed store only) and that was reported; the same without a report, because the
   * file is as it was before its last write; or all of it, because the file is gone.
   */
  readonly lost?: "tail" | "last write" | "file";
}

/** Gathers the codes of what cannot be read. */
export class Look {
  readonly #codes = new Set<string>();

  /** The codes, in order. */
  get codes(): string[] {
    return [...this.#codes].sort();
  }

  /** Reads a part. @returns `undefined` when that meets an error with a code */
  see<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** Waits for a part. */
  async wait<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** Takes note of an error with a code. @throws every other */
  note(error: unknown): void {
    if (!isHoldfastError(error)) throw error;
    this.#codes.add(error.code);
  }

  /** Takes note of a code that a report gives. */
  noteCode(code: string): void {
    this.#codes.add(code);
  }
}

/** Something was read that is not what was written. */
export class WrongData extends Error {}

/** @throws {WrongData} */
export function expect(isRight: boolean, what: string): void {
  if (!isRight) throw new WrongData(what);
}

/** Whether two runs of bytes are equal. */
export function equal(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytes that depend on their length and a number. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + 1) ^ (i >>> 8);
  return bytes;
}
