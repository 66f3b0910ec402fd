/** Commits that change many elements of a vector: at its end, in the middle, far away. */

import type { Write } from "./oracle.ts";
import type { Session } from "./session.ts";

/** As long as elements are: what is read is what was written. */
const ELEMENT_BYTES = 80;

function put(session: Session, key: string): Write {
  return { structure: "vector", key, value: session.bytes(ELEMENT_BYTES) };
}

/** Pushes `pushed` elements and sets `set` others. */
function change(session: Session, pushed: number, set: number): Write[] {
  const { random } = session;
  return [
    ...Array.from({ length: pushed }, () => put(session, "")),
    ...Array.from({ length: set }, () => put(session, String(random.below(80)))),
  ];
}

/** Growth, changes over several chunks, shrinking, sparse indexes; folded in, and opened again. */
export async function vectorChanges(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      session.commit(change(session, 1 + random.below(30), 4)),
      session.commit(change(session, 3, 1)),
      session.commit([put(session, String(2 ** 40 + random.below(3))), put(session, "0")]),
    ]);
    const cut: Write = { structure: "vector", key: String(random.below(70)), value: undefined };
    await Promise.all([
      session.commit([put(session, ""), cut, put(session, "")]),
      session.commit(change(session, 1, 2)),
      ...(round === 1 ? [session.checkpoint()] : []),
    ]);
    if (round === 3) {
      session.verify();
      await session.close();
      await session.open();
    }
  }
  session.verify();
}
