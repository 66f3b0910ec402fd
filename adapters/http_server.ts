/**
 * What the HTTP starters of the runtimes have in common.
 *
 * @module
 */

/** A web-standard request handler. It must not reject. */
export type HttpHandler = (request: Request) => Promise<Response>;

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
  /** Judges the target of a request as sent, where the runtime shows it (Node). */
  readonly refuseTarget: (target: string) => Response | undefined;
  /** What to call when the last byte of a response was handed to the system, where that shows (Node). */
  readonly releaseOf: (response: Response) => (() => void) | undefined;
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
