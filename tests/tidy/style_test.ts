import assert from "node:assert/strict";
import { test } from "node:test";
import { listFiles, listSources, readJson, readText } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";
import { bareSource } from "./bare_source.ts";

const LIBRARY = listSources("mod.ts", "src", "adapters");
const SOURCES = [...LIBRARY, ...listSources("tests", "bench", "examples")];
const TEXTS = listFiles(".", (path) => /(?:\.(?:ts|json|md|js|sh)|\/run|LICENSE)$/.test(path));

// Lines as they are counted by everybody, comments and blank ones too: what is longer is two nouns.
const LINES_MAX = 400;
// Files that may be longer, each with its reason.
const LONGER: Readonly<Record<string, string>> = {};

/** Every line of `files` that breaks a rule, as `path:line: text`. */
function breaches(
  files: readonly string[],
  rule: RegExp,
  prepare: (text: string) => string = (text) => text,
): string[] {
  return files.flatMap((path) => {
    const text = readText(path);
    return prepare(text).split("\n").flatMap((line, index) =>
      rule.test(line) ? [`${path}:${index + 1}: ${text.split("\n")[index]?.trim()}`] : []
    );
  });
}

/** The number of lines, as an editor shows it. */
function linesOf(text: string): number {
  return text.trimEnd().split("\n").length;
}

const code = (text: string): string => bareSource(text, { literals: true });

test("style: no library file is longer than 400 lines", () => {
  const tooLong = LIBRARY
    .map((path) => ({ path, lines: linesOf(readText(path)) }))
    .filter(({ path, lines }) => lines > LINES_MAX && LONGER[path] === undefined)
    .map(({ path, lines }) => `${path}: ${lines}`);
  assert.deepEqual(tooLong, []);
  assert.deepEqual(Object.keys(LONGER).filter((path) => !LIBRARY.includes(path)), []);
});

test("style: files are named after their noun, in snake case", () => {
  const forbidden = /(?:^|[/_])(?:utils?|helpers?|common|misc|managers?)(?:[/_.]|$)/;
  assert.deepEqual(SOURCES.filter((path) => forbidden.test(path)), []);
  assert.deepEqual(SOURCES.filter((path) => !/^(?:[a-z0-9_]+\/)*[a-z0-9_.]+\.ts$/.test(path)), []);
});

test("style: nothing is left to do", () => {
  // The words are put together here so that this file does not hold them.
  const words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map((w) => w.join(""));
  assert.deepEqual(breaches(SOURCES, new RegExp(`\\b(?:${words.join("|")})\\b`)), []);
});

test("style: src outside src/cli names no runtime", () => {
  const core = listSources("src").filter((path) => !path.startsWith("src/cli/"));
  const names =
    /(?<![\w$#.])(?:Deno|Bun|process)\s*(?:\?\.|\.|\[)|globalThis\.(?:Deno|Bun|process)/;
  assert.deepEqual(breaches(core, names, code), []);
  assert.deepEqual(breaches(core, /["'](?:node|bun|npm|jsr):/, bareSource), []);
});

test("style: errors are never told apart by their text", () => {
  const files = [...LIBRARY, ...listSources("bench", "examples")];
  const matching = /\bmessage\??\.(?:includes|startsWith|endsWith|indexOf|match|search)\b/;
  assert.deepEqual(breaches(files, matching, code), []);
  assert.deepEqual(breaches(files, /\.test\([^()]*\bmessage\)/, code), []);
});

test("style: the library uses erasable syntax that Node 22 parses", () => {
  const start = "^\\s*(?:export\\s+)?(?:default\\s+)?(?:declare\\s+)?";
  const rules = [
    new RegExp(`${start}(?:const\\s+)?enum\\s+\\w`),
    new RegExp(`${start}(?:namespace|module)\\s+\\w+[\\w.]*\\s*\\{`),
    /^\s*(?:await\s+)?using\s+\w+\s*[=:]/,
    /\bfor\s*(?:await\s*)?\(\s*(?:await\s+)?using\s/,
  ];
  for (const rule of rules) assert.deepEqual(breaches(LIBRARY, rule, code), []);
});

/** The texts between the parentheses of each constructor, without what nests deeper. */
function constructorParameters(text: string): string[] {
  const bare = code(text);
  return [...bare.matchAll(/\bconstructor\s*\(/g)].map((match) => {
    let depth = 1;
    let parameters = "";
    for (let at = match.index + match[0].length; at < bare.length && depth > 0; at++) {
      const letter = bare[at] ?? "";
      if (")}]".includes(letter)) depth--;
      if (depth === 1 && !"({[".includes(letter)) parameters += letter;
      if ("({[".includes(letter)) depth++;
    }
    return parameters;
  });
}

test("style: the library has no parameter properties", () => {
  const property = /(?:^|,)\s*(?:public|private|protected|readonly|override)\s+[\w{[]/;
  assert.match(
    constructorParameters("class A { constructor(private b: () => 1) {} }")[0]!,
    property,
  );
  const found = LIBRARY.filter((path) =>
    constructorParameters(readText(path)).some((parameters) => property.test(parameters))
  );
  assert.deepEqual(found, []);
});

test("style: the library is plain ASCII", () => {
  assert.deepEqual(breaches(LIBRARY, /[^\t\x20-\x7e]/), []);
});

test("style: no file names a machine's folders or a registry's host", () => {
  // A folder of a person or of a work place, at the start of a path.
  const folders = ["home", "root", "Users", "work", "opt", "mnt"].join("|");
  assert.deepEqual(breaches(TEXTS, new RegExp(`(?<![\\w./~*-])/(?:${folders})/\\w`)), []);
  assert.deepEqual(breaches(TEXTS, /\bhttps?:\/\/[^\s/"']*registry/), []);
});

test("style: every lint rule we ask for exists", async (t) => {
  const deno = process.env["DENO_BIN"] ?? (process.versions["deno"] && process.execPath);
  if (!deno) return t.skip("needs the deno program: set DENO_BIN");
  const rules = await runCommand(deno, ["lint", "--rules", "--json"]);
  assert.equal(rules.code, 0, rules.output);
  const listed = (JSON.parse(rules.stdout) as { rules: { code: string }[] }).rules;
  const known = new Set(listed.map((rule) => rule.code));
  const { lint } = readJson<{ lint: { rules: Record<string, string[]> } }>("deno.json");
  const asked = [...lint.rules["include"] ?? [], ...lint.rules["exclude"] ?? []];
  assert.ok(asked.length > 0);
  assert.deepEqual(asked.filter((rule) => !known.has(rule)), []);
});
