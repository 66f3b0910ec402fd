/** Bugs of the stream store. */

import { type Mutant, mutant, mutantOf } from "./mutant.ts";

const APPEND = "src/streams/append.ts";
const CREATE = "src/streams/create.ts";
const LANE = "src/streams/lane.ts";

/** Planted bugs of what a stream keeps in one commit, and of when it answers. */
export const streamsMutants: readonly Mutant[] = [
  mutantOf("changes of streams are acknowledged before they are durable", [
    { file: LANE, find: "? { isolation }\n", replace: '? { isolation, durability: "memory" }\n' },
    {
      file: LANE,
      find: ": { durability: this.#durability, isolation },",
      replace: ': { durability: "memory", isolation },',
    },
  ], "streams group on one"),
  mutant(
    "what a producer has sent is not kept with its messages",
    APPEND,
    "    tables.producers.put(producerKey(config.number, producer), encodeProducer(producer));\n",
    "",
    "streams producers",
  ),
  mutant(
    "an append does not keep its stream sequence",
    APPEND,
    "sequence: sequence ?? state.sequence",
    "sequence: state.sequence",
    "streams conditions",
  ),
  mutant(
    "a stream does not know which request has closed it",
    APPEND,
    "closedBy: closed ? producer : undefined",
    "closedBy: undefined",
    "streams close and recreate",
  ),
  mutant(
    "a fork takes no reference to its source",
    CREATE,
    "references: source.references + 1",
    "references: source.references",
    "streams forks",
  ),
];
