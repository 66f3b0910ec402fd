/**
 * Where a run of UTF-8 messages may end without cutting a character in two.
 *
 * @module
 */

/**
 * How many of `messages`, from the first, may be shown as one piece of text: the most whose joined
 * bytes do not end inside a character. Bytes that are not UTF-8 at all hold nothing back.
 */
export function completeMessages(messages: readonly Uint8Array[]): number {
  for (let count = messages.length; count > 0; count--) {
    if (!endsInsideCharacter(lastBytes(messages, count))) return count;
  }
  return 0;
}

/** The last three bytes (or fewer) of the first `count` messages, joined, in order. */
function lastBytes(messages: readonly Uint8Array[], count: number): number[] {
  const bytes: number[] = [];
  for (let i = count - 1; i >= 0 && bytes.length < 3; i--) {
    const message = messages[i];
    if (message === undefined) break;
    for (let at = message.length - 1; at >= 0 && bytes.length < 3; at--) {
      bytes.push(message[at] ?? 0);
    }
  }
  return bytes.reverse();
}

/** Whether the bytes end with the beginning of a longer well-formed sequence. */
function endsInsideCharacter(tail: readonly number[]): boolean {
  for (let back = 1; back <= tail.length; back++) {
    const byte = tail[tail.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return byte <= 0xf4 && needed > back;
  }
  return false;
}
