/**
 * A server under load: its own process, found by the line it prints when it is ready.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { endWithRun } from "../interruption.ts";

const START_MILLIS = 60_000;
const STOP_MILLIS = 20_000;
const ANSWER_MILLIS = 10_000;
/** How servers say where they listen: `Protocol base` is that of `durable-streams-server`. */
const LISTENING = /(?:^LISTEN|Protocol base:) http:\/\/[^/]*:(\d+)(?:\/|$)/;

/** Resident memory in bytes: now, and the most since the start or the last reset. */
export interface Memory {
  readonly resident: number;
  readonly peak: number;
}

/** A running server. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #lines: Lines;

  private constructor(child: ChildProcess, port: number, exited: Promise<void>, lines: Lines) {
    this.#child = child;
    this.port = port;
    this.#exited = exited;
    this.#lines = lines;
  }

  /** Starts a program; rejects when it ends or does not say in a minute where it listens. */
  static async start([program, ...args]: readonly string[]): Promise<ServerProcess> {
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
    endWithRun(child);
    const exited = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    const lines = new Lines(child);
    const listening = lines.next(LISTENING);
    const port = await within(START_MILLIS, [listening, exited.then(() => undefined)]);
    if (port === undefined) {
      child.kill("SIGKILL");
      throw new Error(`${[program, ...args].join(" ")} did not start (code ${child.exitCode})`);
    }
    return new ServerProcess(child, Number(port), exited, lines);
  }

  /** What Linux says of the process. */
  memory(): Memory {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)![1]) * 1024;
    return { resident: field("VmRSS"), peak: field("VmHWM") };
  }

  /**
   * Bytes that the process has passed to write calls, of files and, where its runtime uses these
   * calls for them, of sockets (proc(5), `wchar`). Not `write_bytes`: that counts the whole folio of
   * the page cache for each byte changed in it, which is many pages since file systems have large
   * folios, and twice what is written was seen.
   */
  written(): number {
    const io = readFileSync(`/proc/${this.#child.pid}/io`, "utf8");
    return Number(/^wchar: (\d+)$/m.exec(io)![1]);
  }

  /** Makes the peak the present value (proc(5): 5 written to clear_refs). */
  resetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  /** Sends a signal and gives what `answer` captures of the line that follows. */
  async ask(signal: NodeJS.Signals, answer: RegExp): Promise<string> {
    const line = this.#lines.next(answer);
    this.#child.kill(signal);
    const captured = await within(ANSWER_MILLIS, [line, this.#exited.then(() => undefined)]);
    if (captured === undefined) throw new Error(`the server did not answer ${signal}`);
    return captured;
  }

  /** SIGTERM, and SIGKILL to a server that has not ended 20 s later. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const ended = await within(STOP_MILLIS, [this.#exited.then(() => true)]);
    if (ended === undefined) {
      this.#child.kill("SIGKILL");
      await this.#exited;
    }
  }
}

/** The lines that a process prints. */
class Lines {
  #pattern: RegExp | undefined;
  #resolve: ((captured: string) => void) | undefined;

  constructor(child: ChildProcess) {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const captured = this.#pattern?.exec(line)?.[1];
      if (captured !== undefined) this.#resolve?.(captured);
    });
  }

  /** The first group of the next line that matches; one wait at a time. */
  next(pattern: RegExp): Promise<string> {
    this.#pattern = pattern;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

/** The first of `promises`, or `undefined` after `millis`. */
async function within<T>(millis: number, promises: readonly Promise<T>[]): Promise<T | undefined> {
  const timeout = new AbortController();
  const late = delay(millis, undefined, { signal: timeout.signal }).catch(() => undefined);
  try {
    return await Promise.race([...promises, late]);
  } finally {
    timeout.abort();
  }
}
