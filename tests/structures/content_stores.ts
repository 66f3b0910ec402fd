/**
 * Stores for tests of content stores, on every kind of file.
 *
 * @module
 */

import { join } from "node:path";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { memoryIo } from "../../adapters/memory.ts";
import { ContentId, Database, type DatabaseOptions, type IoAdapter } from "../../mod.ts";
import { Prng } from "../../src/base/prng.ts";
import { runningIo } from "../io/running_io.ts";
import { assertWhole, withFolder } from "../kernel/checked.ts";

/** Opens the store of a test, again and again. */
export type OpenStore = (options?: DatabaseOptions) => Promise<Database>;

/** Where stores are kept. */
export const PLACES: readonly {
  readonly place: string;
  /** Runs a test with a new store; what it leaves is opened and checked. */
  run(body: (open: OpenStore) => Promise<void>): Promise<void>;
}[] = [
  { place: "memory", run: (body) => runOn(memoryIo(), "/content.hold", body) },
  {
    place: "a simulated disk",
    run: (body) => runOn(new SimulatedDisk().io, "/content.hold", body),
  },
  {
    place: "real files",
    run: (body) =>
      withFolder(async (folder) => runOn(await runningIo(), join(folder, "c.hold"), body)),
  },
];

async function runOn(
  io: IoAdapter,
  path: string,
  body: (open: OpenStore) => Promise<void>,
): Promise<void> {
  await body((options) => Database.open(path, { ...options, io }));
  const db = await Database.open(path, { io });
  await assertWhole(db);
  await db.close();
}

/** Reproducible bytes. */
export function someBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  new Prng(seed).fill(bytes);
  return bytes;
}

/** A stream of pieces, made as they are asked for. */
export function streamOf(
  pieces: Iterable<Uint8Array>,
  onCancel: (reason: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const { done, value } = iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: onCancel,
  }, { highWaterMark: 0 });
}

/** Cuts bytes into pieces. */
export function* piecesOf(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** An id that no blob of a test has. */
export const NOBODY: ContentId = ContentId.parse(`sha256:${"00".repeat(32)}`);
