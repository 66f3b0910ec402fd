/**
 * The disks that runs begin with: made once for each kind, copied for each run.
 *
 * @module
 */

import { RecordId } from "../../mod.ts";
import { SimulatedDisk, type SimulatedDiskOptions } from "../../adapters/simulated.ts";
import {
  audit,
  BALLAST,
  ballast,
  BALLAST_ENTRIES,
  cluster,
  encode,
  exclusive,
  expand,
  ledger,
  notes,
  replace,
  serialName,
  token,
  users,
} from "./definitions.ts";
import { openOn, RealStore } from "./real_store.ts";
import type { State } from "./state.ts";
import { StoreModel } from "./store_model.ts";

/** What a run begins with. */
export interface Beginning {
  /** What becomes of sectors at a power cut. */
  readonly profile: NonNullable<SimulatedDiskOptions["profile"]>;
  /** Whether syncs take time, and go off the thread. */
  readonly slow: boolean;
  /** Whether there is more than the cache can hold. */
  readonly ballast: boolean;
}

/** A closed store with every structure in it. */
interface Template {
  readonly disk: SimulatedDisk;
  readonly base: State;
  readonly segment: number;
}

const FIRST = token("0", 0);
const templates = new Map<string, Promise<Template>>();
const segments = new WeakMap<RealStore, number>();

/** The id of a record by its name in the model. */
export function idOf(real: RealStore, name: string): RecordId {
  return new RecordId(segments.get(real)!, Number(name));
}

/** A model and a store that agree. */
export async function begin(from: Beginning): Promise<{ model: StoreModel; real: RealStore }> {
  const kind = JSON.stringify(from);
  const template = templates.get(kind) ?? make(from);
  templates.set(kind, template);
  const { disk, base, segment } = await template;
  const copy = disk.processDeath();
  const real = new RealStore(copy, await openOn(copy), from.ballast);
  segments.set(real, segment);
  return { model: new StoreModel(base), real };
}

async function make({ profile, slow, ballast: isHeavy }: Beginning): Promise<Template> {
  const disk = new SimulatedDisk({
    seed: 1,
    profile,
    sectorBytes: profile === "no-psow" ? 4096 : 512,
    syncMilliseconds: slow ? 5 : 0,
  });
  const db = await openOn(disk);
  const segment = await db.update((tx) => {
    for (const each of [replace, exclusive, cluster, users, audit, ledger, ballast]) {
      tx.open<unknown>(each);
    }
    return tx.open(notes).insert(encode(FIRST)).segment;
  });
  for (let at = 0; isHeavy && at < BALLAST_ENTRIES; at += 500) {
    await db.update((tx) => {
      for (let key = at; key < at + 500; key++) tx.open(ballast).put(key, expand(BALLAST));
    });
  }
  await db.close();
  return { disk, base: new Map([[`notes/${serialName(0)}`, FIRST]]), segment };
}
