/**
 * A program that makes a store many times larger than its heap, and reads all of it back.
 *
 * Arguments: folder, MiB of values. Lines: `made MIB`, the size of the file; `read ENTRIES`; `peak MIB`,
 * the most memory that was resident, 0 where nobody tells.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import { codec, contentStore, Database, index } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";

const MIB = 1024 * 1024;
const VALUE_BYTES = 4000;
const BATCH = 256;
const PIECE_BYTES = 64 * 1024;

const table = index("table", { key: codec.u32, value: codec.bytes });
const blobs = contentStore("blobs");

/** Bytes that follow from a number. */
function pattern(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(number % 251);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function checkPattern(bytes: Uint8Array, number: number): void {
  const shown = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const isRight = shown === number && bytes.length === VALUE_BYTES &&
    bytes.subarray(4).every((byte) => byte === number % 251);
  if (!isRight) throw new Error(`entry ${number} is wrong`);
}

/** The values once more, as one blob. */
function stream(count: number): ReadableStream<Uint8Array> {
  let number = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (number === count) return controller.close();
      controller.enqueue(pattern(number++, PIECE_BYTES));
    },
  }, { highWaterMark: 0 });
}

async function main([folder, size]: readonly string[]): Promise<void> {
  const entries = Math.floor(Number(size) * MIB / VALUE_BYTES);
  const path = `${folder}/data.hold`;
  const io = await runningIo();
  const options = { io, durability: "os", cacheBytes: 8 * MIB } as const;
  const database = await Database.open(path, options);
  for (let from = 0; from < entries; from += BATCH) {
    await database.update((tx) => {
      const writer = tx.open(table);
      for (let number = from; number < Math.min(entries, from + BATCH); number++) {
        writer.put(number, pattern(number, VALUE_BYTES));
      }
    });
  }
  const pieces = Math.floor(Number(size) * MIB / PIECE_BYTES);
  const id = await database.update((tx) => tx.open(blobs).put(stream(pieces)));
  await database.close();
  console.log(`made ${Math.floor(statSync(path).size / MIB)}`);

  const again = await Database.open(path, options);
  let read = 0;
  for (const [number, value] of again.open(table).range()) {
    if (number !== read++) throw new Error(`entry ${number} comes instead of ${read - 1}`);
    checkPattern(value, number);
  }
  let bytes = 0;
  for await (const piece of again.open(blobs).stream(id)!) bytes += piece.length;
  if (bytes !== again.open(blobs).length(id)) throw new Error(`a blob of ${bytes} bytes`);
  await again.close();
  console.log(`read ${read}`);
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  console.log(`peak ${Math.ceil(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)}`);
}

await main(process.argv.slice(2));
process.exit(0);
