/**
 * Offsets: positions in a stream as text.
 *
 * An offset is `MMMMMMMMMMMMMMMM_BBBBBBBBBBBBBBBB`, two decimal numbers of 16 digits: the messages
 * before the position, and the bytes of those messages. Both are counted from the beginning of the
 * stream; a fork goes on counting where its source was cut, so that both share their offsets. The
 * first number alone orders them and says where to look; the second must agree with the stored data,
 * so that an offset that lies inside a message, or comes from another stream, is refused. Fixed
 * width makes the order of the text that of the positions.
 *
 * @module
 */

/** A position between two messages of a stream. */
export interface Position {
  /** Messages before it. */
  readonly message: number;
  /** Bytes of these messages. */
  readonly byte: number;
}

/** The position before the first message. */
export const START: Position = { message: 0, byte: 0 };

/** The offset of the beginning of every stream. */
export const START_OFFSET = "0000000000000000_0000000000000000";

const ZEROS = "0000000000000000";
const SHAPE = /^\d{16}_\d{16}$/;

/** The offset of a position. */
export function formatOffset(position: Position): string {
  return `${digits(position.message)}_${digits(position.byte)}`;
}

/** The position of an offset, or `undefined` if the text is none. */
export function parseOffset(text: string): Position | undefined {
  if (!SHAPE.test(text)) return undefined;
  const message = Number(text.slice(0, 16));
  const byte = Number(text.slice(17));
  if (message > Number.MAX_SAFE_INTEGER || byte > Number.MAX_SAFE_INTEGER) return undefined;
  return { message, byte };
}

function digits(value: number): string {
  // PERF: two thirds of the time of padStart (Node and Deno, 2026-11-22).
  const text = String(value);
  return ZEROS.slice(text.length) + text;
}
