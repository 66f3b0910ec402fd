/**
 * `holdfast serve`: the streams of one file, over HTTP.
 *
 * @module
 */

import process from "node:process";
import { isHoldfastError } from "../errors.ts";
import type { HandlerOptions } from "../http/handler_options.ts";
import { EmbeddedStreamStore } from "../streams/embedded_stream_store.ts";
import type { StreamStore } from "../streams/stream_store.ts";
import type { Command } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { choiceFlag, describeFlags, numberFlag, parseFlags, UsageError } from "./flags.ts";
import { platformIo } from "./runtime.ts";
import type { ServiceOptions } from "./service.ts";
import { EXIT_POISONED, Service } from "./service.ts";

/** How long a poisoned store goes on answering before the process ends, milliseconds. */
const POISONED_GRACE_MS = 1_000;

/** How long the headers of a request may take, milliseconds. */
const HEADERS_MS = 15_000;

const FLAGS: Readonly<Record<string, Flag>> = {
  data: { value: "FILE", help: "the database file; default ./data.hold" },
  host: { value: "ADDRESS", help: "address to listen on; default 127.0.0.1" },
  port: { value: "N", help: "port to listen on, 0 for a free one; default 4437" },
  durability: {
    value: "disk|os|memory",
    help: "where data is when a request is acknowledged; default disk",
  },
  "max-bytes": { value: "N", help: "quota of the file; default none" },
  "max-body-bytes": { value: "N", help: "longest request body; default 16777216" },
  "page-bytes": { value: "N", help: "bytes of messages in one answer; default 1048576" },
  "long-poll-ms": { value: "N", help: "how long a long-poll waits; default 30000" },
  "sse-ms": { value: "N", help: "when an event stream ends; default 60000" },
  "max-connections": { value: "N", help: "connections at one time (Node only); default 10000" },
  "max-requests": { value: "N", help: "requests at one time; default 10000" },
  "max-waiters": { value: "N", help: "waiting readers at one time; default 20000" },
  caching: { value: "public|private", help: "who may cache what was read; default public" },
  "allow-origin": { value: "ORIGIN", help: "Access-Control-Allow-Origin; default *" },
  "drain-ms": { value: "N", help: "how long to wait for requests when stopping; default 10000" },
  "exit-on-failure": {
    help:
      `end with exit code ${EXIT_POISONED} when the store fails; default on (--no-exit-on-failure)`,
  },
};

/** The command. */
export const SERVE: Command = {
  summary: "serve durable streams over HTTP",
  help: `Serves durable streams under /v1/stream/ and prints LISTEN http://HOST:PORT when ready.
SIGTERM and SIGINT end it: requests under way are answered and the file is closed cleanly.

Usage: holdfast serve [flags]

Flags:
${describeFlags(FLAGS)}
`,
  run: serve,
};

async function serve(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words, FLAGS);
  if (flags.operands.length > 0) throw new UsageError(`unknown operand ${flags.operands[0]}`);
  const hostname = flags.values.get("host") ?? "127.0.0.1";
  const options: ServiceOptions = {
    listen: {
      hostname,
      port: numberFlag(flags, "port", 0, 65_535) ?? 4437,
      maxConnections: numberFlag(flags, "max-connections", 1) ?? 10_000,
      headersMs: HEADERS_MS,
    },
    handler: handlerOptions(flags),
    drainMs: numberFlag(flags, "drain-ms", 0, 600_000) ?? 10_000,
    exitOnFailure: flags.values.get("exit-on-failure") !== "false",
    failureGraceMs: POISONED_GRACE_MS,
    report,
  };
  const store = await openStore(flags);
  let service: Service;
  try {
    service = await Service.start(store, options);
  } catch (error) {
    process.stderr.write(`holdfast: cannot listen on ${hostname} port ${options.listen.port}\n`);
    report(error);
    return 1;
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => service.stop());
  if (!isLoopback(hostname)) {
    process.stderr.write(
      `holdfast: warning: ${hostname} is no loopback address and there is no authentication: ` +
        "whoever reaches this port can read, write and delete every stream\n",
    );
  }
  process.stdout.write(`LISTEN http://${urlHost(hostname)}:${service.port}\n`);
  return await service.finished;
}

async function openStore(flags: ParsedFlags): Promise<StreamStore> {
  const maxBytes = numberFlag(flags, "max-bytes", 1);
  const durability = choiceFlag(flags, "durability", ["disk", "os", "memory"]) ?? "disk";
  const io = await platformIo();
  return await EmbeddedStreamStore.open(flags.values.get("data") ?? "./data.hold", {
    durability,
    database: { io, durability, ...(maxBytes === undefined ? {} : { maxBytes }) },
  });
}

function handlerOptions(flags: ParsedFlags): HandlerOptions {
  const given: [keyof HandlerOptions, number | string | undefined][] = [
    ["maxBodyBytes", numberFlag(flags, "max-body-bytes", 1)],
    ["pageBytes", numberFlag(flags, "page-bytes", 1)],
    ["longPollMs", numberFlag(flags, "long-poll-ms", 1, 3_600_000)],
    ["sseMs", numberFlag(flags, "sse-ms", 1, 3_600_000)],
    ["maxRequests", numberFlag(flags, "max-requests", 1)],
    ["maxWaiters", numberFlag(flags, "max-waiters", 1)],
    ["caching", choiceFlag(flags, "caching", ["public", "private"])],
    ["allowOrigin", flags.values.get("allow-origin")],
  ];
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as HandlerOptions;
}

function report(error: unknown): void {
  const code = isHoldfastError(error) ? `${error.code}: ` : "";
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`holdfast: ${code}${text}\n`);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d+){3}$/.test(hostname);
}

function urlHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
