/** First 16 bytes of our files: line ends show a text-mode transfer, the last three the kind. */
export function fileMagic(kind: string): Uint8Array {
  return new TextEncoder().encode(`_HOLDFAST\r\n\x1a\n${kind}`).fill(0x89, 0, 1);
}
