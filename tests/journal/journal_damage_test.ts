/** Damaged journals and identities: the last value or the one before, or a typed error. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { Checksum } from "../../src/base/checksum.ts";
import { codec, Identity, type IoAdapter, isHoldfastError, Journal } from "../../mod.ts";
import { diskWith, readBytes } from "../kernel/file_bytes.ts";
import { assertDamage } from "../sim/damage/damage_sample.ts";

const PATH = "/a.journal";
const SLOTS = 8192;
const open = (io: IoAdapter): Promise<Journal<string>> =>
  Journal.open(io, PATH, { codec: codec.string });

/** A journal that was at "first", "second" and "third", closed or not. */
async function build(isClosed: boolean): Promise<Uint8Array> {
  const io = memoryIo();
  const journal = await open(io);
  for (const value of ["first", "second", "third"]) await journal.update(() => value);
  if (isClosed) await journal.close();
  return await readBytes(io, PATH);
}

/** The value, or the code of the error; then nothing may be open or locked. */
async function outcome(image: Uint8Array): Promise<string> {
  const io = await diskWith(image, PATH);
  try {
    const journal = await open(io);
    const value = journal.get();
    await journal.close();
    return String(value);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    (await io.tryLock(PATH))!.release();
    return error.code;
  }
}

function damaged(image: Uint8Array, at: number, bits: number): Uint8Array {
  const bytes = image.slice();
  bytes[at] = bytes[at]! ^ bits;
  return bytes;
}

test(
  "Journal: any changed byte leaves the last value when it was closed, else it or the previous",
  { timeout: 60_000 },
  async () => {
    const kinds = ["byte", "length field", "zeroed", "swapped", "stale"] as const;
    const [crashed, closed] = await assertDamage({ stores: ["journal"], kinds, codes: [] });
    assert.equal(closed!.right, closed!.runs);
    assert.equal(crashed!.right + crashed!.tail + crashed!.lastWrite, crashed!.runs);
  },
);

test("Journal: a file cut to any length, or longer, is told", { timeout: 60_000 }, async () => {
  const kinds = ["cut", "garbage", "emptied"] as const;
  const codes = ["NOT_OUR_FILE", "CORRUPT_JOURNAL"] as const;
  for (const row of await assertDamage({ stores: ["journal"], kinds, codes })) {
    assert.equal(row.errors, row.runs);
  }
});

test("regression 2d.5: with every slot bad it is CORRUPT_JOURNAL, never a value nobody wrote", async () => {
  const image = await build(true);
  for (let at = 0; at < 64; at++) {
    const all = [0, 4096, 8192].reduce((to, slot) => damaged(to, SLOTS + slot + at, 4), image);
    // Behind header, flag and value a slot is zeros that mean nothing.
    assert.equal(await outcome(all), at < 32 + 6 ? "CORRUPT_JOURNAL" : "third", `byte ${at}`);
  }
  assert.equal(
    await outcome(image.slice().fill(0, SLOTS)),
    "CORRUPT_JOURNAL",
    "zeros are no value",
  );
  assert.equal(await outcome(image.slice().fill(0, 0, SLOTS)), "NOT_OUR_FILE");
  assert.equal(await outcome(image.slice().fill(0, 20, 40).fill(0, 4116, 4136)), "CORRUPT_JOURNAL");
  assert.equal(await outcome(new Uint8Array(20_000).fill(7)), "NOT_OUR_FILE");
  assert.equal(await outcome(new Uint8Array(0)), "NOT_OUR_FILE");
});

test("Journal: the slots of another journal do not pass for its own", async () => {
  const image = await build(true);
  const other = await build(true);
  image.set(other.subarray(SLOTS), SLOTS);
  assert.equal(await outcome(image), "CORRUPT_JOURNAL");
});

test("Journal: says which slots were damaged, and has them whole again", async () => {
  const image = await build(false);
  const io = await diskWith(damaged(image, SLOTS + 34, 1), PATH);
  let journal = await open(io);
  assert.deepEqual(journal.damagedSlots, [0]);
  await journal.close();
  journal = await open(io);
  assert.deepEqual(journal.damagedSlots, []);
  await journal.close();
});

test("Journal and Identity: a newer format is refused, and another kind of file is not ours", async () => {
  const io = memoryIo();
  await (await open(io)).close();
  await Identity.open(io, "/identity");
  const checksum = new Checksum();
  for (const path of [PATH, "/identity"]) {
    const bytes = await readBytes(io, path);
    const view = new DataView(bytes.buffer);
    for (const slot of [0, 4096]) {
      view.setUint16(slot + 32, 2, true);
      const end = slot + 32 + view.getUint32(slot + 20, true);
      view.setUint32(slot + 16, checksum.of(bytes, slot + 20, end), true);
    }
    const newer = await diskWith(bytes, path);
    const opening = path === PATH ? open(newer) : Identity.open(newer, path);
    await assert.rejects(opening, { code: "FORMAT_NEWER" });
  }
  await assert.rejects(Journal.open(io, "/identity", { codec: codec.string }), {
    code: "NOT_OUR_FILE",
  });
  await assert.rejects(Identity.open(io, PATH), { code: "NOT_OUR_FILE" });
});

test("Identity: any changed byte leaves it as it was, a cut file and two bad copies are told", {
  timeout: 60_000,
}, async () => {
  const codes = ["NOT_OUR_FILE", "CORRUPT_JOURNAL"] as const;
  await assertDamage({ stores: ["identity"], codes });
  const io = memoryIo();
  await Identity.open(io, "/identity");
  const image = damaged(damaged(await readBytes(io, "/identity"), 40, 1), 4136, 1);
  await assert.rejects(Identity.open(await diskWith(image, "/identity"), "/identity"), {
    code: "CORRUPT_JOURNAL",
  });
});
