import assert from "node:assert/strict";
import { test } from "node:test";
import { countText, figureText, ratioText } from "../../bench/figure_text.ts";

test("figureText() has two or three digits at every size, and no zeros behind them", () => {
  const texts: readonly (readonly [number, string])[] = [
    [0, "0"],
    [0.0161, "0.016"],
    [0.5, "0.5"],
    [1, "1"],
    [1.256, "1.26"],
    [12.34, "12.3"],
    [140, "140"],
    [1000, "1k"],
    [2449, "2.4k"],
    [12_345, "12k"],
    [120_000, "120k"],
    [4_400_000, "4.4M"],
    [12_540_000, "12.5M"],
    [-2449, "-2.4k"],
  ];
  for (const [value, text] of texts) assert.equal(figureText(value), text);
});

test("countText() is whole: in thousands or millions only when nothing gets lost", () => {
  const texts: readonly (readonly [number, string])[] = [
    [64, "64"],
    [1000, "1,000"],
    [10_000, "10 k"],
    [64_000, "64 k"],
    [10_050, "10,050"],
    [1_000_000, "1 M"],
    [2_500_000, "2.5 M"],
    [1_234_567, "1,234,567"],
  ];
  for (const [count, text] of texts) assert.equal(countText(count), text);
});

test("ratioText() has two decimals below ten, and none from there on", () => {
  assert.equal(ratioText(0.974), "0.97x");
  assert.equal(ratioText(2.4), "2.40x");
  assert.equal(ratioText(10), "10x");
  assert.equal(ratioText(54.5), "55x");
});
