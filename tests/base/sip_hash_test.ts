import assert from "node:assert/strict";
import { test } from "node:test";
import { sipHash } from "../../src/base/sip_hash.ts";

const count = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);

// `vectors_sip64` of the reference implementation: key 00 to 0f, input 00, 01, ... of length n. The
// bytes of the output in their order; that of length 15 is the example of the paper's appendix A.
const VECTORS = [
  "310e0edd47db6f72",
  "fd67dc93c539f874",
  "5a4fa9d909806c0d",
  "2d7efbd796666785",
  "b7877127e09427cf",
  "8da699cd64557618",
  "cee3fe586e46c9cb",
  "37d1018bf50002ab",
  "6224939a79f5f593",
  "b0e4a90bdf82009e",
  "f3b9dd94c5bb5d7a",
  "a7ad6b22462fb3f4",
  "fbe50e86bc8f1e75",
  "903d84c02756ea14",
  "eef27a8e90ca23f7",
  "e545be4961ca29a1",
];

test("sipHash: gives the reference vectors", () => {
  for (const [length, vector] of VECTORS.entries()) {
    const hash = new DataView(new ArrayBuffer(8));
    hash.setBigUint64(0, sipHash(count(16), count(length)), true);
    const text = hash.getBigUint64(0).toString(16).padStart(16, "0");
    assert.equal(text, vector, `of ${length} bytes`);
  }
  assert.equal(sipHash(count(16), count(15)), 0xa129ca6149be45e5n, "the example of the paper");
});

test("sipHash: takes a part of an array, and does not look beyond it", () => {
  const bytes = count(64);
  for (let begin = 0; begin < 20; begin++) {
    for (let end = begin; end < 40; end++) {
      assert.equal(
        sipHash(count(16), bytes, begin, end),
        sipHash(count(16), bytes.slice(begin, end)),
      );
    }
  }
});
