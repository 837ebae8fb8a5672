// Run when the site is built: node generate.mjs TARGET DECLARATIONS…

import { readFileSync, writeFileSync } from "node:fs";
import { readDeclarations } from "./declarations.ts";

const [target, ...sources] = process.argv.slice(2);
if (!target || sources.length === 0) throw new Error("node generate.mjs TARGET DECLARATIONS…");
const text = sources.map((file) => readFileSync(file, "utf8")).join("\n");
writeFileSync(target, `${JSON.stringify(readDeclarations(text, ["Gradbook", "CellNames"]))}\n`);
