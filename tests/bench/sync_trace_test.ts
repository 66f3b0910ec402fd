import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace } from "../../bench/compare/sync_trace.ts";

test("readTrace() counts writes and syncs by folder, and nothing outside", () => {
  const trace = [
    '7 openat(AT_FDCWD, "/run/put/a", O_RDWR|O_CREAT, 0666) = 5</run/put/a>',
    "7 pwrite64(5</run/put/a>, ..., 4096, 0) = 4096",
    "7 writev(5</run/put/a>, ..., 2) = 100",
    "7 fdatasync(5</run/put/a>) = 0",
    "8 fsync(6</run/load/b/c>) = 0",
    "8 fsync(6</elsewhere/load/b>) = 0",
    "8 fsync(6</run/load>) = 0",
    "8 write(1<pipe:[123]>, ..., 3) = 3",
  ];
  assert.deepEqual([...readTrace(trace.join("\n"), "/run")], [
    ["put", { syncs: 1, writes: 2, syncedWrites: 0 }],
    ["load", { syncs: 2, writes: 0, syncedWrites: 0 }],
  ]);
});

test("readTrace() knows descriptors whose writes are syncs, also of an open in two parts", () => {
  const trace = [
    '7 openat(AT_FDCWD, "/run/put/meta", O_RDWR|O_DSYNC <unfinished ...>',
    '8 openat(AT_FDCWD, "/run/put/data", O_RDWR) = 9</run/put/data>',
    "7 <... openat resumed>) = 5</run/put/meta>",
    "7 pwrite64(5</run/put/meta>, ..., 4096, 0) = 4096",
    "8 pwrite64(9</run/put/data>, ..., 4096, 0) = 4096",
    '7 openat(AT_FDCWD, "/run/put/data", O_RDWR) = 5</run/put/data>',
    "7 pwrite64(5</run/put/data>, ..., 4096, 0) = 4096",
  ];
  assert.deepEqual(readTrace(trace.join("\n"), "/run").get("put"), {
    syncs: 0,
    writes: 3,
    syncedWrites: 1,
  });
});
