/**
 * The Web Locks of an origin: requests are granted in order, and a lock is free only some turns
 * after its holder said so.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { OpfsLockOptions, OpfsLocks } from "../../adapters/opfs.ts";

interface Held {
  readonly name: string;
  readonly mode: "exclusive" | "shared";
}

/** The locks as one context sees them. */
export interface FakeLocks extends OpfsLocks {
  /** The browser ends the context. */
  end(): void;
}

/** Turns until a released lock is free: more than anybody takes to ask for it again. */
const RELEASE_TURNS = 20;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The locks of an origin. */
export class FakeLockManager {
  readonly #held = new Set<Held>();

  /** A context that may ask for locks. */
  client(): FakeLocks {
    const mine = new Set<Held>();
    return {
      request: async (name, options, callback): Promise<unknown> => {
        const held = await this.#take(name, options);
        if (held === undefined) return await callback(null);
        mine.add(held);
        try {
          return await callback({ name, mode: options.mode });
        } finally {
          for (let turns = 0; turns < RELEASE_TURNS; turns++) await turn();
          mine.delete(held);
          this.#held.delete(held);
          await turn();
        }
      },
      end: (): void => {
        for (const held of mine) this.#held.delete(held);
      },
    };
  }

  async #take(name: string, options: OpfsLockOptions): Promise<Held | undefined> {
    await turn();
    if (!options.ifAvailable) throw new TypeError("fake: only ifAvailable is made");
    for (const held of this.#held) {
      const share = held.mode === "shared" && options.mode === "shared";
      if (held.name === name && !share) return undefined;
    }
    const held = { name, mode: options.mode };
    this.#held.add(held);
    return held;
  }
}
