/**
 * What was asked of a store of streams, in the order in which it takes effect, and what it answered.
 * After a death the store must be as after some prefix of that order: with all that was answered,
 * and all that a reader saw, because answers and readers wait until what they tell is durable.
 */

import type { Page } from "../../../src/streams/stream_store.ts";
import { type Answer, applyChange, type Change } from "./streams_changes.ts";
import { incarnationOf, offsetText, StreamsModel } from "./streams_model.ts";
import { type Death, LostError } from "../subject.ts";
import { sumOfRun } from "./streams_sums.ts";

/** A call. */
export interface Entry {
  readonly change: Change;
  /** The time of the call. */
  readonly now: number;
  answer?: Answer;
  /** Nobody knows whether it was done. */
  rejected?: boolean;
}

/** A stream as a reader saw it, from its beginning to its tail. */
interface Sight {
  readonly incarnation: string;
  readonly offset: string;
  readonly sum: string;
}

/** A state in which the store may be found. */
export interface Prefix {
  readonly entries: readonly Entry[];
  readonly length: number;
}

/** The calls that count, in order, and what the store may hold after each number of them. */
interface Course {
  readonly entries: readonly Entry[];
  /** By length of the prefix. */
  readonly states: readonly { readonly content: string; readonly clean: boolean }[];
  /** Length of the shortest prefix that may be found, by death. */
  readonly required: Readonly<Record<Death, number>>;
}

/** The calls of one run. */
export class StreamsHistory {
  readonly base: StreamsModel;
  /** What the store holds if all that was asked for is done. */
  readonly latest: StreamsModel;
  readonly #survives: Death;
  readonly #entries: Entry[] = [];
  readonly #sights: Sight[] = [];
  /** The calls that may have counted, the likeliest first, and what follows from each choice. */
  #selections: (readonly Entry[])[] | undefined;
  #courses: Course[] = [];

  /** `survives`: what an answer promises to survive. `base`: what the store certainly holds. */
  constructor(survives: Death, base: StreamsModel = new StreamsModel()) {
    this.base = base;
    this.latest = new StreamsModel(base);
    this.#survives = survives;
  }

  /** A call that is made now. */
  attempt(change: Change, now: number): Entry {
    const entry = { change, now };
    this.#forget();
    this.#entries.push(entry);
    applyChange(this.latest, change, now);
    return entry;
  }

  /** A page from the beginning to the tail. */
  saw(page: Page): void {
    this.#forget();
    const { incarnation, nextOffset } = page;
    this.#sights.push({ incarnation, offset: nextOffset, sum: sumOfRun(page.messages) });
  }

  /**
   * Compares all answers with those that had to be given.
   * @throws for a wrong one, and for a sight that no prefix explains.
   */
  verify(): void {
    this.#possible().next();
  }

  /** The longest prefix that was found, if it may be found after such a death. */
  match(content: string, clean: boolean, death: Death): Prefix | undefined {
    for (const { entries, states, required } of this.#possible()) {
      for (let length = entries.length; length >= required[death]; length--) {
        const state = states[length]!;
        // The mark of a clean close may be missing: an opening takes it away that a power cut ends
        // then, and a close does without it when the power goes.
        const opened = state.clean && length === entries.length;
        if ((state.clean === clean || opened) && state.content === content) {
          return { entries, length };
        }
      }
    }
    return undefined;
  }

  /** Says how what was found, which matches nothing, differs from the nearest prefix. */
  mismatch(content: string, clean: boolean, death: Death): Error {
    const [course] = this.#possible();
    const { entries, states, required } = course!;
    const where = `prefix ${required[death]}..${entries.length}`;
    const older = states.findLastIndex((one) => one.clean === clean && one.content === content);
    if (older >= 0) return new LostError(`it is that after ${older} calls, none of ${where}`);
    const found = content.split("\n");
    let best: string[] = [];
    for (let length = entries.length; length >= required[death]; length--) {
      const wanted = states[length]!.content.split("\n");
      const differences = [
        ...wanted.filter((line) => !found.includes(line)).map((line) => `wanted ${line}`),
        ...found.filter((line) => !wanted.includes(line)).map((line) => `found ${line}`),
      ];
      if (length === entries.length || differences.length < best.length) {
        best = [`nearest is ${length} of ${where}, clean ${states[length]!.clean}`, ...differences];
      }
    }
    return new Error(`it (clean ${clean}) is that after no prefix: ${best.join("\n  ")}`);
  }

