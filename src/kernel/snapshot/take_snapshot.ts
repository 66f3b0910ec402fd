/**
 * Taking a snapshot of an open store.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { Snapshot } from "./snapshot.ts";
import type { SnapshotHolds } from "./snapshot_holds.ts";
import type { StructureReaders } from "../catalog/structure_readers.ts";
import { readStructures } from "../catalog/structure_stats.ts";

/** A snapshot of what plain reads see now, held until it is released or collected. */
export function takeSnapshot(
  engine: Engine,
  readers: StructureReaders,
  holds: SnapshotHolds,
): Snapshot {
  const hold = holds.take();
  const host = {
    reader: readers.of.bind(readers),
    structures: readStructures.bind(undefined, engine),
    release: holds.release.bind(holds),
  };
  const snapshot = new Snapshot(host, hold, engine.announcements.retained.newest);
  holds.guard(snapshot, hold);
  return snapshot;
}
