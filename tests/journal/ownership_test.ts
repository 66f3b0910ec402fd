import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RUNNING, runningIo } from "../io/running_io.ts";
import { withFolder } from "../kernel/checked.ts";
import { LOCKED_FILE, type OwnedKind, OWNERS } from "./owners.ts";

const PROGRAM = fileURLToPath(new URL("./owner_program.ts", import.meta.url));

/** Starts a process that owns the thing; the call that is returned kills it. */
async function startOwner(kind: OwnedKind, folder: string): Promise<() => Promise<void>> {
  const args = RUNNING === "deno" ? ["run", "-A", "--no-check", PROGRAM] : [PROGRAM];
  const child = spawn(process.execPath, [...args, kind, folder], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => errors += more);
  const gone = once(child, "close");
  const line = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([line, gone.then(() => undefined)]);
  assert.equal(first?.[0], "open", errors);
  return async () => {
    child.kill("SIGKILL");
    await gone;
  };
}

for (const kind of Object.keys(OWNERS) as OwnedKind[]) {
  test(`${kind}: LOCKED while another process has it open, free when that is killed`, async () => {
    await withFolder(async (folder) => {
      const io = await runningIo();
      const kill = await startOwner(kind, folder);
      const refused = assert.rejects(OWNERS[kind](io, folder), { code: "LOCKED" });
      await refused.finally(kill);
      for (let round = 0; round < 2; round++) await (await OWNERS[kind](io, folder)).close();
    });
  });

  test(`${kind}: LOCKED for a second handle of this process, through links too`, async () => {
    await withFolder(async (folder) => {
      const io = await runningIo();
      const real = join(folder, "real");
      mkdirSync(real);
      symlinkSync(real, join(folder, "linked"));
      const owned = await OWNERS[kind](io, real);
      const names = await io.list(real);
      const times = names.map((name) => statSync(join(real, name)).mtimeMs);
      await assert.rejects(OWNERS[kind](io, real), { code: "LOCKED" });
      await assert.rejects(OWNERS[kind](io, join(folder, "linked")), { code: "LOCKED" });
      assert.deepEqual(await io.list(real), names, "a refused one leaves everything as it was");
      assert.deepEqual(names.map((name) => statSync(join(real, name)).mtimeMs), times);
      await owned.close();
      await (await OWNERS[kind](io, join(folder, "linked"))).close();
    });
  });

  test(`${kind}: LOCKED while its file has a second hard link`, async () => {
    await withFolder(async (folder) => {
      const io = await runningIo();
      await (await OWNERS[kind](io, folder)).close();
      const file = join(folder, LOCKED_FILE[kind]);
      const second = join(folder, "second");
      linkSync(file, second);
      for (let round = 0; round < 2; round++) {
        await assert.rejects(OWNERS[kind](io, folder), { code: "LOCKED", message: /2 hard links/ });
      }
      unlinkSync(second);
      // The refused ones have let go of the lock.
      await (await OWNERS[kind](io, folder)).close();
    });
  });

  test(`${kind}: every file has mode 0600`, async (t) => {
    if (process.platform === "win32") return t.skip("no modes on Windows");
    await withFolder(async (folder) => {
      const io = await runningIo();
      await (await OWNERS[kind](io, folder)).close();
      const names = await io.list(folder);
      assert.ok(names.length >= 2, "the file and its lock");
      for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    });
  });
}
