/** Transactions that change every kind of structure at once. */

import type { StructureName, Write } from "./oracle.ts";
import type { Session } from "./session.ts";

const KIB = 1024;

/** A commit of one write to each structure; values have this length. */
function everywhere(session: Session, length: number): Write[] {
  const { random } = session;
  const to = (structure: StructureName, key: string, isPut = true): Write => ({
    structure,
    key,
    value: isPut ? session.bytes(random.below(length)) : undefined,
  });
  return [
    { structure: "log", key: "", value: session.bytes(length) },
    to("left", `key-${random.below(20)}`),
    to("blobs", ""),
    to("once", `once-${random.below(12)}`),
    to("registers", "any"),
    to("registers", "highest"),
    to("right", `key-${random.below(20)}`, random.below(4) > 0),
    random.below(3) > 0
      ? to("blobs", "")
      : { structure: "blobs", key: someBlob(session), value: undefined },
    to("scores", ""),
    to("scores", String(random.below(8))),
    ...(random.below(3) === 0 ? [to("scores", "", false)] : []),
  ];
}

/** The id of a blob that is there, or was. */
function someBlob(session: Session): string {
  const prefix = "blobs/";
  const all = [...session.oracle.latest().keys()].filter((name) => name.startsWith(prefix));
  const chosen = all[session.random.below(all.length + 1)];
  return chosen?.slice(prefix.length) ?? `sha256:${"00".repeat(32)}`;
}

/** One transaction to all structures, small, large, and larger than a quarter of the log. */
export async function atomicTogether(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      session.commit(everywhere(session, 1 + random.below(700))),
      session.commit(everywhere(session, 1 + random.below(60))),
      session.commit([{ structure: "right", key: "beside", value: session.bytes(100) }]),
    ]);
    if (round === 1) {
      const folding = session.checkpoint();
      await Promise.all([session.commit(everywhere(session, 300)), folding]);
    }
    if (round === 2) await session.commit(everywhere(session, 70 * KIB));
    if (round === 3) {
      await session.commit([{ structure: "log", key: "4", value: undefined }]);
      session.verify();
      await session.close();
      await session.open();
    }
  }
  await session.commit([0, 1, 2, 3].flatMap(() => everywhere(session, 40 * KIB)));
  session.verify();
}
