/**
 * The real server, as a process of its own.
 *
 * @module
 */

import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ROOT } from "../tools/repository.ts";
import { type Runtime, runWords } from "../tools/runtimes.ts";

/** How long the server may take to listen, milliseconds. */
const START_MS = 20_000;

/** How a process ended. */
export interface Ending {
  /** Exit code, or undefined when a signal ended it. */
  readonly code: number | undefined;
  /** All it wrote to standard error. */
  readonly errors: string;
}

/** A `holdfast serve` that listens. */
export class ServerProcess {
  /** `http://HOST:PORT`, as the server printed it. */
  readonly url: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<Ending>;

  private constructor(
    url: string,
    child: ChildProcessByStdio<null, Readable, Readable>,
    ended: Promise<Ending>,
  ) {
    this.url = url;
    this.#child = child;
    this.#ended = ended;
  }

  /** Starts `holdfast serve --port 0` with more flags; resolves when it listens. */
  static start(runtime: Runtime, flags: readonly string[]): Promise<ServerProcess> {
    const main = join(ROOT, "src", "cli", "main.ts");
    const args = [...runWords(runtime.name, "none"), main, "serve", "--port", "0", ...flags];
    const child = spawn(runtime.path, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const ended = new Promise<Ending>((resolve) => {
      child.once("close", (code) => resolve({ code: code ?? undefined, errors }));
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`${runtime.name}: the server does not listen\n${errors}`));
      }, START_MS);
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const url = /^LISTEN (http:\/\/\S+)\n/m.exec(output)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(new ServerProcess(url, child, ended));
      });
      child.once("error", reject);
      ended.then(({ code }) => {
        clearTimeout(timer);
        reject(new Error(`${runtime.name}: the server ended with code ${code}\n${errors}`));
      });
    });
  }

  /** Sends a signal and waits for the end. (Deno's `child.kill` would hide the exit code.) */
  async end(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<Ending> {
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, signal);
    return await this.#ended;
  }

  /** Resolves when the process ended by itself. */
  get ended(): Promise<Ending> {
    return this.#ended;
  }
}
