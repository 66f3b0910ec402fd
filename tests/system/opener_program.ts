/**
 * A program that opens things when it is told so, line by line on standard input:
 *
 * | line          | answer                                                       |
 * | ------------- | ------------------------------------------------------------ |
 * | `KIND PATH`   | `open N`, with the number in it, or `refused CODE`; see `KINDS` |
 * | `add`         | `added N`: that of what was opened last, raised and durable  |
 * | `close`       | `closed`: all that is open                                   |
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import {
  codec,
  Database,
  EndlessStream,
  type IoAdapter,
  isHoldfastError,
  Journal,
  register,
} from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";

/** Something that holds a number. */
interface Opened {
  read(): number;
  add(): Promise<void>;
  close(): Promise<void>;
}

const count = register("count", codec.u32);

/** What can be opened. */
const KINDS: Readonly<Record<string, (io: IoAdapter, path: string) => Promise<Opened>>> = {
  database: async (io, path) => {
    const database = await Database.open(path, { io });
    return {
      read: () => database.open(count).get() ?? 0,
      add: async () => {
        await database.update((tx) => tx.open(count).update((n = 0) => n + 1));
      },
      close: () => database.close(),
    };
  },
  journal: async (io, path) => {
    const journal = await Journal.open(io, path, { codec: codec.u32 });
    return {
      read: () => journal.get() ?? 0,
      add: async () => {
        await journal.update((n = 0) => n + 1);
      },
      close: () => journal.close(),
    };
  },
  stream: async (io, path) => {
    const stream = await EndlessStream.open(path, { io, segmentBytes: 65_536 });
    return {
      read: () => stream.end,
      add: async () => {
        await stream.append(new Uint8Array(10));
      },
      close: () => stream.close(),
    };
  },
};

const io = await runningIo();
const all: Opened[] = [];

async function answer(line: string): Promise<string> {
  const at = line.indexOf(" ");
  if (line === "add") {
    const opened = all.at(-1)!;
    await opened.add();
    return `added ${opened.read()}`;
  }
  if (line === "close") {
    for (const opened of all.splice(0)) await opened.close();
    return "closed";
  }
  try {
    const opened = await KINDS[line.slice(0, at)]!(io, line.slice(at + 1));
    all.push(opened);
    return `open ${opened.read()}`;
  } catch (error) {
    if (isHoldfastError(error)) return `refused ${error.code}`;
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(await answer(line));
}
process.exit(0);
