import assert from "node:assert/strict";
import { test } from "node:test";
import { bareSource } from "./bare_source.ts";

test("bareSource() removes comments and keeps the numbers of lines", () => {
  const text = 'a; // b\n/* c\n d */ e; const f = "// g";\n';
  assert.equal(bareSource(text), 'a;     \n    \n      e; const f = "// g";\n');
});

test("bareSource() with literals empties strings, templates and patterns, not their code", () => {
  const bare = bareSource(
    'x("Deno.a", `Bun.b ${process.env(`c ${"d"} e`)} f`, /["`]Deno/.test(g / h / i));',
    { literals: true },
  );
  assert.doesNotMatch(bare, /Deno|Bun|\b[abcdef]\b/);
  assert.match(bare, /process\.env\(/);
  assert.match(bare, /\.test\(g \/ h \/ i\)\);$/);
});
