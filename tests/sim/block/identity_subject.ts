/** Identities as subjects of the campaigns: one that was seen stays. */

import type { SimulatedDisk, SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { Identity } from "../../../mod.ts";
import { isHoldfastError } from "../../../src/errors.ts";
import { settle } from "../settle.ts";
import type { Recovered, Subject, Witness } from "../subject.ts";

const NAMES = ["/folder/a.identity", "/folder/b.identity"];

/** All that an identity is, as text. */
async function read(disk: SimulatedDisk, name: string): Promise<string> {
  const identity = await settle(disk, Identity.open(disk.io, name));
  return `${identity.id} ${identity.checksum(new TextEncoder().encode(name))}`;
}

class IdentityWitness implements Witness {
  readonly #seen: ReadonlyMap<string, string>;

  constructor(seen: ReadonlyMap<string, string>) {
    this.#seen = seen;
  }

  async judge(disk: SimulatedDisk): Promise<Recovered> {
    const found = new Map<string, string>();
    for (const name of NAMES) {
      const text = await read(disk, name);
      const wanted = this.#seen.get(name) ?? text;
      if (text !== wanted) throw new Error(`${name} is ${text}, not ${wanted}`);
      found.set(name, text);
    }
    return {
      // One that nobody saw may be made anew.
      content: [...this.#seen.values()].join(),
      proceed: () => Promise.resolve(new IdentityWitness(found)),
    };
  }

  async recover(disk: SimulatedDisk): Promise<void> {
    for (const name of NAMES) await read(disk, name);
  }
}

function subject(name: string, disk: SimulatedDiskOptions): Subject {
  return {
    name: `identity: ${name}`,
    structure: "journal",
    disk,
    play: async (disk) => {
      const seen = new Map<string, string>();
      for (const name of [...NAMES, ...NAMES]) {
        try {
          const text = await read(disk, name);
          if (text !== (seen.get(name) ?? text)) throw new Error(`${name} has changed`);
          seen.set(name, text);
        } catch (error) {
          if (isHoldfastError(error) && (disk.isDark || disk.injected > 0)) continue;
          throw error;
        }
      }
      return new IdentityWitness(seen);
    },
  };
}

/** Two identities, on ordinary disks and bad ones. */
export const identitySubjects: readonly Subject[] = [
  subject("create", {}),
  subject("hostile", { profile: "hostile" }),
];
