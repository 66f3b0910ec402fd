/** Sums of messages: equal runs have equal ones, others with chance 2^-64. */

const known = new WeakMap<Uint8Array, readonly [number, number]>();

function sumOf(message: Uint8Array): readonly [number, number] {
  const length = message.length;
  let low = 0x811c9dc5 ^ length;
  let high = 0x01000193 + length;
  let at = 0;
  for (const whole = length - (length % 4); at < whole; at += 4) {
    const word = message[at]! | (message[at + 1]! << 8) | (message[at + 2]! << 16) |
      (message[at + 3]! << 24);
    low = Math.imul(low ^ word, 0x01000193);
    low ^= low >>> 15;
    high = Math.imul(high + word, 0x85ebca6b) ^ (high >>> 13);
  }
  for (; at < length; at++) {
    low = Math.imul(low ^ message[at]!, 0x01000193);
    high = Math.imul(high + message[at]!, 0x85ebca6b) ^ (high >>> 13);
  }
  return [low, high];
}

/** The sum of a run of messages that are not changed afterwards: of their bytes, bounds and order. */
export function sumOfRun(messages: Iterable<Uint8Array>): string {
  let low = 17;
  let high = 31;
  for (const message of messages) {
    let sum = known.get(message);
    if (sum === undefined) known.set(message, sum = sumOf(message));
    low = Math.imul(low ^ sum[0], 0x9e3779b1);
    low ^= low >>> 16;
    high = Math.imul(high + sum[1], 0xc2b2ae35) ^ (high >>> 15);
  }
  return `${low >>> 0}.${high >>> 0}`;
}
