/** A workload of streams as the campaigns want it. */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { Change } from "./streams_changes.ts";
import type { StreamsHistory } from "./streams_history.ts";
import { type JudgedStreams, judgeStreams } from "./streams_judge.ts";
import { openStreams, StreamsSession, type StreamsSettings } from "./streams_session.ts";
import type { Death, Recovered, Subject, Witness } from "../subject.ts";

/** What a subject does with its store. */
export type StreamsWork = (session: StreamsSession) => Promise<void>;

/** A subject that runs `work` on a new store. */
export function streamsSubject(
  name: string,
  work: StreamsWork,
  settings: StreamsSettings,
  disk: SimulatedDiskOptions = {},
): Subject {
  return {
    name: `streams ${name}`,
    structure: "streams",
    disk,
    async play(on: SimulatedDisk, random: Prng): Promise<Witness> {
      const session = new StreamsSession(on, settings, random);
      await session.run(async () => {
        await session.open();
        await work(session);
      });
      return witness(settings, session.history, session.now);
    },
  };
}

function witness(settings: StreamsSettings, history: StreamsHistory, now: number): Witness {
  return {
    async judge(disk: SimulatedDisk, death: Death): Promise<Recovered> {
      const judged = await judgeStreams(disk, settings, history, death, now);
      return {
        content: judged.content,
        proceed: (random) => proceed(disk, settings, judged, random),
      };
    },
    async recover(disk: SimulatedDisk): Promise<void> {
      await openStreams(disk, settings, { now });
    },
  };
}

async function proceed(
  disk: SimulatedDisk,
  settings: StreamsSettings,
  { open, model, prefix }: JudgedStreams,
  random: Prng,
): Promise<Witness> {
  const session = new StreamsSession(disk, settings, random, { open, model });
  const lost = prefix.entries.slice(prefix.length).map(({ change }) => change);
  await session.run(() => again(session, prefix.entries.map(({ change }) => change), lost));
  return witness(settings, session.history, session.now);
}

/** What clients do after a crash: they send again what was not answered, and then go on. */
async function again(
  session: StreamsSession,
  all: readonly Change[],
  lost: readonly Change[],
): Promise<void> {
  const { random } = session;
  if (random.below(3) === 0) return await rest(session);
  // Other bytes of the same lengths end where the lost ones ended.
  const fresh = random.below(2) === 0;
  await Promise.all(lost.map((change) => send(session, change, fresh)));
  const requests = all.filter((change) =>
    change.kind === "append" && change.options.producer !== undefined
  );
  await Promise.all(requests.slice(-4).map((change) => send(session, change, false)));
  if (random.below(2) === 0) await session.checkpoint();
  await session.create("again", { messages: session.messages(random.below(700)) });
  await Promise.all(
    [0, 1, 2].map((seq) =>
      session.append("again", session.messages(random.below(1500)), {
        producer: { id: "again", epoch: 1, seq },
      })
    ),
  );
  await session.look("again");
  if (random.below(2) === 0) await session.sweep();
  if (random.below(2) === 0) await rest(session);
}

/** A clean close, and what is there some time later. */
async function rest(session: StreamsSession): Promise<void> {
  session.now += 50_000;
  await session.close();
  session.now += 5000;
  await session.open();
  for (const name of session.history.base.names) await session.touch(name);
}

function send(session: StreamsSession, change: Change, fresh: boolean): Promise<unknown> {
  switch (change.kind) {
    case "create":
      return session.create(change.name, change.options);
    case "append": {
      const { name, messages, options } = change;
      const lengths = messages.map(({ length }) => length);
      return session.append(name, fresh ? session.messages(...lengths) : messages, options);
    }
    case "delete":
      return session.delete(change.name);
  }
  return Promise.resolve();
}
