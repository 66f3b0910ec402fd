/**
 * Streams of bytes from and to files; `-` is standard input or output.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import process from "node:process";
import { IoError } from "../errors.ts";

const READ_BYTES: number = 64 * 1024;

/** The bytes of a file, or of standard input. */
export function readBytes(path: string): ReadableStream<Uint8Array> {
  if (path === "-") return readInput();
  const file = opened(path, "r");
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const buffer = new Uint8Array(READ_BYTES);
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count > 0) return controller.enqueue(buffer.subarray(0, count));
      closeSync(file);
      controller.close();
    },
    cancel: () => closeSync(file),
  }, { highWaterMark: 0 });
}

function readInput(): ReadableStream<Uint8Array> {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done === true) return controller.close();
      controller.enqueue(value);
    },
    cancel: () => {
      process.stdin.destroy();
    },
  }, { highWaterMark: 0 });
}

/**
 * Writes a stream to a new file, or to standard output. The file is durable when this resolves, but
 * for its name; it is removed when the stream fails.
 * @throws {IoError} `ALREADY_EXISTS`, `NOT_FOUND`, `IO_FAILED`
 */
export async function writeBytes(source: ReadableStream<Uint8Array>, path: string): Promise<void> {
  if (path === "-") {
    for await (const bytes of chunksOf(source)) await printBytes(bytes);
    return;
  }
  let file;
  try {
    file = opened(path, "wx");
  } catch (error) {
    await source.cancel(error);
    throw error;
  }
  try {
    for await (const bytes of chunksOf(source)) writeWhole(file, bytes);
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    closeSync(file);
    unlinkSync(path);
    throw error;
  }
}

async function* chunksOf(source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = source.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel();
  }
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}

let isListening = false;

/**
 * Writes to standard output; resolves when the system has taken it.
 * @throws {IoError} `IO_FAILED`, for example when the reader of a pipe has gone
 */
export function printBytes(bytes: Uint8Array | string): Promise<void> {
  // The write is told of its failure; without a listener the process would also end of it.
  if (!isListening) process.stdout.on("error", () => undefined);
  isListening = true;
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (cause) => {
      if (!cause) return resolve();
      const text = `Cannot write to standard output: ${cause.message}`;
      reject(new IoError("IO_FAILED", text, { cause }));
    });
  });
}

function opened(path: string, flags: "r" | "wx"): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code } = error as { code?: string };
    const why = (error as Error).message;
    const details = { path, cause: error };
    if (code === "ENOENT") throw new IoError("NOT_FOUND", `Cannot open "${path}": ${why}`, details);
    if (code === "EEXIST") {
      throw new IoError("ALREADY_EXISTS", `Cannot create "${path}": it exists`, details);
    }
    throw new IoError("IO_FAILED", `Cannot open "${path}": ${why}`, details);
  }
}
