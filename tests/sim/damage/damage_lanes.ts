/**
 * Lanes of the damage campaign: processes that share its work, each watched from outside. One that
 * stands still is killed, one that dies is begun again behind what it died of; both are violations.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type RuntimeName, runWords } from "../../tools/runtimes.ts";
import { RUNNING } from "../../io/running_io.ts";
import type { DamagePlace, DamageRow } from "./damage_campaign.ts";
import type { GoldenStore } from "../golden/golden_store.ts";
import type { Kind, Values } from "./mutations.ts";

/** What a lane is told. */
export interface LaneOrder {
  /** The file that exports `goldenStores`, beside this one. */
  readonly module: string;
  /** Names of the stores; none: all. */
  readonly stores: readonly string[];
  /** Stores of this state alone. */
  readonly state: string | undefined;
  /** Mutations of all goldens together; none: all there are. */
  readonly runs: number | undefined;
  /** These kinds alone; none: all. */
  readonly kinds: readonly Kind[];
  readonly values: Values;
  readonly seed: number;
  readonly lane: number;
  readonly lanes: number;
  /** The first golden to do. */
  readonly from: number;
  readonly skips: readonly DamagePlace[];
  /** Where it says which mutation it is at. */
  readonly placeFile: string;
}

/** What the lanes did together. */
export interface LanesReport {
  readonly rows: readonly DamageRow[];
  readonly hangs: number;
  readonly deaths: number;
}

/** How long a lane may stand still, with other processes beside it. */
export const HANG_MS = 60_000;
/** How often it is looked at. */
const LOOK_MS = 500;
/** A lane that dies more often is given up. */
const DEATHS_MAX = 20;

/** The golden stores of these names and in this state. */
export async function chosenStores(
  { module, stores: names, state }: Pick<LaneOrder, "module" | "stores" | "state">,
): Promise<GoldenStore[]> {
  const { goldenStores }: { goldenStores: readonly GoldenStore[] } = await import(
    new URL(module, import.meta.url).href
  );
  return goldenStores
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ build, ...rest }) => ({
      ...rest,
      build: async () =>
        (await build()).filter((golden) => state === undefined || golden.state === state),
    }));
}

/** Runs the lanes to their end. */
export async function runLanes(
  order: Omit<LaneOrder, "lane" | "from" | "skips" | "placeFile">,
  onProgress: (done: number, stores: number) => void,
  onRow: (row: DamageRow) => void = () => {},
  hangMs: number = HANG_MS,
): Promise<LanesReport> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-damage-"));
  try {
    const lanes = Array.from(
      { length: order.lanes },
      (_, lane) => new Lane(folder, { ...order, lane }, hangMs),
    );
    const rows: DamageRow[] = [];
    const tell = (): void => {
      // A store is done when every lane has done its part.
      const done = Math.min(...lanes.map((lane) => lane.rows.length));
      for (let at = rows.length; at < done; at++) {
        rows.push(lanes.map((lane) => lane.rows[at]!).reduce(add));
        onRow(rows[at]!);
      }
      onProgress(lanes.reduce((sum, lane) => sum + lane.done, 0), rows.length);
    };
    const told = setInterval(tell, LOOK_MS);
    try {
      await Promise.all(lanes.map((lane) => lane.run()));
    } finally {
      clearInterval(told);
    }
    tell();
    return {
      rows,
      hangs: lanes.reduce((sum, { hangs }) => sum + hangs, 0),
      deaths: lanes.reduce((sum, { deaths }) => sum + deaths, 0),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process after the other, until the work is done. */
class Lane {
  readonly rows: DamageRow[] = [];
  hangs = 0;
  deaths = 0;
  /** Mutations begun. */
  done = 0;
  readonly #order: Omit<LaneOrder, "from" | "skips">;
  readonly #skips: DamagePlace[] = [];
  readonly #hangMs: number;
  #before = 0;

  constructor(
    folder: string,
    order: Omit<LaneOrder, "from" | "skips" | "placeFile">,
    hangMs: number,
  ) {
    this.#hangMs = hangMs;
    this.#order = { ...order, placeFile: join(folder, `lane-${order.lane}`) };
  }

  async run(): Promise<void> {
    while (!await this.#once()) {
      const place = this.#place();
      if (place === undefined || this.hangs + this.deaths > DEATHS_MAX) {
        throw new Error("a lane of the damage campaign does not run");
      }
      this.#skips.push(place);
      this.#before = this.done;
    }
  }

  /** @returns whether it came to its end */
  async #once(): Promise<boolean> {
    const order: LaneOrder = { ...this.#order, from: this.rows.length, skips: this.#skips };
    rmSync(order.placeFile, { force: true });
    const program = fileURLToPath(new URL("damage_lane.ts", import.meta.url));
    const words = [...runWords(RUNNING as RuntimeName, "none"), program, JSON.stringify(order)];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      const lines = `${text}${chunk}`.split("\n");
      text = lines.pop()!;
      this.rows.push(...lines.map((line) => JSON.parse(line)));
    });
    let seen = -1;
    let since = Date.now();
    let isHung = false;
    const watch = setInterval(() => {
      const steps = this.#steps();
      this.done = this.#before + steps;
      if (steps !== seen) since = Date.now();
      seen = steps;
      // It takes a while to begin.
      if (Date.now() - since < (steps === 0 ? HANG_MS : this.#hangMs)) return;
      isHung = true;
      child.kill("SIGKILL");
    }, LOOK_MS);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    this.done = this.#before + this.#steps();
    if (isHung) this.hangs++;
    else if (code !== 0) this.deaths++;
    return !isHung && code === 0;
  }

  #steps(): number {
    return this.#read()?.[2] ?? 0;
  }

  #place(): DamagePlace | undefined {
    const read = this.#read();
    return read === undefined ? undefined : { golden: read[0]!, index: read[1]! };
  }

  #read(): Float64Array | undefined {
    try {
      const bytes = new Uint8Array(readFileSync(this.#order.placeFile));
      return bytes.length === 24 ? new Float64Array(bytes.slice().buffer) : undefined;
    } catch {
      // It has not begun.
      return undefined;
    }
  }
}

/** Two parts of one store. */
function add(a: DamageRow, b: DamageRow): DamageRow {
  const codes: Record<string, number> = { ...a.codes };
  for (const [code, count] of Object.entries(b.codes)) codes[code] = (codes[code] ?? 0) + count;
  return {
    ...a,
    runs: a.runs + b.runs,
    changed: a.changed + b.changed,
    cuts: a.cuts + b.cuts,
    right: a.right + b.right,
    errors: a.errors + b.errors,
    tail: a.tail + b.tail,
    lastWrite: a.lastWrite + b.lastWrite,
    absent: a.absent + b.absent,
    codes,
    violations: [...a.violations, ...b.violations],
  };
}
