/**
 * The store that handler tests run on: streams of a database in memory.
 *
 * @module
 */

import assert from "node:assert/strict";
import { memoryIo } from "../../adapters/memory.ts";
import { Database } from "../../src/kernel/database.ts";
import { EmbeddedStreamStore } from "../../src/streams/embedded_stream_store.ts";
import type { StreamStore } from "../../src/streams/stream_store.ts";

/** A store on the clock `now`; `close` ends it and proves that nothing leaked. */
export async function openStore(
  now: () => number,
): Promise<{ store: StreamStore; close: () => Promise<void> }> {
  const database = await Database.open("streams.hold", { io: memoryIo() });
  const store = await EmbeddedStreamStore.open(database, { now });
  return {
    store,
    close: async () => {
      await store.close();
      const report = await database.check();
      assert.deepEqual(report.problems, []);
      await database.close();
    },
  };
}
