import { parentPort, workerData } from "node:worker_threads";
import type { IoLockMode } from "../../src/io/adapter.ts";
import { runningIo } from "./running_io.ts";

const { path, mode } = workerData as { path: string; mode: IoLockMode };
const lock = await (await runningIo()).tryLock(path, mode);
parentPort?.postMessage(lock === undefined ? "refused" : "held");
