/**
 * Golden stores of what has files of its own: endless streams, blocks, journals, identities.
 */

import {
  BlockStream,
  codec,
  EndlessStream,
  fileBlocks,
  Identity,
  type IoAdapter,
  Journal,
} from "../../../mod.ts";
import { DamageDisk, type Files } from "../damage/damage_disk.ts";
import {
  equal,
  expect,
  type Golden,
  type GoldenStore,
  Look,
  type Outcome,
  pattern,
} from "./golden_store.ts";

const FOLDER = "/golden";

function newDisk(): DamageDisk {
  return new DamageDisk(new Map(), 3);
}

const RECORDS = 12;
const START = 2;

function recordOf(n: number): Uint8Array {
  return pattern(n === 5 ? 9000 : 40 + n, n);
}

function openLog(io: IoAdapter): Promise<EndlessStream> {
  return EndlessStream.open(FOLDER, { io, segmentBytes: 16_384, span: { maxBytes: 20_000 } });
}

/** Records in several segments, one of them in two; a trim and a cursor. */
async function buildLog(): Promise<Golden[]> {
  const disk = newDisk();
  const log = await openLog(disk.io);
  let before = disk.contents();
  let halfWay = before;
  for (let n = 0; n < RECORDS; n++) {
    before = disk.contents();
    // Four of a kind share a batch.
    await log.append(recordOf(n), { durability: n % 4 === 3 || n > 8 ? "disk" : "os" });
    if (n === 4) await log.trim(START);
    if (n === 7) await log.setCursor("at", 3);
    if (n === 8) halfWay = disk.contents();
  }
  const crashed = disk.contents();
  await log.close();
  const closed = disk.contents();
  const golden = (state: Golden["state"], files: Files, earlier: Files[]): Golden => ({
    state,
    files,
    before: earlier,
    read: (io, goesOn) => readLog(state, io, goesOn),
  });
  return [
    golden("crashed", crashed, [before, halfWay]),
    golden("closed", closed, [crashed, before]),
  ];
}

async function readLog(state: Golden["state"], io: IoAdapter, goesOn: boolean): Promise<Outcome> {
  const look = new Look();
  const log = await look.wait(() => openLog(io));
  if (log === undefined) return { codes: look.codes };
  let end = RECORDS;
  let lost: Outcome["lost"];
  if (log.end < RECORDS) {
    // The last batch alone, and only if nobody had closed it.
    expect(state === "crashed" && log.end === RECORDS - 1, `it ends at ${log.end}`);
    end = log.end;
    lost = log.recovered.droppedBytes > 0 ? "tail" : "last write";
  }
  checkLog(log, look, end);
  const outcome: Outcome = { codes: look.codes, ...(lost === undefined ? {} : { lost }) };
  const isRight = look.codes.length === 0;
  if (goesOn && isRight) {
    const { offset } = await log.append(pattern(33, 99));
    expect(offset === end, `the next record has offset ${offset}`);
  }
  await look.wait(() => log.close());
  if (!goesOn || !isRight) return outcome;
  const again = await openLog(io);
  const now = new Look();
  checkLog(again, now, end, true);
  expect(now.codes.length === 0, `after a clean close: ${now.codes}`);
  await again.close();
  return outcome;
}

function checkLog(log: EndlessStream, look: Look, end: number, isLonger = false): void {
  const wanted = (n: number): Uint8Array | undefined =>
    n === end && isLonger ? pattern(33, 99) : n < START || n >= end ? undefined : recordOf(n);
  expect(log.start === START, `it begins at ${log.start}`);
  expect(log.end === end + Number(isLonger), `it ends at ${log.end}`);
  expect(log.cursor("at") === 3, `its cursor is at ${log.cursor("at")}`);
  look.see(() => {
    const reader = log.read();
    let n = START;
    for (let entry = reader.take(); entry !== undefined; entry = reader.take()) {
      expect(entry.offset === n && equal(entry.bytes, wanted(n++)), `record ${entry.offset}`);
    }
    expect(n === log.end, `the last record is ${n - 1}`);
  });
  for (const n of [0, START, 5, 6, end - 1, end + 1]) {
    look.see(() => expect(equal(log.get(n), wanted(n)), `get ${n}`));
  }
}

const APPENDS = 3;

/** Runs of blocks with a stream of bytes in each; nobody ever says that such a stream is closed. */
async function buildBlocks(): Promise<Golden[]> {
  const disk = newDisk();
  const blocks = await fileBlocks(disk.io, FOLDER, {
    name: "runs",
    blockBytes: 4096,
    blockCount: 4,
  });
  let before = disk.contents();
  for (let run = 0; run < 3; run++) {
    const stream = await BlockStream.open(await blocks.allocate(), { io: disk.io });
    for (let n = 0; n < APPENDS - run % 2; n++) {
      before = disk.contents();
      stream.append(pattern(50 + n, run + n));
      stream.sync();
    }
    stream.close();
  }
  await blocks.release((await blocks.list())[0]!);
  await blocks.close();
  return [{ state: "crashed", files: disk.contents(), before: [before], read: readBlocks }];
}

