import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordId } from "../../src/base/record_id.ts";
import { Generator } from "./generator.ts";

const SERIAL_MAX = Number.MAX_SAFE_INTEGER;
const SEGMENT_MAX = 2 ** 32 - 1;

test("RecordId.parse: gives back what toString wrote", () => {
  const random = new Generator(12);
  const ids = [new RecordId(0, 0), new RecordId(SEGMENT_MAX, SERIAL_MAX), new RecordId(-0, -0)];
  for (let i = 0; i < 2_000; i++) {
    ids.push(new RecordId(random.u32(), Number(random.u64() >> BigInt(11 + random.below(53)))));
  }
  for (const id of ids) {
    const back = RecordId.parse(`${id}`);
    assert.ok(id.equals(back) && back.equals(id));
    assert.deepEqual(back, id);
    assert.equal(back.toString(), `${id.segment}-${id.serial}`);
  }
  assert.equal(new RecordId(SEGMENT_MAX, SERIAL_MAX).toString(), "4294967295-9007199254740991");
});

test("RecordId.parse: text that toString cannot have made is a RangeError", () => {
  const texts = ["", "-", "1", "1-", "-1", "01-1", "1-01", "00-0", "1-00", "+1-1", "1-+1", "1--1"];
  texts.push("-1-1", "1-1-1", " 1-1", "1-1 ", "1-1\n", "1 -1", "1.0-1", "1e1-1", "0x1-1", "1_0-1");
  texts.push("4294967296-0", "9999999999-0", "0-9007199254740992", "0-9007199254740993");
  texts.push(
    "0-9999999999999999",
    "0-10000000000000000",
    "\u0661-1",
    "1\u20121",
    `${"1".repeat(999)}-1`,
  );
  for (const text of texts) assert.throws(() => RecordId.parse(text), RangeError, text);
  for (const text of [undefined, null, 1, ["1-1"], new RecordId(1, 1)]) {
    assert.throws(() => RecordId.parse(text as unknown as string), TypeError);
  }
});

test("RecordId: parts that are no integers of their range are refused", () => {
  for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => new RecordId(bad, 0), RangeError);
    assert.throws(() => new RecordId(0, bad), RangeError);
  }
  assert.throws(() => new RecordId(2 ** 32, 0), RangeError);
  for (const bad of ["1", 1n, undefined, null] as unknown[] as number[]) {
    assert.throws(() => new RecordId(bad, 0), TypeError);
    assert.throws(() => new RecordId(0, bad), TypeError);
  }
});

test("RecordId: cannot be changed, and differs where a part does", () => {
  const id = new RecordId(1, 2);
  assert.throws(() => Object.assign(id, { serial: 3 }), TypeError);
  assert.equal(id.serial, 2);
  assert.equal(id.equals(new RecordId(1, 3)) || id.equals(new RecordId(2, 2)), false);
  assert.notDeepEqual(id, new RecordId(1, 3));
  assert.equal(Object.is(new RecordId(-0, -0).serial, 0), true);
});
