/** Commits that are synced behind commits that are not, in batches of about a block. */

import type { Write } from "./oracle.ts";
import type { Session } from "./session.ts";

/**
 * Each round writes an unsealed batch and a sealed one behind it, which together pass a boundary of
 * 4 KiB about every other time, and then one behind those: where the sealed one has not ended at a
 * boundary of the extent, that one shares its last block and may take what was acknowledged along.
 */
export async function sealedBehindUnsealed(session: Session): Promise<void> {
  const { random } = session;
  await session.open();
  const put = (lengthMin: number, lengthMax: number): Write[] => [{
    structure: "left",
    key: `key-${random.below(8)}`,
    value: session.bytes(lengthMin + random.below(lengthMax - lengthMin)),
  }];
  for (let round = 0; round < 6; round++) {
    await session.commit(put(1000, 3800), "os");
    await session.commit(put(1000, 3800), "disk");
    await session.commit(put(10, 200), round % 2 === 0 ? "os" : "disk");
  }
  session.verify();
}
