/**
 * What `deno task bench` runs, in this order, and with which flags: the sizes of the targets are the
 * defaults of each command; the quick ones show that all works, and take a minute each.
 *
 * @module
 */

/** One command of the benchmarks. */
export interface Suite {
  readonly name: string;
  readonly script: string;
  readonly full: readonly string[];
  readonly quick: readonly string[];
  /** Whether it runs on every runtime; else on Node alone. */
  readonly isOnAll: boolean;
  /** Of one on Node alone: the flag that takes the runtimes of what it starts. */
  readonly runtimesFlag?: string;
}

/** All of them. */
export const SUITES: readonly Suite[] = [
  {
    name: "kernel",
    script: "bench/compare/kernel.ts",
    full: ["--syncs"],
    quick: flags(
      "--entries 20000 --puts 300 --shared 3200 --gets 10000 --mixed 2000 --rounds 2 --load-rounds 1",
    ),
    isOnAll: true,
  },
  {
    name: "log",
    script: "bench/log/load.ts",
    full: [],
    quick: flags("--megabytes 5 --synced 200 --shared 1600 --rounds 2"),
    isOnAll: true,
  },
  {
    name: "open",
    script: "bench/open/load.ts",
    full: [],
    quick: flags("--entries 50000 --reads 50000 --cache-mb 4 --seconds 1 --rounds 2"),
    isOnAll: true,
  },
  {
    name: "content",
    script: "bench/content/load.ts",
    full: [],
    quick: flags("--blobs 200 --rounds 2"),
    isOnAll: true,
  },
  {
    name: "streams",
    script: "bench/streams/load.ts",
    full: [],
    quick: ["--quick"],
    isOnAll: false,
    runtimesFlag: "--server-runtime",
  },
  {
    name: "growth",
    script: "bench/growth/growth.ts",
    full: [],
    quick: flags(
      "--entries 1000,10000,100000 --streams 1,100,1000 --puts 100 --transactions 4 --gets 20000 --rounds 2",
    ),
    isOnAll: true,
  },
  {
    name: "vector",
    script: "bench/vector/columns.ts",
    full: [],
    quick: flags("--elements 100000 --rounds 2"),
    isOnAll: true,
  },
];

function flags(text: string): string[] {
  return text.split(" ");
}
