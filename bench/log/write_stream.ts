/**
 * `fs.createWriteStream`, with a buffer of 256 KiB: what Node brings for logs. Neither frames nor
 * checksums, and knows no syncs.
 *
 * @module
 */

import type { WriteStream } from "node:fs";
import { createWriteStream } from "node:fs";
import type { LogContestant, LogModule, LogShape, SeeRecord } from "./contestant.ts";
import { readFlat } from "./flat_file.ts";

const BUFFER_BYTES = 256 * 1024;

class StreamLog implements LogContestant {
  readonly #path: string;
  readonly #recordBytes: number;
  readonly #stream: WriteStream;

  constructor(path: string, { recordBytes }: LogShape) {
    this.#path = path;
    this.#recordBytes = recordBytes;
    this.#stream = createWriteStream(path, { highWaterMark: BUFFER_BYTES });
  }

  async appendAll(records: readonly Uint8Array[]): Promise<void> {
    for (const record of records) {
      if (!this.#stream.write(record)) {
        await new Promise<void>((resolve) => this.#stream.once("drain", resolve));
      }
    }
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write("", (error) => error ? reject(error) : resolve());
    });
  }

  replay(from: number, see: SeeRecord): void {
    readFlat(this.#path, this.#recordBytes, from, see);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(resolve));
  }
}

/** Never fails: it is built in. */
export function load(): Promise<LogModule> {
  return Promise.resolve({
    version: "node:fs",
    tasks: ["append"],
    open: (directory, shape) => Promise.resolve(new StreamLog(`${directory}/stream.log`, shape)),
  });
}
