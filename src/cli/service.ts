/**
 * A store served over HTTP, from listening to the clean end.
 *
 * @module
 */

import type { HttpServer, HttpServerOptions } from "../../adapters/http/http_server.ts";
import { isHoldfastError } from "../errors.ts";
import type { HandlerOptions } from "../http/handler_options.ts";
import { createResponder } from "../http/responder.ts";
import type { StreamStore } from "../streams/stream_store.ts";
import { startHttp } from "./runtime.ts";
import { Upkeep } from "./upkeep.ts";

/** Exit code of a store that took no more writes (EX_SOFTWARE of sysexits.h). */
export const EXIT_POISONED = 70;

/** How a service is run. */
export interface ServiceOptions {
  /** Where to listen, and within which limits. */
  readonly listen: Omit<HttpServerOptions, "onError">;
  /** Options of the handler. */
  readonly handler: Omit<HandlerOptions, "signal" | "onError">;
  /** How long requests may take to end once the service stops, milliseconds. */
  readonly drainMs: number;
  /** Whether the service ends by itself when the store takes no more writes. */
  readonly exitOnFailure: boolean;
  /** How long it goes on answering before it does, so that writers hear why, milliseconds. */
  readonly failureGraceMs: number;
  /** Told of every error that is not the client's. */
  readonly report: (error: unknown) => void;
}

/** A running service. It owns its store. */
export class Service {
  /** The port it listens on. */
  readonly port: number;
  /** The exit code, once everything has ended: 0, {@linkcode EXIT_POISONED}, or 1 for a bad close. */
  readonly finished: Promise<number>;
  readonly #stopped: () => void;

  private constructor(port: number, finished: Promise<number>, stopped: () => void) {
    this.port = port;
    this.finished = finished;
    this.#stopped = stopped;
  }

  /**
   * Serves `store`, which is closed when the service ends and also when it cannot listen.
   * @throws what the runtime says when it cannot listen.
   */
  static async start(store: StreamStore, options: ServiceOptions): Promise<Service> {
    const ending = new AbortController();
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    let poisoned = false;
    const onError = (error: unknown): void => {
      options.report(error);
      if (poisoned || !isHoldfastError(error) || error.code !== "POISONED") return;
      poisoned = true;
      if (options.exitOnFailure) setTimeout(stop, options.failureGraceMs);
    };
    const responder = createResponder(store, {
      ...options.handler,
      signal: ending.signal,
      onError,
    });
    let server: HttpServer;
    try {
      server = await startHttp(responder, { ...options.listen, onError });
    } catch (error) {
      await store.close();
      throw error;
    }
    const upkeep = new Upkeep(store, onError);
    const finish = async (): Promise<number> => {
      await stopped;
      ending.abort();
      await server.stop(options.drainMs);
      await upkeep.stop();
      let exitCode = 0;
      try {
        await store.close();
      } catch (error) {
        options.report(error);
        exitCode = 1;
      }
      return poisoned ? EXIT_POISONED : exitCode;
    };
    return new Service(server.port, finish(), stop);
  }

  /** Answers those who wait, lets requests under way end, and closes the store. Idempotent. */
  stop(): void {
    this.#stopped();
  }
}
