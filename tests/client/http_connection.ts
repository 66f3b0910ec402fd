/**
 * A keep-alive HTTP/1.1 connection for loads of small writes: one request at a time, made of bytes,
 * and of the answer only what a writer looks at.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** A request that is sent as it stands. */
export interface WriteRequest {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

interface Pending {
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
}

/** One connection. Its first failure rejects the request under way and every later one. */
export class HttpConnection {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #pending: Pending | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** Connects to a server on this machine. */
  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** Sends a request; resolves with the status once the whole answer is there. */
  send({ method, path, contentType, body }: WriteRequest): Promise<number> {
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n` +
      `Content-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#pending !== undefined) return reject(new Error("one request at a time"));
      this.#pending = { resolve, reject };
      this.#socket.write(Buffer.concat([Buffer.from(head, "latin1"), body]));
    });
  }

  /** Ends it. */
  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(this.#failure);
  }

  #receive(arrived: Buffer): void {
    const bytes = this.#rest.length === 0 ? arrived : Buffer.concat([this.#rest, arrived]);
    const headEnd = bytes.indexOf("\r\n\r\n");
    this.#rest = bytes;
    if (headEnd < 0) return;
    const head = bytes.toString("latin1", 0, headEnd + 2);
    const status = Number(head.slice(9, 12));
    const end = endOfBody(bytes, head, headEnd + 4);
    if (end === undefined || bytes.length < end) return;
    this.#rest = bytes.subarray(end);
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) this.#fail(new Error("an answer that nobody asked for"));
    else pending.resolve(status);
  }
}

/** Where the body of an answer ends; undefined while nobody can tell. */
function endOfBody(bytes: Buffer, head: string, start: number): number | undefined {
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
    return start + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  }
  for (let at = start;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2 + length + 2;
    if (length === 0) return at;
  }
}

/**
 * Sends `count` requests over `connections`, each connection the next one as soon as it is free.
 * With `shares`, connection `c` of `n` sends requests `c`, `c + n`, ... in this order.
 * @throws Error when an answer has another status than `status`.
 */
export async function sendAll(
  connections: readonly HttpConnection[],
  count: number,
  status: number,
  request: (index: number) => WriteRequest,
  { shares = false, sent }: { shares?: boolean; sent?: (index: number) => void } = {},
): Promise<void> {
  let next = 0;
  await Promise.all(connections.map(async (connection, at) => {
    let index = shares ? at : next++;
    while (index < count) {
      const wanted = request(index);
      const got = await connection.send(wanted);
      if (got !== status) throw new Error(`${wanted.method} ${wanted.path}: ${got}`);
      sent?.(index);
      index = shares ? index + connections.length : next++;
    }
  }));
}
