/** Everything that the campaigns run: each list has a file of its own. */

import { kernelSubjects } from "./kernel_subject.ts";
import { streamsSubjects } from "./streams_subjects.ts";
import type { Subject } from "./subject.ts";

/** All subjects; their names differ. */
export const subjects: readonly Subject[] = [
  ...kernelSubjects,
  ...streamsSubjects,
];
