/**
 * Owners that are killed one after the other, on a system that lives on until the power goes. Each
 * finds what the one before left in the system's cache; what it shows once it is open is durable.
 */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { codec, Database, EndlessStream, index, type IoAdapter, Journal } from "../../../mod.ts";
import { Prng } from "../../../src/base/prng.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { MortalIo } from "./mortal_io.ts";
import { settle } from "../settle.ts";
import {
  type Death,
  LostError,
  type Recovered,
  type Structure,
  type Subject,
  type Witness,
} from "../subject.ts";

/** Owners of a life, and most items that each adds. */
const OWNERS = 6;
const ITEMS = 4;
/** Changing calls that an owner has at least, and how many more at most. */
const CALLS_MIN = 3;
const CALLS_MORE = 18;

/** A structure that holds items, the first few of an endless row. */
interface Row {
  /** Adds the item of this number. Durable when it resolves, or safe from the process's death only. */
  add(number: number, durability: "os" | "disk"): Promise<unknown>;
  /** Compares all items with what they must be. @returns how many there are */
  count(): number;
}

type OpenRow = (io: IoAdapter) => Promise<Row>;

/** The bytes of an item. */
function itemOf(number: number): Uint8Array {
  const bytes = new Uint8Array(1 + number * 977 % 2900);
  new Prng(number).fill(bytes);
  return bytes;
}

function checkItem(bytes: Uint8Array, number: number): void {
  const wanted = itemOf(number);
  if (bytes.length !== wanted.length || bytes.some((byte, at) => byte !== wanted[at])) {
    throw new Error(`item ${number} has other bytes`);
  }
}

const items = index("items", { key: codec.u32, value: codec.bytes });

async function openDatabase(io: IoAdapter): Promise<Row> {
  const options = { cacheBytes: 1024 * 1024, logBytes: 256 * 1024, io };
  const db = await Database.open("/data/store.hold", options);
  return {
    add: (number, durability) =>
      db.update((tx) => tx.open(items).put(number, itemOf(number)), { durability }),
    count: () => {
      let count = 0;
      for (const [number, bytes] of db.open(items).range()) {
        if (number !== count) throw new Error(`item ${count} is missing before ${number}`);
        checkItem(bytes, count++);
      }
      return count;
    },
  };
}

async function openStream(io: IoAdapter): Promise<Row> {
  const options = { io, blockBytes: 4096, segmentBytes: 16_384 };
  const log = await EndlessStream.open("/log", options);
  return {
    add: (number, durability) => log.append(itemOf(number), { durability }),
    count: () => {
      const reader = log.read();
      let count = 0;
      for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
        checkItem(entry.bytes, count++);
      }
      if (count !== log.end) throw new Error(`${count} items, but the log ends at ${log.end}`);
      return count;
    },
  };
}

async function openJournal(io: IoAdapter): Promise<Row> {
  const journal = await Journal.open(io, "/folder/a.journal", { codec: codec.u32 });
  return {
    add: (number) => journal.update(() => number + 1),
    count: () => journal.get() ?? 0,
  };
}

/** What must be there after a death. */
class RowWitness implements Witness {
  /** After a power cut, and after the death of a process alone. */
  durable = 0;
  safe = 0;
  attempted = 0;
  readonly #open: OpenRow;

  constructor(open: OpenRow, found: number) {
    this.#open = open;
    this.durable = this.safe = this.attempted = found;
  }

  /** Some owners, each killed at some call. */
  async live(disk: SimulatedDisk, random: Prng): Promise<this> {
    for (let owner = 0; owner < OWNERS && !disk.isDark; owner++) {
      const io = new MortalIo(disk.io, CALLS_MIN + random.below(CALLS_MORE));
      try {
        await this.#own(disk, io, random);
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        if (!io.isDead && !disk.isDark && disk.injected === 0) throw error;
      } finally {
        io.kill();
      }
    }
    return this;
  }

  async #own(disk: SimulatedDisk, io: MortalIo, random: Prng): Promise<void> {
    const row = await settle(disk, this.#open(io));
    const found = row.count();
    this.#check(found, disk.injected > 0 ? "power" : "process");
    this.attempted = found;
    // A failed sync may have left what no later one makes durable.
    if (disk.injected === 0) this.durable = this.safe = found;
    for (let number = found; number < found + ITEMS; number++) {
      const durability = random.below(2) === 0 ? "os" : "disk";
      this.attempted = number + 1;
      await settle(disk, row.add(number, durability));
      this.safe = number + 1;
      if (durability === "disk") this.durable = number + 1;
    }
  }

  async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
    const io = new MortalIo(disk.io, Infinity);
    const row = await settle(disk, this.#open(io));
    const found = row.count();
    this.#check(found, disk.injected > 0 ? "power" : death);
    return {
      content: String(found),
      proceed: (random) => {
        io.kill();
        return new RowWitness(this.#open, found).live(disk, random);
      },
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    await settle(disk, this.#open(disk.io));
  }

  #check(found: number, death: Death): void {
    const least = death === "power" ? this.durable : this.safe;
    if (found >= least && found <= this.attempted) return;
    const message = `${found} items, not ${least} to ${this.attempted}`;
    throw found < least ? new LostError(message) : new Error(message);
  }
}

function subject(
  name: string,
  structure: Structure,
  open: OpenRow,
  disk: SimulatedDiskOptions = {},
): Subject {
  return {
    name: `killed owners: ${name}`,
    structure,
    disk,
    play: (disk, random) => new RowWitness(open, 0).live(disk, random),
  };
}

const NO_PSOW: SimulatedDiskOptions = { profile: "no-psow", sectorBytes: 4096 };

/** Of each structure that has an owner, on ordinary disks and bad ones. */
export const killedSubjects: readonly Subject[] = [
  subject("database", "kernel", openDatabase),
  subject("database, no-psow", "kernel", openDatabase, NO_PSOW),
  subject("stream", "log", openStream),
  subject("stream, no-psow", "log", openStream, NO_PSOW),
  subject("journal", "journal", openJournal),
  subject("journal, no-psow", "journal", openJournal, NO_PSOW),
];
