/** Everything that the campaigns run: each list has a file of its own. */

import { blockStreamSubjects } from "./block_stream_subjects.ts";
import { blocksSubjects } from "./blocks_subjects.ts";
import { indexSubjects } from "./index_subjects.ts";
import { journalSubjects } from "./journal_subjects.ts";
import { kernelSubjects } from "./kernel_subject.ts";
import { killedSubjects } from "./killed_subjects.ts";
import { logSubjects } from "./log_subjects.ts";
import { streamsSubjects } from "./streams_subjects.ts";
import { structureSubjects } from "./structure_subjects.ts";
import type { Subject } from "./subject.ts";

/** All subjects; their names differ. */
export const subjects: readonly Subject[] = [
  ...kernelSubjects,
  ...streamsSubjects,
  ...logSubjects,
  ...blockStreamSubjects,
  ...blocksSubjects,
  ...journalSubjects,
  ...indexSubjects,
  ...structureSubjects,
  ...killedSubjects,
];
