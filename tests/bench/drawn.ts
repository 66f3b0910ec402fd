/**
 * What a plot shows, read out of its SVG.
 *
 * @module
 */

/** A text and where it is. */
export interface DrawnText {
  readonly classes: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** All texts, in their order. */
export function textsOf(svg: string): DrawnText[] {
  const texts = svg.matchAll(/<text(?: class="([^"]*)")? x="(-?\d+)" y="(-?\d+)">([^<]*)<\/text>/g);
  return [...texts].map(([, classes = "", x, y, text]) => ({
    classes,
    x: Number(x),
    y: Number(y),
    text: text!,
  }));
}

/** The data of the path of a class; empty if there is none. */
export function pathOf(svg: string, classes: string): string {
  return svg.match(new RegExp(`<path class="${classes}" d="([^"]*)"/>`))?.[1] ?? "";
}

/** The points of a path of lines. */
export function pointsOf(path: string): { readonly x: number; readonly y: number }[] {
  return [...path.matchAll(/[ML](-?\d+) (-?\d+)/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
}
