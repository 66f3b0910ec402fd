/**
 * Failed writes and syncs of endless streams, at every call: what was acknowledged before is there,
 * and what is appended after opening again is not built on what the disk has lost.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fault, SimulatedDisk } from "../../adapters/simulated.ts";
import { EndlessStream, isHoldfastError } from "../../mod.ts";
import { StreamLedger } from "./stream_ledger.ts";
import { numbered } from "./test_blocks.ts";

function open(disk: SimulatedDisk): Promise<EndlessStream> {
  return EndlessStream.open("/log", {
    io: disk.io,
    segmentBytes: 16_384,
    span: { maxBytes: 40_000 },
  });
}

/** Appends records one after the other; ends at the first that is refused. */
async function appendAll(
  log: EndlessStream,
  ledger: StreamLedger,
  lengths: readonly number[],
  durability: (n: number) => "os" | "disk" = () => "disk",
): Promise<boolean> {
  for (const length of lengths) {
    const offset = ledger.records.length;
    const record = numbered(offset, length);
    ledger.submit([record]);
    try {
      const result = await log.append(record, { durability: durability(offset) });
      assert.equal(result.offset, offset);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return false;
    }
    ledger.acknowledge(offset + 1, durability(offset));
  }
  return true;
}

const LENGTHS = [10, 3000, 5000, 20, 25_000, 7, 9000, 1, 800];
const FAULTS: readonly Omit<Fault, "at">[] = [
  { operation: "sync", mode: "F1" },
  { operation: "sync", mode: "F2" },
  { operation: "sync", mode: "F3" },
  { operation: "write" },
  { operation: "write", shortWrite: 700 },
];

for (const fault of FAULTS) {
  const name = `${fault.operation} ${fault.mode ?? ""}${fault.shortWrite ?? ""}`.trim();
  for (const kind of ["disk", "mixed"] as const) {
    test(
      `EndlessStream: a failed ${name}, ${kind}, opening again, and a power cut lose nothing acknowledged`,
      { timeout: 120_000 },
      async () => {
        let poisoned = 0;
        for (let at = 0; at < 60; at++) {
          const disk = new SimulatedDisk({ seed: at });
          const ledger = new StreamLedger();
          const log = await open(disk);
          disk.fail({ ...fault, at });
          const durability = (n: number): "os" | "disk" =>
            kind === "mixed" && n % 2 === 1 ? "os" : "disk";
          const whole = await appendAll(log, ledger, LENGTHS, durability);
          const closed = await log.close().then(() => true, () => false);
          if (whole && closed) break;
          poisoned++;
          disk.heal();
          const again = await open(disk);
          // What "os" promises is more than such a disk keeps.
          const death = fault.mode === "F3" ? "power" : "process";
          ledger.assertRecovered(again, death, `${name} at ${at}`);
          assert.ok(await appendAll(again, ledger, LENGTHS), "healed");
          const after = await open(disk.crash("nothing kept"));
          ledger.assertRecovered(after, "power", `${name} at ${at}, then a power cut`);
          await after.close();
          await again.close();
        }
        assert.ok(poisoned > 5, `${poisoned} times`);
      },
    );
  }
}
