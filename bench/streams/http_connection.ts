/**
 * A keep-alive HTTP/1.1 connection that costs little: client and server share the machine, so what
 * the client burns the server lacks. One request at a time; a request is bytes made beforehand;
 * of a response only what the load needs is parsed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** What is read from a socket at a time, unless told otherwise. */
const READ_BYTES = 256 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");

/** What the load looks at in a response. */
export interface LoadResponse {
  readonly status: number;
  /** `Stream-Next-Offset`, or the empty string. */
  readonly nextOffset: string;
  readonly upToDate: boolean;
  bodyBytes: number;
}

/** Sees the body as it arrives; the bytes are valid during the call only. */
export type BodySink = (bytes: Uint8Array) => void;

interface Pending {
  readonly resolve: (response: LoadResponse) => void;
  readonly reject: (error: Error) => void;
  readonly sink: BodySink | undefined;
}

/** Where the parser is: in the head, in a body of known length, or in a chunked one. */
type State = "head" | "length" | "chunk-size" | "chunk-data" | "chunk-end" | "trailer";

/** One connection. Its first failure rejects the pending request and every later one. */
export class HttpConnection {
  readonly #socket: Socket;
  #state: State = "head";
  #rest: Buffer = Buffer.alloc(0);
  #remaining = 0;
  #response: LoadResponse | undefined;
  #pending: Pending | undefined;
  #failure: Error | undefined;
  #received = 0;

  private constructor(port: number, readBytes: number, opened: () => void) {
    this.#socket = connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback: (length, buffer) => {
          this.#received += length;
          this.#receive(buffer.subarray(0, length) as Buffer);
          return true;
        },
      },
    }, opened);
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** Connects to a port of the loopback interface. */
  static open(port: number, readBytes: number = READ_BYTES): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const connection = new HttpConnection(port, readBytes, () => {
        connection.#pending = undefined;
        resolve(connection);
      });
      connection.#pending = { resolve: () => {}, reject, sink: undefined };
    });
  }

  /** Sends a whole request and resolves at the end of its response. */
  send(request: Uint8Array, sink?: BodySink): Promise<LoadResponse> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#pending !== undefined) return reject(new Error("one request at a time"));
      this.#pending = { resolve, reject, sink };
      this.#socket.write(request);
    });
  }

  /** Bytes that have arrived, heads and all. */
  get received(): number {
    return this.#received;
  }

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
    let bytes = this.#rest.length === 0 ? arrived : Buffer.concat([this.#rest, arrived]);
    for (;;) {
      const used = this.#step(bytes);
      if (used < 0) break;
      bytes = bytes.subarray(used);
    }
    // The socket reuses `arrived` for its next read, so what is left must be copied.
    this.#rest = bytes.length === 0 ? bytes : Buffer.from(bytes);
  }

  /** Consumes one element; returns its length, or -1 when more bytes are needed. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case "head": {
        const end = bytes.indexOf(HEAD_END);
        if (end < 0) return -1;
        this.#head(bytes.toString("latin1", 0, end + 2));
        return end + 4;
      }
      case "length":
      case "chunk-data": {
        if (bytes.length === 0) return -1;
        const length = Math.min(bytes.length, this.#remaining);
        this.#body(bytes.subarray(0, length));
        this.#remaining -= length;
        if (this.#remaining === 0) {
          if (this.#state === "length") this.#finish();
          else this.#state = "chunk-end";
        }
        return length;
      }
      case "chunk-end":
        if (bytes.length < 2) return -1;
        this.#state = "chunk-size";
        return 2;
      case "chunk-size": {
        const end = bytes.indexOf("\r\n");
        if (end < 0) return -1;
        this.#remaining = Number.parseInt(bytes.toString("latin1", 0, end), 16);
        this.#state = this.#remaining === 0 ? "trailer" : "chunk-data";
        return end + 2;
      }
      case "trailer": {
        const end = bytes.indexOf("\r\n");
        if (end < 0) return -1;
        if (end === 0) this.#finish();
        return end + 2;
      }
    }
  }

  #head(head: string): void {
    const status = Number(head.slice(9, 12));
    this.#response = {
      status,
      nextOffset: /\r\nstream-next-offset: *([^\r]*)/i.exec(head)?.[1] ?? "",
      upToDate: /\r\nstream-up-to-date: *true/i.test(head),
      bodyBytes: 0,
    };
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = "chunk-size";
      return;
    }
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#remaining = length;
    if (status === 204 || status === 304 || length === 0) this.#finish();
    else this.#state = "length";
  }

  #body(bytes: Uint8Array): void {
    this.#response!.bodyBytes += bytes.length;
    this.#pending?.sink?.(bytes);
  }

  #finish(): void {
    const response = this.#response!;
    const pending = this.#pending;
    this.#state = "head";
    this.#response = undefined;
    this.#pending = undefined;
    pending?.resolve(response);
  }
}

/** What a request has besides its method and target. */
export interface RequestContent {
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Further lines of the head, `Name: value`. */
  readonly fields?: readonly string[];
}

/** The bytes of a request to a stream path. */
export function requestBytes(
  method: "PUT" | "POST" | "GET",
  target: string,
  { body, contentType = "application/octet-stream", fields = [] }: RequestContent = {},
): Uint8Array {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", ...fields];
  if (method !== "GET") {
    lines.push(`Content-Type: ${contentType}`, `Content-Length: ${body?.length ?? 0}`);
  }
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return body === undefined ? head : Buffer.concat([head, body]);
}
