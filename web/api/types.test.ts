// The types that the package offers are part of its contract: a change shows in tests/api.d.ts. GRADBOOK_UPDATE=1 writes it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const GOLDEN = "tests/api.d.ts";

test("the public types are those of tests/api.d.ts", () => {
  const out = mkdtempSync(join(tmpdir(), "gradbook-types-"));
  const settings = join(out, "tsconfig.json");
  const root = process.cwd();
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        rewriteRelativeImportExtensions: true,
        typeRoots: [join(root, "node_modules/@types")],
        rootDir: join(root, "web"),
        outDir: join(out, "types"),
      },
      include: [],
      files: [join(root, "web/api/index.ts")],
    }),
  );
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", settings]);
  const folder = join(out, "types/api");
  const files = (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith(".ts"))
    .sort();
  const text = files.map((file) => `// ${file}\n${readFileSync(join(folder, file), "utf8")}`).join("\n");
  if (process.env.GRADBOOK_UPDATE === "1") writeFileSync(GOLDEN, text);
  assert.equal(text, readFileSync(GOLDEN, "utf8"), `the types changed; GRADBOOK_UPDATE=1 writes ${GOLDEN}`);
});
