/**
 * The scenes by name.
 *
 * @module
 */

import type { OpenScene } from "./scene.ts";
import { openContent } from "./scenes/content_scene.ts";
import { openEndless } from "./scenes/endless_scene.ts";
import { openJournal } from "./scenes/journal_scene.ts";
import { openOnce } from "./scenes/once_scene.ts";
import { openRecords } from "./scenes/records_scene.ts";
import { openStreams } from "./scenes/streams_scene.ts";
import { openVectors } from "./scenes/vector_scene.ts";

/** The names. */
export const SCENE_NAMES = [
  "records",
  "once",
  "vector",
  "content",
  "endless",
  "journal",
  "streams",
] as const;

/** The name of a scene. */
export type SceneName = typeof SCENE_NAMES[number];

/** How each is opened. */
export const SCENES: Readonly<Record<SceneName, OpenScene>> = {
  records: openRecords,
  once: openOnce,
  vector: openVectors,
  content: openContent,
  endless: openEndless,
  journal: openJournal,
  streams: openStreams,
};
