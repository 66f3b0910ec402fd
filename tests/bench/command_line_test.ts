import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { parseArgs } from "node:util";
import { commandText, positiveInteger, runCommand, UsageError } from "../../bench/command_line.ts";

/** Runs a command; what it told, and the exit code that it left. */
async function outcome(main: () => void): Promise<{ told: string[]; exitCode: unknown }> {
  const told: string[] = [];
  const { error } = console;
  const { exitCode } = process;
  console.error = (text: string) => void told.push(text);
  try {
    await runCommand("usage: a command", async () => main());
    return { told, exitCode: process.exitCode };
  } finally {
    console.error = error;
    process.exitCode = exitCode ?? 0;
  }
}

test("positiveInteger() understands digits in groups and powers of ten", () => {
  assert.equal(positiveInteger("puts", "300"), 300);
  assert.equal(positiveInteger("puts", "1_000_000"), 1_000_000);
  assert.equal(positiveInteger("puts", "1e6"), 1_000_000);
});

test("positiveInteger() refuses all else, and names the flag", () => {
  for (const text of ["", "0", "-1", "1.5", "many", "1e300", "NaN"]) {
    assert.throws(
      () => positiveInteger("puts", text),
      (error) => error instanceof UsageError && error.message.includes("--puts"),
      text,
    );
  }
});

test("runCommand() tells a wrong flag with the usage, and the exit code is 2", async () => {
  const expected = { told: ["--puts is wrong\n\nusage: a command"], exitCode: 2 };
  const wrong = (): never => {
    throw new UsageError("--puts is wrong");
  };
  assert.deepEqual(await outcome(wrong), expected);
  const unknown = await outcome(() => void parseArgs({ args: ["--no-such-flag"], options: {} }));
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.told[0]!, /no-such-flag[^]*usage: a command/);
});

test("runCommand() lets any other failure through", async () => {
  const fail = (): never => {
    throw new TypeError("a mistake of the program");
  };
  await assert.rejects(outcome(fail), TypeError);
});

test("commandText() has no folder of the machine", () => {
  const { argv, execArgv } = process;
  const script = `${process.cwd()}/bench/compare/kernel.ts`;
  try {
    process.argv = ["/a/folder/node", script, "--puts", "3"];
    process.execArgv = ["--expose-gc"];
    assert.equal(commandText(), "node --expose-gc bench/compare/kernel.ts --puts 3");
  } finally {
    process.argv = argv;
    process.execArgv = execArgv;
  }
});
