/** Everything that the campaigns run: each list has a file of its own. */

import { blockStreamSubjects } from "./block/block_stream_subjects.ts";
import { blocksSubjects } from "./block/blocks_subjects.ts";
import { indexSubjects } from "./structures/index_subjects.ts";
import { journalSubjects } from "./block/journal_subjects.ts";
import { kernelSubjects } from "./kernel/kernel_subject.ts";
import { killedSubjects } from "./killed/killed_subjects.ts";
import { logSubjects } from "./block/log_subjects.ts";
import { streamsSubjects } from "./streams/streams_subjects.ts";
import { structureSubjects } from "./structures/structure_subjects.ts";
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
