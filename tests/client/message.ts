/**
 * Numbered messages whose whole text follows from writer and number, so that a reader can tell
 * every change of a byte.
 *
 * @module
 */

/** How a stream carries messages: as JSON values, or as lines of text. */
export type Kind = "json" | "text";

/** The content type of each kind. */
export const CONTENT_TYPES: Readonly<Record<Kind, string>> = {
  json: "application/json",
  text: "text/plain",
};

/** One message. */
export interface Message {
  readonly writer: string;
  /** Unique within a run, and growing for each writer. */
  readonly number: number;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 \u00e4\u20ac";

/** Mostly small; some fill pages, and a few are beyond 64 KiB, where values take another way. */
function paddingLength(number: number): number {
  if (number % 701 === 0) return 90_000;
  if (number % 53 === 0) return 6_000;
  return (number * 37) % 150;
}

function padding(number: number): string {
  const length = paddingLength(number);
  const turn = number % ALPHABET.length;
  const turned = ALPHABET.slice(turn) + ALPHABET.slice(0, turn);
  return turned.repeat(Math.ceil(length / turned.length)).slice(0, length);
}

/** The message as it is sent: a JSON value, or a line with its end. */
export function encodeMessage(kind: Kind, { writer, number }: Message): string {
  if (kind === "json") return JSON.stringify({ writer, number, padding: padding(number) });
  return `${writer} ${number} ${padding(number)}\n`;
}

/** A value that was read from a JSON stream. Throws when a byte of it changed. */
export function decodeValue(value: unknown): Message {
  const { writer, number } = value as Message;
  const message = { writer: String(writer), number: Number(number) };
  if (JSON.stringify(value) !== encodeMessage("json", message)) {
    throw new Error(`a message changed: ${JSON.stringify(value).slice(0, 200)}`);
  }
  return message;
}

/** Lines that were read from a text stream. Throws when a byte of them changed. */
export function decodeText(text: string): Message[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the text ends within a line");
  return lines.map((line) => {
    const [writer = "", number] = line.split(" ", 2);
    const message = { writer, number: Number(number) };
    if (`${line}\n` !== encodeMessage("text", message)) {
      throw new Error(`a line changed: ${line.slice(0, 200)}`);
    }
    return message;
  });
}
