import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlotLine } from "../../bench/line_plot.ts";
import { plotLines } from "../../bench/line_plot.ts";
import { HUES } from "../../bench/svg.ts";
import { pathOf, pointsOf, textsOf } from "./drawn.ts";

/** A line with one round at each of the sizes 100, 10,000 and 1,000,000. */
function line(name: string, costs: readonly number[], more: Partial<PlotLine> = {}): PlotLine {
  const points = costs.map((cost, i) => ({ size: 100 ** (i + 1), rounds: [cost] }));
  return { name, points, ...more };
}

function plot(...lines: PlotLine[]): string {
  return plotLines({ title: "get", unit: "us", of: "entries", lines });
}

test("plotLines(): sizes are logarithmic, costs are not", () => {
  const [small, middle, large] = pointsOf(pathOf(plot(line("Node", [1, 2, 3])), "h0 l"));
  assert.ok(Math.abs((middle!.x - small!.x) - (large!.x - middle!.x)) <= 1);
  assert.ok(Math.abs((small!.y - middle!.y) - (middle!.y - large!.y)) <= 1);
  assert.ok(large!.y < small!.y, "more is above");
});

test("plotLines(): the axis has the sizes, and begins at nothing", () => {
  const texts = textsOf(plot(line("Node", [10, 20, 30])));
  for (const text of ["100", "10 k", "1 M", "entries", "0"]) {
    assert.ok(texts.some((each) => each.text === text), text);
  }
  const floor = texts.find(({ text, classes }) => text === "0" && classes === "s e")!;
  const [first] = pointsOf(pathOf(plot(line("Node", [0, 20, 30])), "h0 l"));
  assert.equal(first!.y, floor.y - 4);
  const sizes = texts.find(({ text }) => text === "100")!;
  assert.equal(first!.y, sizes.y - 18, "the sizes stand below the floor");
});

test("plotLines(): a limit is dashed, and cut off far above all figures", () => {
  const near = plot(line("Node", [10, 10, 10], { limit: () => 12 }));
  assert.equal(pointsOf(pathOf(near, "h0 d")).length, 25);
  assert.match(near, /dashed: the most allowed/);
  const far = plot(line("Node", [10, 10, 10], { limit: () => 1000 }));
  assert.equal(pathOf(far, "h0 d"), "");
});

test("plotLines(): names of lines that end together do not overlap", () => {
  const texts = textsOf(plot(line("Node", [1, 1, 5]), line("Bun", [1, 1, 5])));
  const [node, bun] = ["Node", "Bun"].map((name) => texts.find(({ text }) => text === name)!);
  assert.ok(Math.abs(node!.y - bun!.y) >= 16);
});

test("plotLines(): there are no more lines than hues", () => {
  const lines = Array.from({ length: HUES + 1 }, (_, i) => line(String(i), [1, 2, 3]));
  assert.throws(() => plot(...lines), RangeError);
});
