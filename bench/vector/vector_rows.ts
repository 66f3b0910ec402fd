/**
 * What is done with all elements of a vector, and the same with a plain `Float64Array`.
 *
 * @module
 */

import type { VectorReader, VectorWriter } from "../../mod.ts";
import type { Target } from "../report.ts";

/** The contestant that is no store at all. */
export const PLAIN = "float64array";

/** What the clock runs for. Its result depends on what it read or left. */
export type Step = () => number;

/** What ours works on; but for a row that starts empty both have the numbers from 0 on. */
export interface VectorStage {
  readonly writer: VectorWriter<number>;
  readonly reader: VectorReader<number>;
  readonly count: number;
}

/** One thing, done both ways: the results must be equal. */
export interface VectorRow {
  readonly name: string;
  /** Figures are in millions of elements a second. */
  readonly targets?: readonly Target[];
  readonly startsEmpty?: boolean;
  ours(stage: VectorStage): Step;
  /** On an array of the numbers from 0 on. */
  plain(array: Float64Array): Step;
}

const ACCESS: readonly Target[] = [{ figure: 10 }];

/** All rows. */
export const VECTOR_ROWS: readonly VectorRow[] = [
  {
    name: "push, in a transaction",
    targets: [{ figure: 5 }],
    startsEmpty: true,
    ours: ({ writer, count }) => () => {
      for (let i = 0; i < count; i++) writer.push(i);
      return writer.get(count - 1)!;
    },
    plain: (array) => () => {
      for (let i = 0; i < array.length; i++) array[i] = i;
      return array[array.length - 1]!;
    },
  },
  {
    name: "set, in a transaction",
    targets: ACCESS,
    ours: ({ writer, count }) => () => {
      for (let i = 0; i < count; i++) writer.set(i, i / 2);
      return writer.get(count - 1)!;
    },
    plain: (array) => () => {
      for (let i = 0; i < array.length; i++) array[i] = i / 2;
      return array[array.length - 1]!;
    },
  },
  {
    name: "get, in a transaction",
    targets: ACCESS,
    ours: ({ writer, count }) => () => sumOfGets(writer, count),
    plain: (array) => () => sumOf(array),
  },
  {
    name: "get, by a reader",
    targets: ACCESS,
    ours: ({ reader, count }) => () => sumOfGets(reader, count),
    plain: (array) => () => sumOf(array),
  },
  {
    name: "for of, by a reader",
    ours: ({ reader }) => () => sumOfWalk(reader),
    plain: (array) => () => sumOfWalk(array),
  },
  {
    name: "copy as a typed array",
    ours: ({ reader, count }) => () => typedArray(reader)[count - 1]!,
    plain: (array) => () => array.slice()[array.length - 1]!,
  },
  {
    name: "loop over that copy",
    targets: [{ against: [PLAIN], ratio: 0.5 }],
    ours({ reader }) {
      const copy = typedArray(reader);
      return () => sumOf(copy);
    },
    plain: (array) => () => sumOf(array),
  },
];

function typedArray(reader: VectorReader<number>): Float64Array {
  return reader.toTypedArray() as Float64Array;
}

function sumOf(array: Float64Array): number {
  let total = 0;
  for (let i = 0; i < array.length; i++) total += array[i]!;
  return total;
}

function sumOfGets(vector: VectorReader<number>, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += vector.get(i)!;
  return total;
}

function sumOfWalk(elements: Iterable<number>): number {
  let total = 0;
  for (const element of elements) total += element;
  return total;
}
