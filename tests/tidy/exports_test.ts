import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readJson, readText, ROOT } from "../tools/repository.ts";

interface PackageConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type?: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, string>>;
  readonly publish?: Readonly<Record<string, readonly string[]>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const deno = readJson<PackageConfig>("deno.json");
const jsr = readJson<PackageConfig>("jsr.json");
const npm = readJson<PackageConfig>("package.json");

test("exports: deno.json, jsr.json and package.json agree", () => {
  const { name, version, license, exports, publish } = deno;
  assert.deepEqual(jsr, { name, version, license, exports, publish });
  for (const field of ["name", "version", "license", "exports"] as const) {
    assert.deepEqual(npm[field], deno[field], field);
  }
});

test("exports: every export is a file", () => {
  assert.deepEqual(Object.values(deno.exports).filter((path) => !existsSync(join(ROOT, path))), []);
});

// Short names for what people import by hand; their files are where their layer is.
const SHORT: Readonly<Record<string, string>> = {
  ".": "./mod.ts",
  "./cli": "./src/cli/main.ts",
  "./level": "./adapters/level.ts",
};

test("exports: every other name is the path of its file in kebab case", () => {
  for (const [name, path] of Object.entries(deno.exports)) {
    assert.equal(path, SHORT[name] ?? `${name.replaceAll("-", "_")}.ts`);
  }
});

test("exports: the current version is in the changelog", () => {
  assert.match(
    readText("CHANGELOG.md"),
    new RegExp(`^## ${deno.version.replaceAll(".", "\\.")} `, "m"),
  );
});

test("tasks: every script is a file", () => {
  const scripts = Object.values(deno.tasks ?? {}).flatMap((task) => task.match(/\S+\.ts\b/g) ?? []);
  assert.ok(scripts.length > 0);
  assert.deepEqual(scripts.filter((path) => !existsSync(join(ROOT, path))), []);
});

test("dependencies: package.json is a module and pins exact versions", () => {
  assert.equal(npm.type, "module");
  const versions = { ...npm.dependencies, ...npm.devDependencies };
  assert.deepEqual(
    Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
  assert.deepEqual(Object.keys(npm.dependencies ?? {}), []);
});

test("dependencies: every peer is optional, and tested in its oldest version", () => {
  for (const [name, range] of Object.entries(npm.peerDependencies ?? {})) {
    assert.equal(npm.peerDependenciesMeta?.[name]?.optional, true, name);
    assert.equal(range, `^${npm.devDependencies?.[name]}`);
  }
});

test("dependencies: package-lock.json has the same versions and no addresses", () => {
  interface Lock {
    readonly packages: Readonly<Record<string, PackageConfig & { readonly resolved?: string }>>;
  }
  // npm leaves the addresses out with `--omit-lockfile-registry-resolved`.
  const { packages } = readJson<Lock>("package-lock.json");
  assert.deepEqual(packages[""]?.dependencies, npm.dependencies);
  assert.deepEqual(packages[""]?.devDependencies, npm.devDependencies);
  assert.deepEqual(packages[""]?.peerDependencies, npm.peerDependencies);
  assert.deepEqual(packages[""]?.peerDependenciesMeta, npm.peerDependenciesMeta);
  assert.equal(packages[""]?.version, npm.version);
  assert.deepEqual(Object.keys(packages).filter((name) => packages[name]?.resolved), []);
});
