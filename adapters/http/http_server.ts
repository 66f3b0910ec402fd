/**
 * What the HTTP starters of the runtimes have in common.
 *
 * @module
 */

/** A web-standard request handler. It must not reject. */
export type HttpHandler = (request: Request) => Promise<Response>;

/**
 * The same without web objects, for runtimes where those are dear: what it reads is a part of
 * `Request`, what it answers makes a `Response` or less. It must not reject.
 */
export type HttpResponder = (request: HttpRequest) => Promise<HttpAnswer>;

/** The part of a web `Request` that a responder reads, and the target as it was sent. */
export interface HttpRequest {
  /** `GET` and so on. */
  readonly method: string;
  /** The absolute URL. */
  readonly url: string;
  /** The target as sent, where the server shows it: `url` may be normalised. */
  readonly target?: string;
  /** The headers; asked for in lower case. A header that was sent twice is one, joined by a comma. */
  readonly headers: Pick<Headers, "get" | "has">;
  /** The body as it arrives. To be read once, this way or the other. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborts when the client is gone before it has its answer. */
  readonly signal: AbortSignal;
  /** The whole body. Rejects when it does not come whole. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** The same as bytes, where that is cheaper. */
  bytes?(): Promise<Uint8Array>;
}

/** An answer to send. */
export interface HttpAnswer {
  /** Status code. */
  readonly status: number;
  /** All headers but those that frame the body. */
  readonly fields: Readonly<Record<string, string>>;
  /** Body, if any; as a list, the parts of one. */
  readonly body?: Uint8Array | readonly Uint8Array[] | ReadableStream<Uint8Array> | string;
  /** To be called once the system has taken the last byte of the body. */
  readonly release?: () => void;
}

/** Options of a starter. */
export interface HttpServerOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 picks a free one. */
  readonly port: number;
  /** Connections at one time, where the runtime can limit them (Node). */
  readonly maxConnections: number;
  /** How long the headers of a request may take, milliseconds, where the runtime can tell. */
  readonly headersMs: number;
  /** Told when an answer could not be sent though the client was there; its connection is cut. */
  readonly onError: (error: unknown) => void;
}

/** A server that listens. */
export interface HttpServer {
  /** The port it listens on. */
  readonly port: number;
  /**
   * Takes no more connections, waits up to `graceMs` milliseconds for the requests under way, and
   * then cuts what is left.
   */
  stop(graceMs: number): Promise<void>;
}

/** Waits for `drained`, and calls `cut` when it takes longer than `graceMs`. */
export async function drain(
  drained: Promise<unknown>,
  graceMs: number,
  cut: () => void,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      cut();
      resolve();
    }, graceMs);
  });
  try {
    await Promise.race([drained, late]);
  } finally {
    clearTimeout(timer);
  }
}
