import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { memoryIo } from "../../adapters/memory.ts";
import { SimulatedDisk } from "../../adapters/simulated.ts";
import { Identity, type IoAdapter } from "../../mod.ts";
import { runningIo } from "../io/running_io.ts";

const top = mkdtempSync(join(tmpdir(), "holdfast-identity-"));
after(() => rmSync(top, { recursive: true, force: true }));

const PLACES: Readonly<Record<string, () => Promise<[IoAdapter, string]>>> = {
  "in memory": async () => [memoryIo(), "/folder"],
  "on a simulated disk": async () => [new SimulatedDisk().io, "/folder"],
  "on the running system": async () => [await runningIo(), mkdtempSync(join(top, "case-"))],
};

const bytes = new TextEncoder().encode("some bytes of a key");
const count = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);

for (const [name, make] of Object.entries(PLACES)) {
  test(`regression 2d.1: Identity ${name} is the same at every opening, never zeros`, async () => {
    const [io, folder] = await make();
    const path = `${folder}/identity`;
    const first = await Identity.open(io, path);
    assert.ok(first.salt.some((byte) => byte !== 0));
    assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (let round = 0; round < 4; round++) {
      const again = await Identity.open(io, path);
      assert.equal(again.id, first.id);
      assert.deepEqual(again.salt, first.salt);
      assert.equal(again.tag(), first.tag());
      assert.equal(again.checksum(bytes), first.checksum(bytes));
    }
    const others = await Promise.all([1, 2, 3].map((n) => Identity.open(io, `${path}${n}`)));
    const all = [first, ...others];
    assert.equal(new Set(all.map(({ id }) => id)).size, 4, "unique for each store");
    assert.equal(new Set(all.map((one) => one.checksum(bytes))).size, 4);
    assert.equal(new Set(all.map((one) => one.salt.join())).size, 4);
  });
}

test("Identity: nonces are fresh, tags and checksums are in their ranges", async () => {
  const identity = await Identity.open(memoryIo(), "/identity");
  const nonces = new Set(Array.from({ length: 100 }, () => identity.nonce()));
  assert.equal(nonces.size, 100);
  for (const nonce of nonces) assert.ok(nonce >= 0n && nonce < 2n ** 64n);
  assert.ok([...nonces].some((nonce) => nonce >= 2n ** 56n), "all 64 bits are used");
  assert.ok(Number.isInteger(identity.tag()) && identity.tag() >= 0 && identity.tag() < 2 ** 32);
  const sums = new Set(Array.from({ length: 300 }, (_, n) => identity.checksum(count(n))));
  assert.equal(sums.size, 300);
});

test("Identity.create: is made of the bytes given, by the reference of its checksum", () => {
  // The key is 00 to 0f, as in the vectors of the SipHash paper.
  const seed = new Uint8Array([...new Uint8Array(16).fill(0xff), ...count(16)]);
  const random = (target: Uint8Array): void => void target.fill(1);
  const identity = Identity.create(seed, random);
  assert.equal(identity.checksum(count(15)), 0xa129ca6149be45e5n);
  assert.equal(identity.tag(), 0xdd0e0e31, "half of the checksum of nothing, 0x726fdb47dd0e0e31");
  assert.equal(identity.id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
  assert.equal(identity.nonce(), 0x0101010101010101n);
  seed.fill(0);
  identity.salt.fill(0);
  assert.deepEqual(identity.salt, count(16), "nobody can change it");
  assert.notEqual(Identity.create(new Uint8Array(32)).nonce(), 0n, "the platform's entropy");
  for (const length of [0, 16, 31, 33]) {
    assert.throws(() => Identity.create(new Uint8Array(length)), RangeError);
  }
});

test("Identity.open: somebody who creates it at the same time is waited for by nobody", async () => {
  const io = memoryIo();
  const lock = await io.tryLock("/identity");
  await assert.rejects(Identity.open(io, "/identity"), { code: "LOCKED" });
  lock!.release();
  const racing = await Promise.allSettled([1, 2, 3].map(() => Identity.open(io, "/identity")));
  const ids = racing.flatMap((one) => one.status === "fulfilled" ? [one.value.id] : []);
  const { id } = await Identity.open(io, "/identity");
  assert.ok(ids.length >= 1);
  assert.ok(ids.every((one) => one === id));
});
