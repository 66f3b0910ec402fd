/**
 * A process that tells its parent things line by line, and that may be killed at any moment.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { CACHE, ROOT } from "../tools/repository.ts";
import { type Runtime, runWords } from "../tools/runtimes.ts";

const NODE_COMPILE_CACHE = join(CACHE, "node-compile");

/** How to start it. */
export interface ChildOptions {
  /** A command in front of the runtime's, for example `strace` with its flags. */
  readonly wrap?: readonly string[];
  /** Flags of the runtime. */
  readonly flags?: readonly string[];
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard output. */
  readonly onLine?: (line: string) => void;
}

/** The end of a process. */
export interface ChildEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A process of one runtime. It leads a group of its own, to which a wrapper's child belongs too. */
export class Child {
  readonly runtime: Runtime;
  readonly pid: number;
  /** Resolves when it is gone and all that it said was heard. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;
  readonly #onLine: (line: string) => void;
  #rest = "";
  #errors = "";
  #waiting: { readonly test: RegExp; readonly resolve: (line: string | undefined) => void }[] = [];

  private constructor(runtime: Runtime, child: ChildProcess, options: ChildOptions) {
    this.runtime = runtime;
    this.#child = child;
    this.#onLine = options.onLine ?? ((): void => {});
    this.pid = child.pid ?? 0;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => this.#errors += text);
    // Its death closes the pipe.
    child.stdin!.on("error", () => {});
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null): void => {
        resolve({ code: code ?? undefined, signal: signal ?? undefined });
        for (const { resolve: tell } of this.#waiting.splice(0)) tell(undefined);
      };
      child.once("close", end);
      child.once("error", (error) => {
        this.#errors += `${error}\n`;
        end(null, null);
      });
    });
  }

  /** Starts a program of the repository, by its path there. */
  static start(
    runtime: Runtime,
    program: string,
    args: readonly string[],
    options: ChildOptions = {},
  ): Child {
    const { wrap = [], flags = [], env = {} } = options;
    const [first, ...rest] = runWords(runtime.name, "none");
    // The flags of a runtime stand behind its sub-command.
    const words = runtime.name === "node"
      ? [...runWords("node", "none"), ...flags]
      : [first!, ...flags, ...rest];
    const [command, ...before] = [...wrap, runtime.path];
    const child = spawn(command!, [...before, ...words, program, ...args], {
      cwd: ROOT,
      // Node compiles all of it again otherwise.
      env: { ...process.env, NO_COLOR: "1", NODE_COMPILE_CACHE, ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    return new Child(runtime, child, options);
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** The next line that matches; `undefined` when it ends before. */
  line(test: RegExp): Promise<string | undefined> {
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  /** Gives it a line on standard input. */
  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** Ends its standard input, which asks it to end. */
  dismiss(): Promise<ChildEnd> {
    this.#child.stdin!.end();
    return this.ended;
  }

  /** Sends a signal to it and to what it started; one that is gone is no error. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
  }

  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<ChildEnd> {
    this.signal("SIGKILL");
    return this.ended;
  }

  /** Waits for its end; kills it after some time. @returns whether it ended by itself */
  async within(limitMs: number): Promise<boolean> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.signal("SIGKILL");
    }, limitMs);
    await this.ended;
    clearTimeout(timer);
    return !isLate;
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      this.#onLine(line);
      const told = this.#waiting.filter(({ test }) => test.test(line));
      this.#waiting = this.#waiting.filter((one) => !told.includes(one));
      for (const { resolve } of told) resolve(line);
    }
  }
}
