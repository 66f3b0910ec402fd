/** Ids of contents, and the digests they are made with. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { blake2b } from "@noble/hashes/blake2.js";
import { shake128 } from "@noble/hashes/sha3.js";
import { ContentId, contentStore, Database, type Digest } from "../../mod.ts";
import { CHUNK_BYTES } from "../../src/structures/content/content_layout.ts";
import { piecesOf, someBytes, streamOf } from "./content_stores.ts";

const HEX = "0123456789abcdef".repeat(4);

test("ContentId.parse takes what toString gives, and nothing else", () => {
  const id = ContentId.parse(`sha256:${HEX}`);
  assert.equal(`${id}`, `sha256:${HEX}`);
  assert.equal(JSON.stringify({ id }), `{"id":"sha256:${HEX}"}`);
  assert.equal(Buffer.from(id.bytes).toString("hex"), HEX);
  assert.ok(id.equals(new ContentId("sha256", Buffer.from(HEX, "hex"))));
  assert.equal(id.equals(ContentId.parse(`blake3:${HEX}`)), false);
  assert.equal(id.equals(ContentId.parse(`sha256:${HEX.slice(2)}00`)), false);
  for (const length of [1, 2, 20, 33, 64, 255]) {
    const text = `some-Digest_1:${"a7".repeat(length)}`;
    assert.equal(`${ContentId.parse(text)}`, text);
  }
  for (
    const text of [
      "",
      HEX,
      `:${HEX}`,
      `sha256:${HEX.toUpperCase()}`,
      `sha256:${HEX} `,
      ` sha256:${HEX}`,
      `sha256:${HEX}\n`,
      `sha256:${HEX.slice(2)}`,
      `sha256:${HEX}00`,
      `blake3:${HEX}00`,
      `sha256:${HEX.slice(1)}`,
      `other:`,
      `other:abc`,
      `other:0g`,
      `oth er:00`,
      `other:${"00".repeat(256)}`,
      `${"a".repeat(65)}:00`,
      `sha256-${HEX}`,
    ]
  ) assert.throws(() => ContentId.parse(text), RangeError, JSON.stringify(text));
  for (const value of [undefined, null, 5, id, new String(`sha256:${HEX}`)]) {
    assert.throws(() => ContentId.parse(value as string), TypeError);
  }
  assert.throws(() => new ContentId("sha256", HEX as unknown as Uint8Array), TypeError);
  assert.throws(() => new ContentId(5 as unknown as string, new Uint8Array(1)), TypeError);
  assert.throws(() => new ContentId("x", new Uint8Array(0)), RangeError);
});

test("ContentId does not change, whatever happens to the bytes it was made of", () => {
  const bytes = Buffer.from(HEX, "hex");
  const id = new ContentId("sha256", bytes);
  bytes.fill(0);
  id.bytes.fill(0);
  assert.equal(`${id}`, `sha256:${HEX}`);
  assert.throws(() => Object.assign(id, { digest: "blake3" }), TypeError);
});

/** Digests of every kind, with what others say they make of some bytes. */
const DIGESTS: readonly {
  readonly digest: "sha256" | "blake3" | Digest;
  readonly length: number;
}[] = [
  { digest: "sha256", length: 32 },
  { digest: "blake3", length: 32 },
  { digest: { name: "blake2b", outputLen: 64, create: () => blake2b.create() }, length: 64 },
  {
    digest: { name: "blake2b-1", outputLen: 1, create: () => blake2b.create({ dkLen: 1 }) },
    length: 1,
  },
  {
    digest: { name: "shake128", outputLen: 255, create: () => shake128.create({ dkLen: 255 }) },
    length: 255,
  },
  { digest: { name: "sha1", outputLen: 20, create: () => createHash("sha1") }, length: 20 },
  { digest: { name: "sha512", outputLen: 64, create: () => createHash("sha512") }, length: 64 },
];

for (const { digest, length } of DIGESTS) {
  const name = typeof digest === "string" ? digest : digest.name;
  test(`regression: digests of any length and kind name blobs, also after reopening: ${name}`, async () => {
    const db = await Database.memory();
    const store = contentStore("things", { digest });
    for (const count of [0, 1, 5000, 2 * CHUNK_BYTES + 1]) {
      const bytes = someBytes(count, count);
      const id = await db.update((tx) => tx.open(store).put(bytes));
      assert.equal(id.digest, name);
      assert.equal(id.bytes.length, length);
      const parsed = ContentId.parse(`${id}`);
      assert.ok(Buffer.from(db.open(store).get(parsed)!).equals(bytes));
      const again = await db.update((tx) => tx.open(store).put(streamOf(piecesOf(bytes, 77_777))));
      assert.equal(`${again}`, `${id}`);
      if (typeof digest !== "string" && digest.name.startsWith("sha")) {
        if (digest.name === "shake128") continue;
        assert.equal(Buffer.from(id.bytes).toString("hex"), hexOf(digest.name, bytes));
      } else if (digest === "sha256") {
        assert.equal(`${id}`, `sha256:${hexOf("sha256", bytes)}`);
      }
    }
    assert.equal((await db.open(store).verify()).blobs, 4);
    await db.close();
  });
}

function hexOf(name: string, bytes: Uint8Array): string {
  return createHash(name).update(bytes).digest("hex");
}

test("contentStore refuses a digest that is not as long as it says", async () => {
  const db = await Database.memory();
  const digest = { name: "liar", outputLen: 30, create: () => createHash("sha256") };
  const store = contentStore("things", { digest });
  await assert.rejects(db.update((tx) => tx.open(store).put(someBytes(4))), TypeError);
  await assert.rejects(db.update((tx) => tx.open(store).put(streamOf([someBytes(4)]))), TypeError);
  await db.close();
});
