/**
 * What strace saw of a process: its writes and syncs, by the folder of the file.
 *
 * @module
 */

/** The system calls that {@link readTrace} understands. */
export const TRACED_CALLS: string = [
  "open",
  "openat",
  "write",
  "writev",
  "pwrite64",
  "pwritev",
  "pwritev2",
  "fsync",
  "fdatasync",
].join();

/** Calls on the files of one folder. */
export interface CallCount {
  /** `fsync` and `fdatasync`. */
  syncs: number;
  /** All writes. */
  writes: number;
  /** Of these, those to a descriptor that was opened with `O_SYNC` or `O_DSYNC`: a sync each. */
  syncedWrites: number;
}

/** `PID call(...`, the whole of it or its begin when another thread's call came between. */
const CALL = /^(\d+) +(\w+)\((.*)$/;
/** `PID <... open resumed>...`, the end of such a call. */
const RESUMED = /^(\d+) +<\.\.\. open(?:at)? resumed>(.*)$/;
/** The descriptor that a call works on, with its path. */
const DESCRIPTOR = /^(\d+)<([^>]*)>/;
/** The descriptor that an open returns. */
const OPENED = /= (\d+)<[^>]*>$/;
const SYNCHRONOUS = /\bO_D?SYNC\b/;

/**
 * Reads the output of `strace -f -y`. Counts calls on files in each of the folders directly below
 * `folder`, by the name of that folder.
 */
export function readTrace(trace: string, folder: string): Map<string, CallCount> {
  const counts = new Map<string, CallCount>();
  /** Descriptors whose writes are syncs. */
  const synchronous = new Set<string>();
  /** Arguments of the open that a thread has begun. */
  const opening = new Map<string, string>();
  const opened = (text: string, flags: string): void => {
    const descriptor = OPENED.exec(text)?.[1];
    if (descriptor === undefined) return;
    if (SYNCHRONOUS.test(flags)) synchronous.add(descriptor);
    else synchronous.delete(descriptor);
  };
  for (const line of trace.split("\n")) {
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      opened(resumed[2]!, opening.get(resumed[1]!) ?? "");
      continue;
    }
    const call = CALL.exec(line);
    if (call === null) continue;
    const [, thread, name, rest] = call as unknown as [string, string, string, string];
    if (name.startsWith("open")) {
      opening.set(thread, rest);
      opened(rest, rest);
      continue;
    }
    const [, descriptor, path] = DESCRIPTOR.exec(rest) ?? [];
    if (path === undefined || !path.startsWith(`${folder}/`)) continue;
    const [below] = path.slice(folder.length + 1).split("/");
    const count = counts.get(below!) ?? { syncs: 0, writes: 0, syncedWrites: 0 };
    counts.set(below!, count);
    if (name.endsWith("sync")) {
      count.syncs++;
      continue;
    }
    count.writes++;
    if (synchronous.has(descriptor!)) count.syncedWrites++;
  }
  return counts;
}
