import assert from "node:assert/strict";
import { test } from "node:test";
import { CURSOR_EPOCH, nextCursor } from "../../src/http/cursor.ts";
import { entityTag, noneMatchHits } from "../../src/http/entity_tag.ts";
import { contentType, payloadKind } from "../../src/http/media_type.ts";
import { HttpProblem } from "../../src/http/problem.ts";
import { controlEvent, dataEvent } from "../../src/http/sse_encoding.ts";
import { completeMessages } from "../../src/http/utf8_boundary.ts";
import { parseEvents } from "./event_reader.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

function bytes(...texts: string[]): Uint8Array[] {
  return texts.map((text) => ENCODER.encode(text));
}

test("nextCursor counts 20-second intervals from 2024-10-09", () => {
  assert.equal(CURSOR_EPOCH, Date.parse("2024-10-09T00:00:00Z"));
  assert.equal(nextCursor(undefined, CURSOR_EPOCH, Math.random), "0");
  assert.equal(nextCursor(undefined, CURSOR_EPOCH + 19_999, Math.random), "0");
  assert.equal(nextCursor(undefined, CURSOR_EPOCH + 20_000, Math.random), "1");
  assert.equal(nextCursor(undefined, 0, Math.random), "0");
});

test("nextCursor is greater than a client's that has caught up, by 1 to 180", () => {
  const now = CURSOR_EPOCH + 100 * 20_000;
  assert.equal(nextCursor("99", now, Math.random), "100");
  assert.equal(nextCursor("100", now, () => 0), "101");
  assert.equal(nextCursor("100", now, () => 0.999999), "280");
  assert.equal(nextCursor("5000", now, () => 0), "5001");
  for (const ignored of ["", "-1", "1e3", "x", "1".repeat(16)]) {
    assert.equal(nextCursor(ignored, now, () => 0), "100", ignored);
  }
});

test("entityTag differs by incarnation, range, closure and whether the page is partial", () => {
  const range = { incarnation: "a1", start: "0_0", end: "0_5", upToDate: true, closed: false };
  const tags = [
    range,
    { ...range, closed: true },
    { ...range, upToDate: false },
    { ...range, incarnation: "a2" },
    { ...range, start: "0_1" },
    { ...range, end: "0_6" },
  ].map(entityTag);
  assert.equal(tags[0], '"a1:0_0:0_5"');
  assert.equal(tags[1], '"a1:0_0:0_5:c"');
  assert.equal(new Set(tags).size, tags.length);
});

test("noneMatchHits reads lists, weak tags and the asterisk", () => {
  const tag = '"i:a:b"';
  for (const hit of [tag, `W/${tag}`, "*", `"x", ${tag}`, `"x",W/${tag} , "y"`, `"a,b" , ${tag}`]) {
    assert.equal(noneMatchHits(hit, tag), true, hit);
  }
  for (const miss of ['"i:a:c"', "i:a:b", '"', "", '"x""i:a:', 'W/"i:a:b', '"*"']) {
    assert.equal(noneMatchHits(miss, tag), false, miss);
  }
});

test("contentType refuses what is no media type", () => {
  assert.equal(contentType(' Text/Plain; charset="utf-8" '), 'Text/Plain; charset="utf-8"');
  for (
    const wrong of ["nonsense", "a/", "/b", "a/b/c", "a b/c", "a/b; x", "a/b; x=", "a/b\u00e9"]
  ) {
    assert.throws(
      () => contentType(wrong),
      (error) => error instanceof HttpProblem && error.code === "INVALID_HEADER",
      wrong,
    );
  }
  assert.equal(payloadKind("APPLICATION/json; charset=utf-8"), "json");
  assert.equal(payloadKind("TEXT/html"), "text");
  assert.equal(payloadKind("application/jsonx"), "bytes");
});

test("dataEvent frames as clients expect it: no space, LF", () => {
  assert.equal(
    DECODER.decode(dataEvent(bytes("line1\nline2"), "text")),
    "event: data\ndata:line1\ndata:line2\n\n",
  );
  assert.equal(
    DECODER.decode(dataEvent(bytes("1", '"x"'), "json")),
    'event: data\ndata:[1,"x"]\n\n',
  );
  assert.equal(
    DECODER.decode(controlEvent({ nextOffset: "o", cursor: "7", upToDate: true, closed: false })),
    'event: control\ndata:{"streamNextOffset":"o","streamCursor":"7","upToDate":true}\n\n',
  );
  assert.equal(
    DECODER.decode(controlEvent({ nextOffset: "o", cursor: "7", upToDate: true, closed: true })),
    'event: control\ndata:{"streamNextOffset":"o","upToDate":true,"streamClosed":true}\n\n',
  );
});

test("dataEvent of text arrives unchanged, line breaks as LF, and can begin no event", () => {
  const payloads = [
    "",
    " leading space\n  two",
    "a\r\nb\rc\nd",
    "\n\nevent: control\ndata:{}\n\n",
    "trailing\n",
    "\r",
    "\u00e9\u20ac\u{1f600}",
    ":comment\nid: 1\nretry: 1",
  ];
  for (const payload of payloads) {
    const events = parseEvents(DECODER.decode(dataEvent(bytes(payload), "text")));
    const data = payload.replace(/\r\n|\r/g, "\n");
    assert.deepEqual(events, [{ event: "data", data }], JSON.stringify(payload));
  }
});

test("dataEvent of bytes is padded base64 on one line", () => {
  for (let length = 0; length < 70; length++) {
    const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
    const [event] = parseEvents(DECODER.decode(dataEvent([payload], "bytes")));
    assert.equal(event?.data, btoa(String.fromCharCode(...payload)));
    assert.equal((event?.data.length ?? 1) % 4, 0);
  }
});

test("completeMessages never lets text end inside a character", () => {
  const whole = ENCODER.encode("a\u00e9\u20ac\u{1f600}");
  for (let cut = 0; cut <= whole.length; cut++) {
    const ends = new Set([0, 1, 3, 6, 10]);
    const messages = [whole.subarray(0, cut)];
    assert.equal(completeMessages(messages), cut === 0 || ends.has(cut) ? 1 : 0, String(cut));
  }
  const single = [...whole].map((byte) => Uint8Array.of(byte));
  assert.equal(completeMessages(single), single.length);
  assert.equal(completeMessages(single.slice(0, 9)), 6);
  assert.equal(completeMessages(single.slice(0, 5)), 3);
  assert.equal(completeMessages([]), 0);
});

test("completeMessages holds nothing back for bytes that are not UTF-8", () => {
  for (const tail of [[0xff], [0x80], [0x80, 0x80, 0x80], [0xc0], [0xf5, 0x80]]) {
    assert.equal(completeMessages([Uint8Array.from(tail)]), 1, tail.join());
  }
});
