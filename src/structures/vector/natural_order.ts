/**
 * The order of values that have one of their own.
 *
 * @module
 */

/**
 * Compares numbers (NaN last), bigints, strings, booleans or dates.
 * @throws {TypeError} for anything else
 */
export function compareNatural(a: unknown, b: unknown): number {
  const left = comparable(a);
  const right = comparable(b);
  if (left < right) return -1;
  if (left > right) return 1;
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

function comparable(value: unknown): number | bigint | string | boolean {
  if (value instanceof Date) return value.getTime();
  switch (typeof value) {
    case "number":
    case "bigint":
    case "string":
    case "boolean":
      return value;
    default:
      throw new TypeError(
        "These elements have no order of their own: give a function that compares",
      );
  }
}
