import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpProblem } from "../../src/http/problem.ts";
import {
  closedFlag,
  expiryFields,
  parseTimestamp,
  producerFields,
  sequenceField,
  subOffsetField,
} from "../../src/http/request_fields.ts";

function code(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof HttpProblem) return error.code;
    throw error;
  }
  return "accepted";
}

test("closedFlag is true for true in any case and ignores all else", () => {
  for (const value of ["true", "TRUE", "True", " true "]) {
    assert.equal(closedFlag(new Headers({ "Stream-Closed": value })), true, value);
  }
  for (const value of ["false", "yes", "1", "", "truee", "true, true"]) {
    assert.equal(closedFlag(new Headers({ "Stream-Closed": value })), false, value);
  }
  assert.equal(closedFlag(new Headers()), false);
});

test("producerFields wants all three, and exact decimal integers", () => {
  const fields = (id: string, epoch: string, seq: string): Headers =>
    new Headers({ "Producer-Id": id, "Producer-Epoch": epoch, "Producer-Seq": seq });
  assert.equal(producerFields(new Headers()), undefined);
  assert.deepEqual(producerFields(fields("__proto__", "0", "9007199254740991")), {
    id: "__proto__",
    epoch: 0,
    seq: 9007199254740991,
  });
  const numbers = ["1abc", "0x1", "1e3", "-1", "+1", "1.0", "", " ", "9007199254740992"];
  for (const value of numbers) {
    assert.equal(code(() => producerFields(fields("p", value, "0"))), "INVALID_PRODUCER", value);
    assert.equal(code(() => producerFields(fields("p", "0", value))), "INVALID_PRODUCER", value);
  }
  assert.equal(code(() => producerFields(fields("", "0", "0"))), "INVALID_PRODUCER");
  assert.equal(code(() => producerFields(fields("x".repeat(257), "0", "0"))), "INVALID_PRODUCER");
  for (const missing of ["Producer-Id", "Producer-Epoch", "Producer-Seq"]) {
    const headers = fields("p", "0", "0");
    headers.delete(missing);
    assert.equal(code(() => producerFields(headers)), "INVALID_PRODUCER", missing);
  }
});

test("expiryFields takes decimal seconds or an RFC 3339 time, never both", () => {
  assert.deepEqual(expiryFields(new Headers()), {});
  assert.deepEqual(expiryFields(new Headers({ "Stream-TTL": "0" })), { ttlSeconds: 0 });
  assert.deepEqual(expiryFields(new Headers({ "Stream-TTL": "3155760000" })), {
    ttlSeconds: 3155760000,
  });
  for (const value of ["01", "+1", "1.5", "1e3", "-1", "", "3155760001", "9".repeat(40)]) {
    const headers = new Headers({ "Stream-TTL": value });
    assert.equal(code(() => expiryFields(headers)), "INVALID_HEADER", value);
  }
  const both = new Headers({ "Stream-TTL": "1", "Stream-Expires-At": "2030-01-01T00:00:00Z" });
  assert.equal(code(() => expiryFields(both)), "INVALID_HEADER");
});

test("parseTimestamp takes RFC 3339 and nothing else", () => {
  assert.equal(parseTimestamp("2030-01-02T03:04:05Z"), Date.UTC(2030, 0, 2, 3, 4, 5));
  assert.equal(parseTimestamp("2030-01-02t03:04:05.6789z"), Date.UTC(2030, 0, 2, 3, 4, 5, 678));
  assert.equal(parseTimestamp("2030-01-02T03:04:05+05:30"), Date.UTC(2030, 0, 1, 21, 34, 5));
  assert.equal(parseTimestamp("2030-01-02T03:04:05-00:30"), Date.UTC(2030, 0, 2, 3, 34, 5));
  assert.equal(parseTimestamp("2028-02-29T00:00:00Z"), Date.UTC(2028, 1, 29));
  assert.equal(parseTimestamp("2016-12-31T23:59:60Z"), Date.UTC(2017, 0, 1));
  assert.equal(parseTimestamp("0099-01-01T00:00:00Z"), new Date("0099-01-01T00:00:00Z").getTime());
  const wrong = [
    "2030-01-02",
    "2030-01-02T03:04:05",
    "2030-01-02 03:04:05Z",
    "2030-01-02T03:04Z",
    "2030-13-01T00:00:00Z",
    "2030-00-01T00:00:00Z",
    "2029-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2030-04-31T00:00:00Z",
    "2030-01-02T24:00:00Z",
    "2030-01-02T03:60:05Z",
    "2030-01-02T03:04:61Z",
    "2030-01-02T03:04:05+24:00",
    "2030-01-02T03:04:05+0530",
    "2030-01-02T03:04:05.Z",
    "Wed, 02 Jan 2030 03:04:05 GMT",
    "1893456000",
    "+12030-01-02T03:04:05Z",
    "tomorrow",
    "",
  ];
  for (const text of wrong) assert.equal(parseTimestamp(text), undefined, text);
});

test("sequenceField and subOffsetField refuse empty and malformed values", () => {
  assert.equal(sequenceField(new Headers({ "Stream-Seq": "a 1" })), "a 1");
  assert.equal(code(() => sequenceField(new Headers({ "Stream-Seq": "" }))), "INVALID_HEADER");
  assert.equal(subOffsetField(new Headers({ "Stream-Fork-Sub-Offset": "7" })), 7);
  for (const value of ["", "-1", "1.0", "0x1", "9007199254740992"]) {
    const headers = new Headers({ "Stream-Fork-Sub-Offset": value });
    assert.equal(code(() => subOffsetField(headers)), "INVALID_FORK", value);
  }
});
