import { parentPort, workerData } from "node:worker_threads";
import { runningIo } from "./running_io.ts";

const lock = await (await runningIo()).tryLock(workerData as string);
parentPort?.postMessage(lock === undefined ? "refused" : "held");
