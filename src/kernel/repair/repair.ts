/**
 * Repair: a new store with everything that a damaged file still gives.
 *
 * @module
 */

import { Checksum } from "../../base/checksum.ts";
import type { IoAdapter } from "../../io/adapter.ts";
import { defaultIo } from "../../io/default_io.ts";
import type { BackupProgress } from "../backup/backup.ts";
import { publish, refuseExisting, temporaryName } from "../backup/backup_target.ts";
import { nextTurn } from "../commit/checkpoint.ts";
import { CHECKPOINT_STEP_MS } from "../limits.ts";
import type { RepairReport } from "./repair_report.ts";
import { Salvage } from "./salvage.ts";
import { SalvageSource } from "./salvage_source.ts";
import { SalvageTarget } from "./salvage_target.ts";
import { lockStore } from "../store_file.ts";
import type { StructureInfo } from "../catalog/structure_tree.ts";

/** How to repair. */
export interface RepairOptions {
  /** Default: the adapter of the running runtime. */
  readonly io?: IoAdapter;
  /** Ends the repair; nothing is left behind. It rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called now and then: bytes of the damaged file read, of those to read as far as known. */
  readonly onProgress?: (progress: BackupProgress) => void;
  /**
   * What trees without a name are, for a second run: by the names that the first one made up, such as
   * `{ "lost-7": users }` with a definition.
   */
  readonly structures?: Readonly<Record<string, StructureInfo>>;
}

/** Most steps before other work gets a turn, whatever the clock says. */
const STEPS_MAX = 256;

/**
 * Salvages what verifies of the store at `path` into a new store at `target`, and reports what does
 * not. The damaged file is locked and only read. Ends on any contents, in memory that is bounded by
 * the page cache, the log and 12 bytes for each page.
 *
 * Whatever is found is verified by checksums: by its parent's, or, where that is lost, only by its
 * own (`scannedEntries`). Structures whose name is lost are called `lost-7` and are of kind "lost";
 * pass `structures` in a second run to say what they are. Numbers that were given out and whose records
 * are lost, such as record ids, may be given out again.
 *
 * ```ts
 * import { Database, repair } from "@holdfast/holdfast";
 * import { memoryIo } from "@holdfast/holdfast/adapters/memory";
 *
 * const io = memoryIo();
 * await (await Database.open("/damaged.hold", { io })).close();
 * const report = await repair("/damaged.hold", "/repaired.hold", { io });
 * console.log(report.mode, report.problems.length); // tree 0
 * ```
 * @throws {StateError} `LOCKED`
 * @throws {IoError} `NOT_FOUND`, `ALREADY_EXISTS` for the target, `NO_SPACE`, `IO_*`
 * @throws {FormatError} `NOT_OUR_FILE` when it has neither our magic nor a single page of ours,
 * `FORMAT_NEWER`
 */
export async function repair(
  path: string,
  target: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  options.signal?.throwIfAborted();
  const io = options.io ?? await defaultIo().files();
  const lock = await lockStore(io, path, { create: false, readOnly: true });
  try {
    await refuseExisting(io, target);
    const checksum = new Checksum(io.crc32);
    const source = new SalvageSource(await io.open(lock.path, "read"), checksum);
    try {
      const steps = new Steps(io, source, options);
      const salvage = new Salvage(source, checksum, path);
      await steps.take(salvage.begin());
      return await build(io, source, salvage, target, steps, options.structures ?? {});
    } finally {
      source.close();
    }
  } finally {
    lock.release();
  }
}

/** Builds under a temporary name; see `FileTarget` for the crash argument. */
async function build(
  io: IoAdapter,
  source: SalvageSource,
  salvage: Salvage,
  path: string,
  steps: Steps,
  structures: Readonly<Record<string, StructureInfo>>,
): Promise<RepairReport> {
  const building = await temporaryName(io, path);
  try {
    const target = await SalvageTarget.create(io, building, source);
    let report: RepairReport;
    try {
      const found = await steps.take(salvage.run(target, structures));
      report = { ...found, bytes: target.finish() };
    } finally {
      target.close();
    }
    await publish(io, building, path);
    return report;
  } catch (error) {
    // What failed before is the reason the caller hears; a file that cannot be removed is stray.
    for (const name of [building, `${building}.new`]) await io.remove(name).catch(() => {});
    throw error;
  }
}

/** Takes steps with room for other work in between. */
class Steps {
  readonly #io: IoAdapter;
  readonly #source: SalvageSource;
  readonly #options: RepairOptions;

  constructor(io: IoAdapter, source: SalvageSource, options: RepairOptions) {
    this.#io = io;
    this.#source = source;
    this.#options = options;
  }

  async take<T>(steps: Generator<void, T>): Promise<T> {
    const { signal, onProgress } = this.#options;
    let began = this.#io.monotonic();
    for (let count = 1;; count++) {
      const step = steps.next();
      if (step.done) return step.value;
      if (count % STEPS_MAX > 0 && this.#io.monotonic() - began < CHECKPOINT_STEP_MS) continue;
      const bytes = this.#source.bytesRead;
      onProgress?.({ bytes, totalBytes: Math.max(bytes, this.#source.size()) });
      await nextTurn(this.#io);
      signal?.throwIfAborted();
      began = this.#io.monotonic();
    }
  }
}