  /** The model after a prefix. */
  modelAt({ entries, length }: Prefix): StreamsModel {
    const model = new StreamsModel(this.base);
    for (const { change, now } of entries.slice(0, length)) applyChange(model, change, now);
    return model;
  }

  #forget(): void {
    this.#selections = undefined;
    this.#courses = [];
  }

  /** The courses that the answers allow, each made when it is asked for. At least one. */
  *#possible(): Generator<Course> {
    this.#selections ??= this.#select();
    let failure: unknown;
    let isNone = true;
    for (const [at, entries] of this.#selections.entries()) {
      try {
        const course = this.#courses[at] ??= this.#course(entries);
        isNone = false;
        yield course;
      } catch (error) {
        failure ??= error;
      }
    }
    if (isNone) throw failure;
  }

  /**
   * Left out is what was refused for want of space, and what was rejected before something later was
   * answered; but a sweep has several steps, and may have taken some. Of what was rejected at the end
   * all may have been done, or all from some call on: those before it have failed by themselves.
   */
  #select(): (readonly Entry[])[] {
    const all = this.#entries.filter((entry) => !isRefusedForSpace(entry));
    const answered = all.findLastIndex(({ answer }) => answer !== undefined);
    const chosen = new Map<string, readonly Entry[]>();
    for (let from = answered + 1; from <= all.length; from++) {
      for (const isSwept of [false, true]) {
        const kept = all.map(({ change, rejected }, at) =>
          rejected !== true || (at > answered ? at >= from : isSwept && change.kind === "sweep")
        );
        chosen.set(kept.join(), all.filter((_, at) => kept[at]));
      }
    }
    return [...chosen.values()];
  }

  #course(entries: readonly Entry[]): Course {
    const model = new StreamsModel(this.base);
    const states = [{ content: model.content(), clean: model.clean }];
    const open = new Set(this.#sights);
    const required = { power: 0, process: 0 };
    const look = (length: number): void => {
      for (const sight of open) {
        if (!shows(model, sight)) continue;
        open.delete(sight);
        require(length);
      }
    };
    const require = (length: number, survives: Death = this.#survives): void => {
      required.process = Math.max(required.process, length);
      if (survives === "power") required.power = Math.max(required.power, length);
    };
    look(0);
    for (const [at, { change, now, answer }] of entries.entries()) {
      const wanted = canonical(applyChange(model, change, now));
      if (answer !== undefined) {
        const given = canonical(answer);
        if (given !== wanted) {
          throw new Error(`${describeChange(change)} answered ${given}, not ${wanted}`);
        }
        require(at + 1, change.kind === "close" ? "power" : this.#survives);
      }
      states.push({ content: model.content(), clean: model.clean });
      look(at + 1);
    }
    for (const { incarnation, offset } of open) {
      throw new Error(`a reader saw ${incarnation} up to ${offset}, as it never was`);
    }
    return { entries, states, required };
  }
}

function isRefusedForSpace({ answer }: Entry): boolean {
  return answer?.outcome === "refused" && answer.refusal.reason === "no-space";
}

function shows(model: StreamsModel, { incarnation, offset, sum }: Sight): boolean {
  for (const { number, createdAt, messages, bytes } of model.streams.values()) {
    if (incarnationOf(number, createdAt) !== incarnation) continue;
    return offsetText(messages.length, bytes) === offset && sumOfRun(messages) === sum;
  }
  return false;
}

/** An answer as text, whatever the order of its members. */
function canonical(answer: Answer): string {
  return JSON.stringify(
    answer,
    (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
}

/** A call as text. */
export function describeChange(change: Change): string {
  return JSON.stringify(
    change,
    (_, value: unknown) => value instanceof Uint8Array ? `${value.length} bytes` : value,
  );
}
