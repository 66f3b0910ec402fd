import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { listSources, ROOT } from "../tools/repository.ts";
import { runCommand } from "../tools/run_command.ts";

// ARCHITECTURE.md has the same table: a file imports its own folder and lower ranks only.
const RANKS: readonly string[] = [
  "src/errors.ts",
  "src/base",
  "src/io",
  "src/journal",
  "src/block",
  "src/kernel",
  "src/structures",
  "src/streams",
  "src/http",
];
const ADAPTER_RANK_MAX = RANKS.indexOf("src/io");
// The cluster adapter implements the contract of the stream store, which is all it may know.
const CONTRACT = /^src\/streams\/stream_store(?:_[a-z_]+)?\.ts$/;
// The adapter to abstract-level stands on everything, as a program would: on the public API alone.
const LEVEL = /^adapters\/level[/.]/;

interface Arrow {
  readonly from: string;
  /** A path of the repository, or a specifier that is no file of it. */
  readonly to: string;
}

/** The layer of a file: an entry of RANKS, or one of the roots and sides. */
function layerOf(path: string): string | undefined {
  if (path === "mod.ts" || path.startsWith("src/cli/")) return "root";
  const rank = RANKS.find((layer) => path === layer || path.startsWith(`${layer}/`));
  return rank ?? /^(adapters|bench|examples|tests)\//.exec(path)?.[1];
}

/** Why an arrow is not allowed, or undefined when it is. */
function objection({ from, to }: Arrow): string | undefined {
  const source = layerOf(from);
  const target = layerOf(to);
  const sourceRank = RANKS.indexOf(source ?? "");
  const targetRank = RANKS.indexOf(target ?? "");
  if (source === undefined) return "the file is in no layer";
  if (LEVEL.test(to) && !LEVEL.test(from) && source !== "tests" && source !== "examples") {
    return "it needs a package that has to be installed";
  }
  if (source === "root" || source === "tests") {
    return target === "tests" && source === "root" ? "the library imports tests" : undefined;
  }
  if (!to.endsWith(".ts")) {
    return sourceRank >= 0 ? "only adapters/, src/cli/ and mod.ts import packages" : undefined;
  }
  if (source === target) return undefined;
  if (source === "bench" || source === "examples") {
    const isPublic = to === "mod.ts" || target === "adapters";
    return isPublic ? undefined : "only the public API and adapters are allowed here";
  }
  if (source === "adapters") {
    if (LEVEL.test(from)) return to === "mod.ts" ? undefined : "only the public API here";
    if (targetRank >= 0 && targetRank <= ADAPTER_RANK_MAX) return undefined;
    if (/^adapters\/jetstream[/_.]/.test(from) && CONTRACT.test(to)) return undefined;
    return "adapters import ranks 0 to 2 only";
  }
  return targetRank >= 0 && targetRank < sourceRank ? undefined : "not a lower rank";
}

interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Every import of `files`, types included, as Deno resolves them. */
async function arrowsOf(deno: string, files: readonly string[]): Promise<Arrow[]> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-layers-"));
  try {
    const top = pathToFileURL(ROOT).href;
    const entry = join(folder, "entry.ts");
    writeFileSync(entry, files.map((path) => `import "${top}${path}";\n`).join(""));
    const config = ["--config", join(ROOT, "deno.json"), "--no-npm", "--no-remote"];
    const info = await runCommand(deno, ["info", "--json", ...config, entry]);
    assert.equal(info.code, 0, info.output);
    const { modules } = JSON.parse(info.stdout) as { modules: ModuleInfo[] };
    const broken = modules.filter(({ specifier, error }) => error && specifier.startsWith(top));
    assert.deepEqual(broken.map(({ error }) => error), []);
    return modules
      .filter(({ specifier }) => specifier.startsWith(top))
      .flatMap(({ specifier, dependencies = [] }) =>
        dependencies.map((dependency) => {
          const resolved = dependency.code?.specifier ?? dependency.type?.specifier ?? "";
          const isOurs = resolved.startsWith(top);
          return {
            from: specifier.slice(top.length),
            to: isOurs ? resolved.slice(top.length) : dependency.specifier,
          };
        })
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("layers: the rules object to every forbidden kind of arrow", () => {
  const forbidden: readonly (readonly [string, string])[] = [
    ["src/base/bytes.ts", "src/io/adapter.ts"],
    ["src/kernel/page/pager.ts", "src/structures/index/index.ts"],
    ["src/kernel/page/pager.ts", "adapters/node.ts"],
    ["src/kernel/page/pager.ts", "mod.ts"],
    ["src/http/handler.ts", "src/cli/main.ts"],
    ["src/kernel/page/pager.ts", "node:fs"],
    ["src/errors.ts", "src/base/bytes.ts"],
    ["src/stray.ts", "src/errors.ts"],
    ["adapters/node.ts", "src/journal/journal.ts"],
    ["adapters/node.ts", "src/streams/stream_store.ts"],
    ["adapters/node.ts", "mod.ts"],
    ["adapters/node.ts", "adapters/level.ts"],
    ["mod.ts", "adapters/level.ts"],
    ["src/cli/main.ts", "adapters/level.ts"],
    ["adapters/level.ts", "src/structures/index/index.ts"],
    ["adapters/level/level_walk.ts", "src/errors.ts"],
    ["bench/main.ts", "src/kernel/page/pager.ts"],
    ["mod.ts", "tests/tools/test.ts"],
  ];
  for (const [from, to] of forbidden) assert.ok(objection({ from, to }), `${from} -> ${to}`);
  const allowed: readonly (readonly [string, string])[] = [
    ["src/kernel/page/pager.ts", "src/kernel/tree/node.ts"],
    ["src/http/handler.ts", "src/errors.ts"],
    ["adapters/node.ts", "node:fs"],
    ["adapters/jetstream.ts", "src/streams/stream_store.ts"],
    ["adapters/level.ts", "mod.ts"],
    ["adapters/level.ts", "abstract-level"],
    ["bench/main.ts", "mod.ts"],
    ["src/cli/main.ts", "src/http/handler.ts"],
  ];
  for (const [from, to] of allowed) assert.equal(objection({ from, to }), undefined);
});

test("layers: every import points to its own folder or to a lower rank", async (t) => {
  const deno = process.env["DENO_BIN"] ?? (process.versions["deno"] && process.execPath);
  if (!deno) return t.skip("needs the deno program: set DENO_BIN");
  const files = listSources("mod.ts", "src", "adapters", "bench", "examples");
  const arrows = await arrowsOf(deno, files);
  assert.ok(arrows.length > 0);
  const objections = arrows.flatMap((arrow) => {
    const reason = objection(arrow);
    return reason === undefined ? [] : [`${arrow.from} -> ${arrow.to}: ${reason}`];
  });
  assert.deepEqual(objections, []);
});
