/**
 * The machine line: what a figure depends on, measured in the folder that the run uses.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { median } from "./median.ts";

const PAGE = 4096;

/** File system magic numbers, from linux/magic.h. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x2fc12fc1: "zfs",
  0x794c7630: "overlay",
  0x6969: "nfs",
  0x01021994: "tmpfs",
  0x858458f6: "ramfs",
};

/** Where and on what a run took place. Times are medians in microseconds. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly runtime: string;
  readonly fileSystem: string;
  /** 4 KiB write over blocks that exist, no sync. */
  readonly writeMicros: number;
  /** The same and an fdatasync. */
  readonly overwriteSyncMicros: number;
  /** 4 KiB write that extends the file, and an fdatasync. */
  readonly extendSyncMicros: number;
}

/** The kind of file system `directory` is on, as a name or as a hexadecimal magic number. */
export function fileSystemOf(directory: string): string {
  const magic = Number(statfsSync(directory).type) >>> 0;
  return FILE_SYSTEMS[magic] ?? `0x${magic.toString(16)}`;
}

/** A sync costs nothing on a file system in memory, so no durable figure means anything there. */
export function isMemoryFileSystem(name: string): boolean {
  return name === "tmpfs" || name === "ramfs";
}

/** Measures the disk below `directory` (about a tenth of a second on a fast one). */
export function measureMachine(directory: string): Machine {
  const path = join(directory, "machine.probe");
  const file = openSync(path, "w");
  const page = Buffer.alloc(PAGE, 0x5a);
  try {
    for (let i = 0; i < 256; i++) writeSync(file, page, 0, PAGE, i * PAGE);
    fdatasyncSync(file);
    const overwrite = (i: number): unknown => writeSync(file, page, 0, PAGE, (i % 256) * PAGE);
    const writeMicros = medianMicros(1000, overwrite);
    const overwriteSyncMicros = medianMicros(200, (i) => {
      overwrite(i);
      fdatasyncSync(file);
    });
    const extendSyncMicros = medianMicros(200, (i) => {
      writeSync(file, page, 0, PAGE, (256 + i) * PAGE);
      fdatasyncSync(file);
    });
    return {
      cpu: cpuModel(),
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: `${type()} ${release()} ${arch()}`,
      runtime: runtimeName(),
      fileSystem: fileSystemOf(directory),
      writeMicros,
      overwriteSyncMicros,
      extendSyncMicros,
    };
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
}

/** The machine as one line of text. */
export function machineLine(machine: Machine): string {
  const { writeMicros, overwriteSyncMicros, extendSyncMicros } = machine;
  return [
    `${machine.cores} x ${machine.cpu}`,
    `${machine.memoryGb} GB`,
    machine.kernel,
    machine.runtime,
    machine.fileSystem,
    `4 KiB pwrite ${writeMicros.toFixed(1)} us`,
    `pwrite + fdatasync ${overwriteSyncMicros.toFixed(0)} us overwriting`,
    `${extendSyncMicros.toFixed(0)} us extending`,
  ].join(", ");
}

function medianMicros(count: number, step: (i: number) => unknown): number {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    step(i);
    times.push((performance.now() - begin) * 1000);
  }
  return median(times);
}

function cpuModel(): string {
  const model = cpus()[0]?.model.trim();
  if (model !== undefined && model !== "" && model !== "unknown") return model;
  return /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ??
    "unknown CPU";
}

function runtimeName(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}
