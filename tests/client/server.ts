/**
 * `holdfast serve` as a process of its own that may be killed at any moment, start-up included.
 *
 * @module
 */

import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ROOT } from "../tools/repository.ts";
import { type Runtime, runWords } from "../tools/runtimes.ts";

/** How long the server may take to listen or to stop, milliseconds. */
const PATIENCE_MS = 20_000;

/** A server process. */
export class Server {
  /** Its process number. */
  readonly pid: number;
  /** Resolves with `http://HOST:PORT` when it listens; rejects when it ends before. */
  readonly listening: Promise<string>;
  /** Resolves with its exit code when it is gone; `undefined` when a signal ended it. */
  readonly ended: Promise<number | undefined>;
  #output = "";
  #errors = "";

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      child.once("close", (code) => resolve(code ?? undefined));
      child.once("error", () => resolve(undefined));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.listening = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the server does not listen\n${this.#errors}`));
      }, PATIENCE_MS);
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        const url = this.#url();
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
      this.ended.then((code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with code ${code}\n${this.#errors}`));
      });
    });
    // A start that is killed on purpose is nobody's error.
    this.listening.catch(() => undefined);
  }

  /** Begins `holdfast serve` with `flags`; it does not listen yet. */
  static begin(runtime: Runtime, flags: readonly string[]): Server {
    const main = join(ROOT, "src", "cli", "main.ts");
    const args = [...runWords(runtime.name, "none"), main, "serve", ...flags];
    return new Server(spawn(runtime.path, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Whether it has said that it listens. */
  get isListening(): boolean {
    return this.#url() !== undefined;
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** What each of its open descriptors leads to; empty where there is no `/proc`. */
  descriptors(): string[] {
    const folder = `/proc/${this.pid}/fd`;
    try {
      return readdirSync(folder).map((name) => {
        try {
          return readlinkSync(join(folder, name));
        } catch (error) {
          if (isAbsent(error)) return "";
          throw error;
        }
      });
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(): Promise<void> {
    try {
      process.kill(this.pid, "SIGKILL");
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
    await this.ended;
  }

  /** Asks it to stop; gives its exit code, undefined when it had to be killed. */
  async stop(): Promise<number | undefined> {
    process.kill(this.pid, "SIGTERM");
    const timer = setTimeout(() => process.kill(this.pid, "SIGKILL"), PATIENCE_MS);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }

  #url(): string | undefined {
    return /^LISTEN (http:\/\/\S+)\n/m.exec(this.#output)?.[1];
  }
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes((error as { code?: string }).code ?? "");
}
