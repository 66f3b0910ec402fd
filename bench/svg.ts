/**
 * What the plots share: a card with a background of its own, so that a plot can be read on a white
 * page as on a dark one; the width of text; and where the lines of an axis go.
 *
 * @module
 */

/** Width of every plot in pixels. */
export const PLOT_WIDTH = 720;

/** Room between the border of the card and what is in it. */
export const PLOT_MARGIN = 16;

/** Pixels that a letter takes, per pixel of its size: that of a wide font, so that none overlaps. */
const LETTER_WIDTH = 0.62;

const LIGHT = {
  card: "#ffffff",
  border: "#d0d7de",
  ink: "#1f2328",
  soft: "#59636e",
  grid: "#e3e7eb",
  other: "#a9b2bc",
  hues: ["#0969da", "#bc4c00", "#1a7f37", "#8250df"],
};

const DARK: typeof LIGHT = {
  card: "#0d1117",
  border: "#3d444d",
  ink: "#e6edf3",
  soft: "#9da7b1",
  grid: "#262c35",
  other: "#5f6872",
  hues: ["#4493f8", "#f0883e", "#3fb950", "#ab7df8"],
};

/** Colours that {@link svgCard} has for lines: the classes `h0`, `h1` and so on. */
export const HUES: number = LIGHT.hues.length;

/**
 * A whole file. Classes: `t` title, `s` small, `h` heading, `e` text that ends where it is
 * put, `m` text that is centred there; `g` grid, `w` whisker, `o` another's bar, `h0`.. a hue as
 * stroke, with `f` as fill; `l` a line of two pixels, `d` a dashed one.
 */
export function svgCard(height: number, title: string, body: readonly string[]): string {
  const drawn = body.join("\n");
  const hues = (colours: typeof LIGHT): string =>
    colours.hues.map((hue, i) =>
      drawn.includes(`h${i}`) ? `.h${i}{stroke:${hue}}.h${i}.f{fill:${hue};stroke:none}` : ""
    ).join("");
  const colours = (c: typeof LIGHT): string =>
    `.c{fill:${c.card};stroke:${c.border}}text{fill:${c.ink}}.s{fill:${c.soft}}` +
    `.g{stroke:${c.grid}}.w{stroke:${c.ink}}.o{fill:${c.other}}${hues(c)}`;
  const shapes = "text{font:12px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;" +
    "font-variant-numeric:tabular-nums}" +
    ".t{font-size:15px;font-weight:600}.h{font-weight:600}" +
    ".e{text-anchor:end}.m{text-anchor:middle}path{fill:none}.d{stroke-dasharray:4 4}.l{stroke-width:2}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PLOT_WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${PLOT_WIDTH} ${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${shapes}${colours(LIGHT)}@media(prefers-color-scheme:dark){${colours(DARK)}}</style>`,
    `<rect class="c" x=".5" y=".5" width="${PLOT_WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    ...body.filter((element) => element !== ""),
    "</svg>",
    "",
  ].join("\n");
}

/** One line of text; `classes` as of {@link svgCard}. */
export function svgText(x: number, y: number, classes: string, text: string): string {
  const named = classes === "" ? "" : ` class="${classes}"`;
  return `<text${named} x="${place(x)}" y="${place(y)}">${escapeText(text)}</text>`;
}

/** Elements that share their classes; the classes of an element are added to them. */
export function svgGroup(classes: string, elements: readonly string[]): string {
  return elements.length === 0 ? "" : `<g class="${classes}">\n${elements.join("\n")}\n</g>`;
}

/** Lines, or bars, of one class; none if there is nothing to draw. */
export function svgPath(classes: string, data: string): string {
  return data === "" ? "" : `<path class="${classes}" d="${data}"/>`;
}

/** Most pixels that a text of 12 pixels is wide. */
export function textWidth(text: string): number {
  return Math.ceil(text.length * 12 * LETTER_WIDTH);
}

/** A coordinate in whole pixels, which keeps files small. */
export function place(at: number): string {
  return String(Math.round(at));
}

/**
 * Round numbers from 0 to `most`: at most `steps` steps from 0, each of 1, 2 or 5 times a power
 * of 10.
 */
export function axisSteps(most: number, steps = 5): number[] {
  if (!(most > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(most / steps));
  const step = [1, 2, 5, 10].map((times) => times * power).find((s) => s * steps >= most)!;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

/** A file name of the words of a title: lower case, joined by hyphens. */
export function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
