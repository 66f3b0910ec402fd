import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonElements, JsonSyntaxError } from "../../src/http/json_elements.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

function elements(text: string): string[] {
  const bytes = ENCODER.encode(text);
  const ranges = jsonElements(bytes);
  const found: string[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    found.push(DECODER.decode(bytes.subarray(ranges[i], ranges[i + 1])));
  }
  return found;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    jsonElements(bytes);
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

test("jsonElements splits one level of a top-level array and keeps the bytes", () => {
  assert.deepEqual(elements(' [1.0 , 12345678901234567890,{"b":1, "a":2,"a":3} ,[ 1 ],"x"]\n'), [
    "1.0",
    "12345678901234567890",
    '{"b":1, "a":2,"a":3}',
    "[ 1 ]",
    '"x"',
  ]);
  assert.deepEqual(elements("[]"), []);
  assert.deepEqual(elements("[ ]"), []);
  assert.deepEqual(elements("[[]]"), ["[]"]);
  assert.deepEqual(elements("[[1,2],[[3]]]"), ["[1,2]", "[[3]]"]);
});

test("jsonElements gives a value that is no array as the one element", () => {
  for (
    const text of ["1e400", '"\u00e9\\ud800"', "null", '{"a":[1,2]}', "-0", "{}", "true", "0.5E-3"]
  ) {
    assert.deepEqual(elements(`\t${text} `), [text]);
  }
});

test("jsonElements refuses what is not JSON, at its byte", () => {
  const wrong: [string, number][] = [
    ["", 0],
    ["   ", 3],
    ["[1,]", 3],
    ["[,1]", 1],
    ["[1 2]", 3],
    ["[1", 2],
    ["{", 1],
    ['{"a"}', 4],
    ['{"a":1,}', 7],
    ["{a:1}", 1],
    ["{'a':1}", 1],
    ["01", 1],
    ["1.", 2],
    [".5", 0],
    ["+1", 0],
    ["-", 1],
    ["1e", 2],
    ["NaN", 0],
    ["tru", 3],
    ["truex", 4],
    ['"a', 2],
    ['"\n"', 1],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ["[1]]", 3],
    ["1,2", 1],
    ["[}", 1],
    ["{]", 1],
    ["[1}", 2],
    ["\ufeff1", 0],
    ["// c\n1", 0],
  ];
  for (const [text, offset] of wrong) {
    assert.throws(
      () => jsonElements(ENCODER.encode(text)),
      (error) => error instanceof JsonSyntaxError && error.offset === offset,
      JSON.stringify(text),
    );
  }
});

test("jsonElements refuses strings that are not UTF-8", () => {
  const wrong = [
    [0x80],
    [0xc3],
    [0xc0, 0xaf],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xff],
  ];
  for (const bytes of wrong) {
    assert.equal(isJson(Uint8Array.of(0x22, ...bytes, 0x22)), false, bytes.join());
  }
  assert.equal(isJson(ENCODER.encode('"\u00e9\u20ac\u{1f600}\u{10ffff}\ud7ff\ue000"')), true);
});

test("jsonElements limits nesting without using the stack", () => {
  const nested = (depth: number): Uint8Array =>
    ENCODER.encode("[".repeat(depth) + "]".repeat(depth));
  assert.equal(isJson(nested(512)), true);
  assert.equal(isJson(nested(513)), false);
  assert.equal(isJson(nested(1_000_000)), false);
  assert.equal(isJson(ENCODER.encode('{"a":'.repeat(600) + "1" + "}".repeat(600))), false);
  assert.deepEqual(jsonElements(nested(1_000), 1_000), [1, 1_999]);
});

test("jsonElements accepts exactly what JSON.parse accepts, on 20,000 damaged texts", () => {
  const seeds = [
    '[{"a":[1,-2.5e+3,null],"\\u00e9":"x\\n"},true,[[]],{}]',
    '{"k":{"k":[{}]}}',
    "[0]",
  ];
  const pieces = '[]{},:"\\u01e9.-+eEtrufalsn \n\t/*';
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = [...(seeds[round % seeds.length] ?? "")];
    for (let edit = random(3); edit > 0; edit--) {
      const piece = pieces[random(pieces.length)] ?? "";
      text.splice(random(text.length + 1), random(3), ...(random(2) === 0 ? [] : [piece]));
    }
    const body = text.join("");
    let parsed: unknown;
    let valid = true;
    try {
      parsed = JSON.parse(body);
    } catch {
      valid = false;
    }
    assert.equal(isJson(ENCODER.encode(body)), valid, body);
    if (!valid) continue;
    accepted++;
    const wanted = Array.isArray(parsed) ? parsed : [parsed];
    assert.deepEqual(elements(body).map((text) => JSON.parse(text) as unknown), wanted);
  }
  assert.ok(accepted > 1_000 && accepted < 19_000);
});
