/**
 * Bytes that follow from a worker and a number, so that a reader can tell every change of them.
 *
 * Form: worker u16, number u32, length u32, then a sequence of that seed. Lengths: mostly small, some
 * that fill pages, a few beyond 64 KiB, where values take another way.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import { Wrong } from "./scene.ts";

const HEADER_BYTES = 10;

/** Who wrote a payload, and in which step. */
export interface Origin {
  readonly worker: number;
  readonly number: number;
}

/** The length that a payload has unless another is asked for. */
export function usualLength(number: number): number {
  if (number % 71 === 0) return 70_000;
  if (number % 13 === 0) return 5_000;
  return (number * 37) % 180;
}

/** The bytes of a step; `length` counts those after the header. */
export function payload(
  { worker, number }: Origin,
  length: number = usualLength(number),
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, worker);
  view.setUint32(2, number);
  view.setUint32(6, length);
  new Prng(worker * 0x1_0000_0000 + number).fill(bytes.subarray(HEADER_BYTES));
  return bytes;
}

/** Whose payload bytes are. @throws {Wrong} when a byte is not what it was */
export function originOf(bytes: Uint8Array): Origin {
  if (bytes.length < HEADER_BYTES) throw new Wrong(`a payload of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const origin = { worker: view.getUint16(0), number: view.getUint32(2) };
  const length = view.getUint32(6);
  const isLength = length === bytes.length - HEADER_BYTES;
  if (!isLength || !isEqual(bytes, payload(origin, length))) {
    throw new Wrong(`the payload of worker ${origin.worker}, step ${origin.number} has changed`);
  }
  return origin;
}

/** Whether two byte arrays are equal. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
