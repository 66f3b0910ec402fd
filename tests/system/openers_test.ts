import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { RUNTIME_NAMES, type RuntimeName } from "../tools/runtimes.ts";
import { RUNNING } from "../io/running_io.ts";
import { Child } from "./child.ts";
import { bindFolder } from "./mounts.ts";
import { presentRuntime } from "./present_runtimes.ts";

const PROGRAM = "tests/system/opener_program.ts";

/** Where each kind of thing is in a folder. */
const PLACES = { database: "/data.hold", journal: "/the.journal", stream: "" } as const;
type Kind = keyof typeof PLACES;
const KINDS = Object.keys(PLACES) as Kind[];

const top = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-openers-")));
const children = new Set<Child>();

after(async () => {
  await Promise.all([...children].map((child) => child.kill()));
  rmSync(top, { recursive: true, force: true });
});

function start(name: RuntimeName): Child {
  const child = Child.start(presentRuntime(name)!, PROGRAM, []);
  children.add(child);
  return child;
}

async function ask(child: Child, line: string): Promise<string | undefined> {
  const answer = child.line(/^/);
  child.tell(line);
  return await answer;
}

async function mustAnswer(child: Child, line: string, wanted: string): Promise<void> {
  const answer = await ask(child, line);
  assert.equal(answer, wanted, `${line} on ${child.runtime.name}: ${child.errors}`);
}

/** A folder with two links: to it, and, in it, to the data of a database. */
function makeFolder(): { folder: string; linked: string; alias: string } {
  const folder = mkdtempSync(join(top, "case-"));
  const linked = `${folder}-linked`;
  symlinkSync(folder, linked);
  const alias = `${folder}-alias`;
  symlinkSync(join(folder, "data.hold"), alias);
  return { folder, linked, alias };
}

const living = new Map<string, Child>();

/** The process of a part, begun where there is none any more. */
function processOf(part: "owner" | RuntimeName): Child {
  const present = living.get(part) ?? start(part === "owner" ? RUNNING : part);
  living.set(part, present);
  return present;
}

async function killOwner(): Promise<void> {
  await processOf("owner").kill();
  living.delete("owner");
}

for (const other of RUNTIME_NAMES) {
  const skip = process.platform === "win32"
    ? "processes cannot be stopped on Windows"
    : presentRuntime(other) === undefined
    ? `${other.toUpperCase()}_BIN names no program`
    : false;

  test(
    `two openers: ${other} is refused what ${RUNNING} owns, stopped or not`,
    { skip },
    async () => {
      const opener = processOf(other);
      const owner = processOf("owner");
      for (const kind of KINDS) {
        const { folder, linked, alias } = makeFolder();
        const place = PLACES[kind];
        const names = [`${folder}${place}`, `${linked}${place}`];
        if (kind === "database") names.push(alias);
        await mustAnswer(owner, `${kind} ${folder}${place}`, "open 0");
        await mustAnswer(owner, "add", "added 1");
        for (const name of names) await mustAnswer(opener, `${kind} ${name}`, "refused LOCKED");
        owner.signal("SIGSTOP");
        for (const name of names) await mustAnswer(opener, `${kind} ${name}`, "refused LOCKED");
        owner.signal("SIGCONT");
        await mustAnswer(owner, "add", "added 2");
        await mustAnswer(opener, `${kind} ${names[0]}`, "refused LOCKED");
        await mustAnswer(owner, "close", "closed");
        await mustAnswer(opener, `${kind} ${names.at(-1)}`, "open 2");
        await mustAnswer(owner, `${kind} ${folder}${place}`, "refused LOCKED");
        await mustAnswer(opener, "close", "closed");
      }
    },
  );

  test(
    `two openers: what ${RUNNING} owned when it was killed is free for ${other}`,
    { skip },
    async () => {
      const opener = processOf(other);
      const owner = processOf("owner");
      const { folder } = makeFolder();
      for (const kind of KINDS) {
        await mustAnswer(owner, `${kind} ${folder}${PLACES[kind]}`, "open 0");
        await mustAnswer(owner, "add", "added 1");
      }
      // One that is stopped as well.
      owner.signal("SIGSTOP");
      for (const kind of KINDS) {
        await mustAnswer(opener, `${kind} ${folder}${PLACES[kind]}`, "refused LOCKED");
      }
      await killOwner();
      for (const kind of KINDS) {
        await mustAnswer(opener, `${kind} ${folder}${PLACES[kind]}`, "open 1");
        await mustAnswer(opener, "add", "added 2");
        await mustAnswer(opener, "close", "closed");
      }
    },
  );

  test(`a second hard link: ${other} is refused under both names`, { skip }, async () => {
    const opener = processOf(other);
    const owner = processOf("owner");
    for (const kind of ["database", "journal"] as const) {
      const { folder } = makeFolder();
      const path = `${folder}${PLACES[kind]}`;
      const second = `${path}.second`;
      await mustAnswer(owner, `${kind} ${path}`, "open 0");
      linkSync(path, second);
      await mustAnswer(opener, `${kind} ${second}`, "refused LOCKED");
      await mustAnswer(owner, "add", "added 1");
      await mustAnswer(owner, "close", "closed");
      for (const name of [path, second]) {
        await mustAnswer(opener, `${kind} ${name}`, "refused LOCKED");
      }
      rmSync(path);
      await mustAnswer(opener, `${kind} ${second}`, "open 1");
      await mustAnswer(opener, "close", "closed");
    }
  });

  test(`a bind mount of the folder: ${other} is refused`, { skip }, async (t) => {
    const { folder } = makeFolder();
    mkdirSync(join(folder, "real"));
    const mount = await bindFolder(join(folder, "real"), join(folder, "bound"));
    if (typeof mount === "string") return t.skip(mount);
    const opener = processOf(other);
    const owner = processOf("owner");
    try {
      for (const kind of KINDS) {
        const place = PLACES[kind];
        for (const [number, [one, two]] of [["real", "bound"], ["bound", "real"]].entries()) {
          await mustAnswer(owner, `${kind} ${folder}/${one}${place}`, `open ${number}`);
          await mustAnswer(opener, `${kind} ${folder}/${two}${place}`, "refused LOCKED");
          await mustAnswer(owner, "add", `added ${number + 1}`);
          await mustAnswer(owner, "close", "closed");
        }
      }
    } finally {
      await mount.end();
    }
  });
}
