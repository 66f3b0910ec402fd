/**
 * As much of `node:assert/strict` as the shared IO contract uses, for a browser.
 *
 * @module
 */

type Expected = Readonly<Record<string, unknown>> | (new (...args: never[]) => Error);

function fail(message: string): never {
  throw new Error(message);
}

const show = (value: unknown): string =>
  ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : JSON.stringify(value) ?? String(value);

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length &&
    left.every(([key, value]) => same(value, (b as Record<string, unknown>)[key]));
}

function matches(error: unknown, expected: Expected | undefined): void {
  if (expected === undefined) return;
  if (typeof expected === "function") {
    if (!(error instanceof expected)) fail(`${String(error)} is no ${expected.name}`);
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    const actual = (error as Record<string, unknown>)[key];
    if (!same(actual, value)) fail(`${key} is ${show(actual)}, not ${show(value)}: ${error}`);
  }
}

const assert = {
  ok(value: unknown, message = "not true"): asserts value {
    if (!value) fail(message);
  },
  equal(actual: unknown, expected: unknown, message = ""): void {
    if (!Object.is(actual, expected)) fail(`${show(actual)} is not ${show(expected)} ${message}`);
  },
  deepEqual(actual: unknown, expected: unknown, message = ""): void {
    if (!same(actual, expected)) fail(`${show(actual)} is not ${show(expected)} ${message}`);
  },
  notDeepEqual(actual: unknown, expected: unknown): void {
    if (same(actual, expected)) fail(`both are ${show(actual)}`);
  },
  match(text: string, pattern: RegExp): void {
    if (!pattern.test(text)) fail(`${text} does not match ${pattern}`);
  },
  throws(run: () => unknown, expected?: Expected, message = ""): void {
    try {
      run();
    } catch (error) {
      return matches(error, expected);
    }
    fail(`nothing was thrown ${message}`);
  },
  async rejects(promise: Promise<unknown>, expected?: Expected, message = ""): Promise<void> {
    try {
      await promise;
    } catch (error) {
      return matches(error, expected);
    }
    fail(`nothing was rejected ${message}`);
  },
};

export default assert;
