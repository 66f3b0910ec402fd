import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlotPanel } from "../../bench/plot.ts";
import { plotRow } from "../../bench/plot.ts";
import { pathOf, textsOf } from "./drawn.ts";
import { sampleRow } from "./sample_report.ts";

function panel(heading: string, rounds: Record<string, number[]>): PlotPanel {
  return { heading, contestants: Object.keys(rounds), row: sampleRow({ rounds }) };
}

/** Where the bars of a path begin and end. */
function bars(path: string): { readonly from: number; readonly to: number }[] {
  return [...path.matchAll(/M(\d+) \d+H(\d+)/g)]
    .map(([, from, to]) => ({ from: Number(from), to: Number(to) }));
}

/** Where the text is. */
function at(svg: string, text: string): number {
  return textsOf(svg).find((each) => each.text === text)!.x;
}

test("plotRow(): a bar is as long as the median, on the scale of the axis", () => {
  const svg = plotRow("a row", [
    panel("Node", { holdfast: [300, 100, 200], lmdb: [50, 150, 100] }),
  ]);
  const [ours] = bars(pathOf(svg, "h0 f"));
  const [other] = bars(pathOf(svg, "o"));
  assert.ok(Math.abs((ours!.to - ours!.from) - 2 * (other!.to - other!.from)) <= 1);
  assert.equal(ours!.from, at(svg, "0"));
  assert.equal(ours!.to, at(svg, "200"));
});

test("plotRow(): whiskers go from the least to the most; one round has none", () => {
  const svg = plotRow("a row", [panel("Node", { holdfast: [300, 100, 200] })]);
  const [from, to] = pathOf(svg, "w").match(/M(\d+) \d+H(\d+)/)!.slice(1).map(Number);
  assert.equal(from, at(svg, "100"));
  assert.equal(to, at(svg, "300"));
  assert.match(svg, /whisker: least and most of 3 rounds/);
  const once = plotRow("a row", [panel("Node", { holdfast: [300] })]);
  assert.equal(pathOf(once, "w"), "");
  assert.match(once, /one round/);
});

test("plotRow(): panels share a scale, and say who is not here", () => {
  const svg = plotRow("a row", [
    panel("Node", { holdfast: [100], rocksdb: [40], nobody: [] }),
    panel("Bun", { holdfast: [400], rocksdb: [] }),
  ]);
  const [node, bun] = bars(pathOf(svg, "h0 f"));
  assert.ok(Math.abs((bun!.to - bun!.from) - 4 * (node!.to - node!.from)) <= 4);
  const texts = textsOf(svg).map(({ text }) => text);
  assert.equal(texts.filter((text) => text === "not here").length, 1);
  assert.deepEqual(texts.filter((text) => /Node|Bun/.test(text)), ["Node", "Bun"]);
  assert.ok(!texts.includes("nobody"));
});
