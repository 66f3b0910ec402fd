/**
 * A Rust engine in a process of its own (`bench/compare/rust`), asked line by line.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endWithRun } from "../interruption.ts";

/** What a row took in the process, and what it saw there. */
export interface RustFigure {
  readonly seconds: number;
  readonly hash: number;
  /** Entries, records, or bytes of keys. */
  readonly seen: number;
}

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** One request at a time. A failure rejects the request that waits and every later one. */
export class RustProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(line);
    });
    child.stdin!.on("error", (error) => this.#fail(error));
    child.once("error", (error) => this.#fail(error));
    this.#exited = new Promise((resolve) => {
      child.once("close", (code) => {
        this.#fail(new Error(`the process ended with code ${code}`));
        resolve(code);
      });
    });
  }

  /** Starts an engine on a folder; `digest` is what it must compute over the values. */
  static async start(
    program: string,
    engine: string,
    folder: string,
    digest: number,
  ): Promise<RustProcess> {
    const child = spawn(program, [engine, folder], { stdio: ["pipe", "pipe", "inherit"] });
    endWithRun(child);
    const process = new RustProcess(child);
    if (await process.#nextLine() !== `ready ${digest}`) {
      await process.close();
      throw new Error(`${engine} makes other keys or values`);
    }
    return process;
  }

  /** Sends a request, and bytes that belong to it. */
  async ask(request: string, bytes?: Uint8Array): Promise<RustFigure> {
    const answer = this.#nextLine();
    this.#child.stdin!.write(`${request}\n`);
    if (bytes !== undefined) this.#child.stdin!.write(bytes);
    const line = await answer;
    const [seconds, hash, seen] = line.split(" ").map(Number);
    if (!Number.isInteger(seen)) throw new Error(`${request}: ${line}`);
    return { seconds: seconds!, hash: hash!, seen: seen! };
  }

  /** Ends the input, at which the engine closes its store; rejects unless that went well. */
  async close(): Promise<void> {
    this.#child.stdin!.end();
    const code = await this.#exited;
    if (code !== 0) throw new Error(`the process ended with code ${code}`);
  }

  #nextLine(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting = { resolve, reject };
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }
}
