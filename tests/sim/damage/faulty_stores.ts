/**
 * Stores that do what none may: the damage campaign has to find each of them.
 */

import process from "node:process";
import { CorruptionError, type IoAdapter } from "../../../mod.ts";
import { expect, type Golden, type GoldenStore, type Outcome } from "../golden/golden_store.ts";

const PATH = "/faulty";
const BYTES = Uint8Array.from({ length: 40 }, (_, at) => at + 1);

/** A file of 40 bytes and a way to misread it. */
function faulty(name: string, read: (bytes: Uint8Array) => Outcome): GoldenStore {
  const golden: Golden = {
    state: "closed",
    files: new Map([[PATH, BYTES]]),
    before: [],
    read: async (io: IoAdapter) => {
      const { size } = (await io.stat(PATH)) ?? { size: 0 };
      const bytes = new Uint8Array(size);
      if (size > 0) (await io.open(PATH, "read")).readAt(bytes, 0);
      return read(bytes);
    },
  };
  return { name, structure: "kernel", build: async () => [golden] };
}

function isWhole(bytes: Uint8Array): boolean {
  return bytes.length === BYTES.length && bytes.every((byte, at) => byte === BYTES[at]);
}

const corrupt: Outcome = { codes: ["CORRUPT_VALUE"] };
const right: Outcome = { codes: [] };

/** One that is as it should be, and one for each way not to be. */
export const goldenStores: readonly GoldenStore[] = [
  faulty("sound", (bytes) => isWhole(bytes) ? right : corrupt),
  faulty("other data", (bytes) => {
    expect(bytes[10] === 11, `byte 10 is ${bytes[10]}`);
    return isWhole(bytes) ? right : corrupt;
  }),
  faulty("no code", (bytes) => {
    if (bytes.length < 9) throw new RangeError("offset is out of bounds");
    return isWhole(bytes) ? right : corrupt;
  }),
  faulty("unexpected", (bytes) => {
    if (bytes[3] !== 4) throw new CorruptionError("CORRUPT_VALUE", "nobody caught it");
    return isWhole(bytes) ? right : corrupt;
  }),
  faulty("another code", (bytes) => isWhole(bytes) ? right : { codes: ["INVARIANT"] }),
  faulty("lost", (bytes) => bytes.length < 20 ? { codes: [], lost: "tail" } : right),
  faulty("hangs", (bytes) => {
    while (bytes.length === 13);
    return isWhole(bytes) ? right : corrupt;
  }),
  faulty("dies", (bytes) => {
    if (bytes.length === 7) process.kill(process.pid, "SIGKILL");
    return isWhole(bytes) ? right : corrupt;
  }),
];
