/**
 * sonic-boom, as it logs fastest: synchronous writes of up to 256 KiB. It neither frames nor
 * checksums, and keeps the caller's buffers until it writes. Durable: its option `fsync`, which syncs
 * after each write; it groups nothing.
 *
 * @module
 */

import { importPeer, installedVersion } from "../compare/peer.ts";
import type { LogContestant, LogModule, LogShape, SeeRecord } from "./contestant.ts";
import { readFlat } from "./flat_file.ts";

interface SonicBoom {
  write(record: Uint8Array): boolean;
  flushSync(): void;
  once(event: "close", listener: () => void): void;
  end(): void;
}

interface SonicBoomPackage {
  default: new (options: Record<string, unknown>) => SonicBoom;
}

const MAX_WRITE = 256 * 1024;
/** It writes when it holds that much. */
const MIN_LENGTH = 128 * 1024;

class SonicLog implements LogContestant {
  readonly #path: string;
  readonly #recordBytes: number;
  readonly #sonic: SonicBoom;

  constructor(sonic: SonicBoom, path: string, { recordBytes }: LogShape) {
    this.#sonic = sonic;
    this.#path = path;
    this.#recordBytes = recordBytes;
  }

  appendAll(records: readonly Uint8Array[]): void {
    for (const record of records) this.#sonic.write(record);
  }

  flush(): void {
    this.#sonic.flushSync();
  }

  appendSynced(record: Uint8Array): void {
    this.#sonic.write(record);
  }

  appendShared(record: Uint8Array): void {
    this.#sonic.write(record);
  }

  replay(from: number, see: SeeRecord): void {
    readFlat(this.#path, this.#recordBytes, from, see);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#sonic.once("close", resolve);
      this.#sonic.end();
    });
  }
}

/** Loads the package; rejects when it is not installed. */
export async function load(): Promise<LogModule> {
  const { default: SonicBoom } = await importPeer<SonicBoomPackage>("sonic-boom");
  return {
    version: installedVersion("sonic-boom"),
    tasks: ["append", "synced", "shared"],
    open(directory, shape) {
      const path = `${directory}/sonic.log`;
      const isDurable = shape.mode === "durable";
      const sonic = new SonicBoom({
        dest: path,
        contentMode: "buffer",
        sync: true,
        fsync: isDurable,
        minLength: isDurable ? 0 : MIN_LENGTH,
        maxWrite: MAX_WRITE,
      });
      return Promise.resolve(new SonicLog(sonic, path, shape));
    },
  };
}
