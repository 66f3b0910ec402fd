/** The subjects with the structure "streams". */

import type { SimulatedDiskOptions } from "../../../adapters/simulated.ts";
import { streamsSubject } from "./streams_subject.ts";
import type { StreamsSettings } from "./streams_session.ts";
import * as works from "./streams_workloads.ts";
import type { Subject } from "../subject.ts";

const SMALL: StreamsSettings = { database: { cacheBytes: 1024 * 1024, logBytes: 256 * 1024 } };

/** Answers promise to survive the process alone. */
const OS: StreamsSettings = { ...SMALL, durability: "os" };

/** A sector under a write may become garbage from end to end. */
const NO_PSOW: SimulatedDiskOptions = { profile: "no-psow", sectorBytes: 4096 };
const HOSTILE: SimulatedDiskOptions = { profile: "hostile" };
const SLOW: SimulatedDiskOptions = { syncMilliseconds: 5, writeMilliseconds: 1 };

/** All of them. */
export const streamsSubjects: readonly Subject[] = [
  streamsSubject("first create", works.firstCreate, SMALL),
  streamsSubject("group on one", works.groupOnOne, SMALL),
  streamsSubject("group on many", works.groupOnMany, SMALL),
  streamsSubject("JSON batches", works.jsonBatches, SMALL),
  streamsSubject("producers", works.producers, SMALL),
  streamsSubject("close and recreate", works.closeAndRecreate, SMALL),
  streamsSubject("large messages", works.largeMessages, SMALL),
  streamsSubject("huge batch", works.hugeBatch, SMALL),
  streamsSubject("checkpoints", works.checkpoints, SMALL),
  streamsSubject("reopens", works.reopens, SMALL),
  streamsSubject("forks", works.forks, SMALL),
  streamsSubject("expiry", works.expiry, SMALL),
  streamsSubject("conditions", works.conditions, SMALL),
  streamsSubject("long names", works.longNames, SMALL),
  streamsSubject("that survive the process", works.groupOnMany, OS),
  streamsSubject("on a slow disk", works.groupOnOne, SMALL, SLOW),
  streamsSubject("producers on a slow disk", works.producers, SMALL, SLOW),
  streamsSubject("no-psow", works.groupOnOne, SMALL, NO_PSOW),
  streamsSubject("no-psow checkpoints", works.checkpoints, SMALL, NO_PSOW),
  streamsSubject("hostile", works.closeAndRecreate, SMALL, HOSTILE),
];
