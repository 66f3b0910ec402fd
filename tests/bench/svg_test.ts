import assert from "node:assert/strict";
import { test } from "node:test";
import { axisSteps, place, slug, svgCard, svgText, textWidth } from "../../bench/svg.ts";

test("axisSteps() are steps of 1, 2 or 5 times a power of ten, from nothing to the most", () => {
  assert.deepEqual(axisSteps(5), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(axisSteps(7.5), [0, 2, 4, 6]);
  assert.deepEqual(axisSteps(11), [0, 5, 10]);
  assert.deepEqual(axisSteps(240_000), [0, 50_000, 100_000, 150_000, 200_000]);
  assert.deepEqual(axisSteps(0.04).map((step) => step.toFixed(2)), [
    "0.00",
    "0.01",
    "0.02",
    "0.03",
    "0.04",
  ]);
  assert.deepEqual(axisSteps(3, 3), [0, 1, 2, 3]);
});

test("axisSteps() of nothing are one", () => {
  assert.deepEqual(axisSteps(0), [0]);
  assert.deepEqual(axisSteps(NaN), [0]);
});

test("axisSteps() are two to five steps from nothing, at any size", () => {
  for (let most = 0.001; most < 1e9; most *= 1.07) {
    const steps = axisSteps(most);
    assert.ok(steps.length >= 3 && steps.length <= 6, `${most}: ${steps.join()}`);
    assert.ok(steps.at(-1)! <= most * (1 + 1e-9), `${most}: ${steps.join()}`);
  }
});

test("slug() is lower case, joined by single hyphens", () => {
  assert.equal(slug("80/20 read-modify-write, durable"), "80-20-read-modify-write-durable");
  assert.equal(slug("getMany(32), fresh copies"), "getmany-32-fresh-copies");
});

test("textWidth() grows with the text; place() is whole", () => {
  assert.equal(textWidth(""), 0);
  assert.equal(textWidth("ab"), 15);
  assert.equal(place(1.5), "2");
});

test("svgText() escapes what is no text", () => {
  assert.equal(
    svgText(1, 2.4, "s e", "a<b & c>d"),
    '<text class="s e" x="1" y="2">a&lt;b &amp; c&gt;d</text>',
  );
  assert.equal(svgText(1, 2, "", "a"), '<text x="1" y="2">a</text>');
});

test("svgCard() has both colour schemes, and the hues that are used alone", () => {
  const svg = svgCard(100, "a & b", [svgText(1, 2, "h1 f", "x"), ""]);
  assert.match(svg, /^<svg [^>]*height="100"[^>]*>\n<title>a &amp; b<\/title>\n/);
  assert.equal(svg.match(/\.h1\.f\{/g)!.length, 2);
  assert.doesNotMatch(svg, /\.h0/);
  assert.doesNotMatch(svg, /\n\n/);
  assert.ok(svg.endsWith("</svg>\n"));
});
