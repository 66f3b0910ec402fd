/**
 * Durable streams with idempotent producers. Each worker has one stream at a time, which lives for
 * some steps; the one before it is deleted.
 *
 * The first step of a life creates the stream with a message, each later one appends one, or two at
 * once.
 *
 * @module
 */

import { EmbeddedStreamStore, type IoAdapter, IoError, type StreamStore } from "../../../mod.ts";
import { originOf, payload } from "../payload.ts";
import { demand, type Scene, WORKERS, Wrong } from "../scene.ts";

/** Steps of a stream. */
const LIFE = 20;
const BATCH_STEP = 5;

interface Outcome {
  readonly outcome: "done" | "refused";
  readonly refusal?: { readonly reason: string };
}

const lifeOf = (number: number): number => Math.floor((number - 1) / LIFE);
const nameOf = (worker: number, life: number): string => `${worker}/${life}`;
const isFirst = (number: number): boolean => (number - 1) % LIFE === 0;
const isBatch = (number: number): boolean => !isFirst(number) && number % BATCH_STEP === 0;

function messagesOf(worker: number, number: number): Uint8Array[] {
  return Array<Uint8Array>(isBatch(number) ? 2 : 1).fill(payload({ worker, number }));
}

/** Passes what is done; a full disk is an error as elsewhere. */
function done<T extends Outcome>(outcome: T): T & { readonly outcome: "done" } {
  if (outcome.outcome === "done") return outcome as T & { readonly outcome: "done" };
  if (outcome.refusal?.reason === "no-space") throw new IoError("NO_SPACE", "refused");
  throw new Wrong(`refused: ${JSON.stringify(outcome.refusal)}`);
}

/** Opens the store. */
export async function openStreams(io: IoAdapter, folder: string): Promise<Scene> {
  const store = await EmbeddedStreamStore.open(`${folder}/data.hold`, {
    database: { io, cacheBytes: 1024 * 1024, logBytes: 512 * 1024 },
  });
  const scene = new StreamsScene(store);
  await scene.look();
  return scene;
}

class StreamsScene implements Scene {
  readonly counts: number[] = Array(WORKERS).fill(0);
  readonly #store: StreamStore;

  constructor(store: StreamStore) {
    this.#store = store;
  }

  /** Reads and compares everything. */
  async look(): Promise<void> {
    const lives: number[][] = this.counts.map(() => []);
    for (const { name } of (await this.#store.list()).streams) {
      const [worker, life] = name.split("/").map(Number) as [number, number];
      lives[worker]!.push(life);
    }
    for (const [worker, all] of lives.entries()) {
      all.sort((a, b) => a - b);
      const last = all.at(-1);
      if (last === undefined) continue;
      for (const life of all) {
        const count = await this.#read(worker, life);
        const isWhole = life === last ? count > life * LIFE : count === (life + 1) * LIFE;
        demand(isWhole, `stream ${nameOf(worker, life)} ends with step ${count}`);
        this.counts[worker] = count;
      }
      // What the last process did not come to.
      for (const life of all.slice(0, -1)) done(await this.#store.delete(nameOf(worker, life)));
      await this.#repeat(worker);
    }
  }

  async step(worker: number, number: number): Promise<void> {
    const messages = messagesOf(worker, number);
    const name = nameOf(worker, lifeOf(number));
    if (isFirst(number)) {
      done(await this.#store.create(name, { messages }));
      return;
    }
    const seq = (number - 1) % LIFE - 1;
    done(await this.#store.append(name, messages, { producer: { id: "p", epoch: 0, seq } }));
  }

  async tend(worker: number, number: number): Promise<void> {
    if (!isFirst(number) || number === 1) return;
    done(await this.#store.delete(nameOf(worker, lifeOf(number) - 1)));
    await this.#store.sweep();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /** @returns the last step in it */
  async #read(worker: number, life: number): Promise<number> {
    let wanted = life * LIFE;
    let missing = 0;
    for (let offset = "-1";;) {
      const page = done(await this.#store.read(nameOf(worker, life), offset));
      for (const bytes of page.messages) {
        if (missing === 0) missing = isBatch(++wanted) ? 2 : 1;
        missing--;
        const origin = originOf(bytes);
        const isRight = origin.worker === worker && origin.number === wanted;
        demand(isRight, `step ${origin.number} of ${origin.worker} instead of ${wanted}`);
      }
      offset = page.nextOffset;
      if (page.upToDate) break;
    }
    demand(missing === 0, `step ${wanted} of worker ${worker} is there in part`);
    return wanted;
  }

  /** A request that was answered is a duplicate: what its producer knows came with its messages. */
  async #repeat(worker: number): Promise<void> {
    const number = this.counts[worker]!;
    if (isFirst(number)) return;
    const producer = { id: "p", epoch: 0, seq: (number - 1) % LIFE - 1 };
    const messages = messagesOf(worker, number);
    const again = done(
      await this.#store.append(nameOf(worker, lifeOf(number)), messages, { producer }),
    );
    demand(again.duplicate, `step ${number} of worker ${worker} was taken twice`);
  }
}
