/** Changes of streams that share a transaction, or fail in it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Database } from "../../mod.ts";
import { Lane } from "../../src/streams/lane.ts";
import { numberKey } from "../../src/streams/table_keys.ts";
import { durableTables } from "../../src/streams/tables.ts";

for (const others of [0, 1, 2]) {
  test(`Lane.change: nothing of one that puts a state and throws is committed, beside ${others} others`, async () => {
    const io = memoryIo();
    const database = await Database.open("/lane.hold", { io });
    const lane = new Lane(database, undefined, (callback) => io.nextTurn(callback));
    const put = (number: number): Promise<void> =>
      lane.change((tables) => tables.states.put(numberKey(number), Uint8Array.of(number)), 1);
    const before = others === 2 ? [put(2)] : [];
    const failed = lane.change((tables) => {
      tables.states.put(numberKey(1), Uint8Array.of(1));
      throw new RangeError("on purpose");
    }, 1);
    const after = others > 0 ? [put(3)] : [];
    await assert.rejects(failed, RangeError);
    await Promise.all([...before, ...after]);
    await lane.drain();
    const { states } = durableTables(database);
    assert.equal(states.get(numberKey(1)), undefined);
    assert.deepEqual(states.get(numberKey(2)), others === 2 ? Uint8Array.of(2) : undefined);
    assert.deepEqual(states.get(numberKey(3)), others > 0 ? Uint8Array.of(3) : undefined);
    await database.close();
  });
}
