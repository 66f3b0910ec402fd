/**
 * What the scenes in a database file have in common: small caches and logs, so that pages are
 * written back and checkpoints happen all the time, and a check of the whole file at each opening.
 *
 * @module
 */

import { Database, type IoAdapter } from "../../../mod.ts";
import { demand } from "../scene.ts";

const MIB = 1024 * 1024;

/** Opens the database of a scene, and checks every page of it. */
export async function openDatabase(io: IoAdapter, folder: string): Promise<Database> {
  const options = { io, cacheBytes: MIB, logBytes: MIB / 2 };
  const database = await Database.open(`${folder}/data.hold`, options);
  const { ok, problems } = await database.check();
  demand(ok, `check(): ${JSON.stringify(problems.slice(0, 5))}`);
  return database;
}