async function readBlocks(io: IoAdapter, goesOn: boolean): Promise<Outcome> {
  const look = new Look();
  const blocks = await look.wait(() => fileBlocks(io, FOLDER, { name: "runs" }));
  if (blocks === undefined) return { codes: look.codes };
  let lost: Outcome["lost"];
  const runs = await blocks.list();
  expect(runs.map(({ id }) => id).join() === "2,3", `runs ${runs.map(({ id }) => id)}`);
  for (const run of runs) {
    const stream = await look.wait(() => BlockStream.open(run, { io }));
    if (stream === undefined) continue;
    look.see(() => {
      const number = run.id - 1;
      const appends = APPENDS - number % 2;
      let n = 0;
      for (const bytes of stream.records()) {
        expect(equal(bytes, pattern(50 + n, number + n)), `append ${n} of run ${run.id}`);
        n++;
      }
      expect(n === appends || n === appends - 1, `${n} appends in run ${run.id}`);
      if (n < appends) lost = stream.droppedBytes > 0 ? "tail" : "last write";
      if (n < appends || !goesOn) return;
      stream.append(pattern(8, 8));
      stream.sync();
      stream.verify(() => look.noteCode("CORRUPT_LOG"));
    });
  }
  await look.wait(() => blocks.close());
  return { codes: look.codes, ...(lost === undefined ? {} : { lost }) };
}

const JOURNAL = `${FOLDER}/head.journal`;
const VALUES = ["first", "second", "third"];

function openJournal(io: IoAdapter): Promise<Journal<string>> {
  return Journal.open(io, JOURNAL, { codec: codec.string });
}

async function buildJournal(): Promise<Golden[]> {
  const disk = newDisk();
  const journal = await openJournal(disk.io);
  let before = disk.contents();
  for (const value of VALUES) {
    before = disk.contents();
    await journal.update(() => value);
  }
  const crashed = disk.contents();
  await journal.close();
  const golden = (state: Golden["state"], files: Files, earlier: Files[]): Golden => ({
    state,
    files,
    before: earlier,
    read: (io, goesOn) => readJournal(state, io, goesOn),
  });
  return [golden("crashed", crashed, [before]), golden("closed", disk.contents(), [crashed])];
}

async function readJournal(
  state: Golden["state"],
  io: IoAdapter,
  goesOn: boolean,
): Promise<Outcome> {
  const look = new Look();
  const isGone = await io.stat(JOURNAL) === undefined;
  const journal = await look.wait(() => openJournal(io));
  if (journal === undefined) return { codes: look.codes };
  const value = journal.get();
  let lost: Outcome["lost"];
  if (isGone) {
    expect(value === undefined, `a new journal has ${value}`);
    lost = "file";
  } else if (value !== VALUES[2]) {
    expect(state === "crashed" && value === VALUES[1], `the value is ${value}`);
    lost = journal.damagedSlots.length > 0 ? "tail" : "last write";
  }
  if (goesOn) await journal.update(() => "fourth");
  await journal.close();
  if (goesOn) {
    const again = await openJournal(io);
    expect(again.get() === "fourth" && again.damagedSlots.length === 0, "what came later is gone");
    await again.close();
  }
  return { codes: look.codes, ...(lost === undefined ? {} : { lost }) };
}

const IDENTITY = `${FOLDER}/store.identity`;

async function buildIdentity(): Promise<Golden[]> {
  const disk = newDisk();
  const { id } = await Identity.open(disk.io, IDENTITY);
  const tag = (await Identity.open(disk.io, IDENTITY)).tag();
  const read = async (io: IoAdapter): Promise<Outcome> => {
    const look = new Look();
    const isGone = await io.stat(IDENTITY) === undefined;
    const found = await look.wait(() => Identity.open(io, IDENTITY));
    if (isGone && found !== undefined) {
      expect(found.id !== id, "an identity that was made anew is the same");
      return { codes: [], lost: "file" };
    }
    if (found !== undefined) expect(found.id === id && found.tag() === tag, "another identity");
    return { codes: look.codes };
  };
  return [{ state: "closed", files: disk.contents(), before: [], read }];
}

/** Golden stores of all of them. */
export const fileStores: readonly GoldenStore[] = [
  { name: "endless stream", structure: "log", build: buildLog },
  { name: "blocks and their streams", structure: "blocks", build: buildBlocks },
  { name: "journal", structure: "journal", build: buildJournal },
  { name: "identity", structure: "journal", build: buildIdentity },
];
