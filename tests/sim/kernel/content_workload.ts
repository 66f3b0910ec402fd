/** Blobs put at once and by streams, put again, deleted, and collected as garbage. */

import { collectGarbage, ContentId, type Transaction } from "../../../mod.ts";
import { Prng } from "../../../src/base/prng.ts";
import type { Write } from "./oracle.ts";
import type { Session } from "./session.ts";
import { blobStore } from "./sim_structures.ts";

const KIB = 1024;

/** Lengths of blobs: nothing, pieces, a value in the log, one in pages, several of them. */
const LENGTHS = [0, 900, 2500, 5 * KIB, 80 * KIB, 256 * KIB + 70 * KIB];

/** One of some blobs that come again and again. */
function blob(session: Session, lengths = LENGTHS): Uint8Array {
  const { random } = session;
  const bytes = new Uint8Array(lengths[random.below(lengths.length)]!);
  new Prng(random.below(2)).fill(bytes);
  return bytes;
}

function put(session: Session): Write {
  return { structure: "blobs", key: "", value: blob(session, LENGTHS.slice(0, 5)) };
}

/** Puts a stream, and sometimes removes it again. */
async function inflow(
  session: Session,
  tx: Transaction,
  value: Uint8Array = blob(session, LENGTHS.slice(3)),
): Promise<Write[]> {
  const { random } = session;
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const end = Math.min(value.length, at + 100 * KIB);
      controller.enqueue(value.subarray(at, end));
      at = end;
      if (at === value.length) controller.close();
    },
  }, { highWaterMark: 0 });
  const store = tx.open(blobStore);
  const id = await store.put(stream);
  const writes: Write[] = [{ structure: "blobs", key: `${id}`, value }];
  if (random.below(3) === 0) {
    store.delete(id);
    writes.push({ structure: "blobs", key: `${id}`, value: undefined });
  }
  return writes;
}

/** A stream that breaks off, beside something that is kept. */
async function brokenInflow(session: Session, tx: Transaction): Promise<Write[]> {
  const error = new Error("broken");
  let pieces = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (pieces++ < 3) controller.enqueue(session.bytes(150 * KIB));
      else controller.error(error);
    },
  }, { highWaterMark: 0 });
  try {
    await tx.open(blobStore).put(stream);
  } catch (thrown) {
    if (thrown !== error) throw thrown;
  }
  const value = session.bytes(50);
  const key = `${tx.open(blobStore).put(value)}`;
  return [{ structure: "blobs", key, value }];
}

/** Removes all blobs but some, one in each commit. */
async function garbage(session: Session): Promise<void> {
  const { random } = session;
  const ids: string[] = [];
  for (const name of session.oracle.latest().keys()) {
    const id = name.slice("blobs/".length);
    if (name.startsWith("blobs/")) ids.push(id);
  }
  const kept = new Set(ids.filter(() => random.below(2) === 0));
  const gone = ids.filter((id) => !kept.has(id)).sort();
  const commits = gone.map((key): Write[] => [{ structure: "blobs", key, value: undefined }]);
  await session.commitsOf(commits, (report) =>
    collectGarbage(session.database, blobStore, {
      references: () => Array.from(kept, ContentId.parse),
      batch: 1,
      onProgress: ({ removed }) => report(removed),
    }));
}

/** Every way in and out of a content store. */
export async function contentStores(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 4; round++) {
    await Promise.all([
      session.commit([put(session), put(session)]),
      session.commit([{ structure: "left", key: "beside", value: session.bytes(100) }]),
    ]);
    const inflowing = session.transact((tx) => inflow(session, tx));
    if (round === 1) await Promise.all([inflowing, session.checkpoint()]);
    else await inflowing;
    if (round === 0) await session.transact((tx) => brokenInflow(session, tx));
    if (round === 1) await session.transact((tx) => inflow(session, tx), false);
    if (round === 2) {
      // The first time it may be stored, the second time it is there.
      const value = blob(session, LENGTHS.slice(-1));
      for (let time = 0; time < 3; time++) {
        await session.transact((tx) => inflow(session, tx, value));
      }
    }
    await session.commit([put(session)]);
    if (round === 2) {
      session.verify();
      await session.close();
      await session.open();
    }
    if (round !== 1) await garbage(session);
    if (random.below(2) === 0) await session.checkpoint();
  }
  session.verify();
}
