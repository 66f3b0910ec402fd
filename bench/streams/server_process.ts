/**
 * A server under load: its own process, found by the line it prints when it is ready.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const START_MILLIS = 60_000;
const STOP_MILLIS = 20_000;

/** Resident memory in bytes: now, and the most since the last reset. */
export interface Memory {
  readonly resident: number;
  readonly peak: number;
}

/** A running server. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess, port: number, exited: Promise<void>) {
    this.#child = child;
    this.port = port;
    this.#exited = exited;
  }

  /** Starts `script` on this runtime; rejects when it ends or prints no `LISTEN` line in a minute. */
  static async start(script: string, args: readonly string[]): Promise<ServerProcess> {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const listening = new Promise<number>((resolve) => {
      createInterface({ input: child.stdout! }).on("line", (line) => {
        const port = /^LISTEN http:\/\/[^/]*:(\d+)\/?$/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    });
    const timeout = new AbortController();
    const port = await Promise.race([
      listening,
      exited.then(() => undefined),
      delay(START_MILLIS, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    if (port === undefined) {
      child.kill("SIGKILL");
      throw new Error(`${script} did not start (exit code ${child.exitCode})`);
    }
    return new ServerProcess(child, port, exited);
  }

  /** What Linux says of the process; the peak counts from the last `resetPeak`. */
  memory(): Memory {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)![1]) * 1024;
    return { resident: field("VmRSS"), peak: field("VmHWM") };
  }

  /** Makes the peak the present value (proc(5): 5 written to clear_refs). */
  resetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  /** SIGTERM, and SIGKILL to a server that has not ended 20 s later. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const timeout = new AbortController();
    this.#child.kill("SIGTERM");
    const ended = await Promise.race([
      this.#exited.then(() => true),
      delay(STOP_MILLIS, false, { signal: timeout.signal }).catch(() => true),
    ]);
    timeout.abort();
    if (!ended) {
      this.#child.kill("SIGKILL");
      await this.#exited;
    }
  }
}
