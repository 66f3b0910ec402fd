/**
 * Numbers as people read them: short in a figure, whole in a count.
 *
 * @module
 */

/** Two or three digits and a unit of thousands: `0.016`, `131`, `2.4k`, `12.5M`. */
export function figureText(value: number): string {
  const size = Math.abs(value);
  if (size >= 10e6) return `${trim(value / 1e6, 1)}M`;
  if (size >= 1e6) return `${trim(value / 1e6, 2)}M`;
  if (size >= 10e3) return `${trim(value / 1e3, 0)}k`;
  if (size >= 1e3) return `${trim(value / 1e3, 1)}k`;
  if (size >= 100) return trim(value, 0);
  if (size >= 10 || size === 0) return trim(value, 1);
  return size >= 1 ? trim(value, 2) : shorten(value.toPrecision(2));
}

/** A count without digits that say nothing: `10 k`, `1 M`, `64`. */
export function countText(count: number): string {
  if (count >= 1e6 && count % 1e5 === 0) return `${count / 1e6} M`;
  if (count >= 1e4 && count % 100 === 0) return `${count / 1e3} k`;
  return count.toLocaleString("en");
}

/** `12x`, `2.40x`: what one figure is to another. */
export function ratioText(ratio: number): string {
  return `${Math.abs(ratio) >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;
}

function trim(value: number, digits: number): string {
  return shorten(value.toFixed(digits));
}

function shorten(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
