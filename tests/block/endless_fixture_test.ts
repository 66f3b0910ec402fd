/** Streams of every released version stay readable; `tests/tools/endless_fixture.ts` made them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { memoryIo } from "../../adapters/memory.ts";
import { ROOT } from "../tools/repository.ts";
import { buildStream, FOLDER, lengthOf, openGolden, RECORDS, START } from "./endless_fixture.ts";
import { numbered } from "./test_blocks.ts";

for (const kind of ["closed", "crashed"] as const) {
  const golden = join(ROOT, `tests/fixtures/stream-v1-${kind}`);
  const files = new Map(
    readdirSync(golden).map((name) => [
      name.replace(/\.gz$/, ""),
      new Uint8Array(gunzipSync(readFileSync(join(golden, name)))),
    ]),
  );

  test(`EndlessStream of version 1, ${kind}: says what it was made of, and goes on`, async () => {
    const io = memoryIo();
    for (const [name, bytes] of files) {
      const file = await io.open(`${FOLDER}/${name}`, "create");
      file.writeAt(bytes, 0);
      file.close();
    }
    const log = await openGolden(io);
    assert.equal(log.start, START);
    assert.equal(log.end, RECORDS);
    assert.equal(log.cursor("golden"), 7);
    for (let n = START; n < RECORDS; n++) assert.deepEqual(log.get(n), numbered(n, lengthOf(n)));
    assert.deepEqual((await log.verify()).problems, []);
    assert.deepEqual(await log.append(numbered(RECORDS, 10)), { offset: RECORDS });
    await log.close();
  });

  test(`EndlessStream of version 1, ${kind}: this version writes the same bytes on every runtime`, async () => {
    const built = await buildStream(kind);
    assert.deepEqual([...built.keys()].sort(), [...files.keys()].sort());
    for (const [name, bytes] of built) assert.deepEqual(bytes, files.get(name), name);
  });
}
