// Prints the limits of this machine, natively and in the browser: node bench/limits/limits.mjs [ROUNDS], after build.mjs.

import { execFileSync } from "node:child_process";
import path from "node:path";
import { launch } from "../driver/browser.mjs";
import { startServer } from "../driver/server.mjs";
import { bench, programs } from "../paths.mjs";

const rounds = Number(process.argv[2] ?? 3);
const figures = new Map();
for (let round = 0; round < rounds; round++) {
  if (process.arch === "x64") native();
  await browser();
}
for (const [name, values] of figures) {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((x) =>
    x.toPrecision(4),
  );
  console.log(`${name.padEnd(64)} ${middle.padStart(8)} [${least}–${most}]`);
}

function add(name, value) {
  figures.set(name, [...(figures.get(name) ?? []), value]);
}

function native() {
  const program = path.join(programs, "limits-native");
  execFileSync("rustc", [
    "--edition=2024",
    "-Copt-level=3",
    path.join(bench, "limits/native.rs"),
    "-o",
    program,
  ]);
  for (const line of execFileSync(program, { encoding: "utf8" }).trim().split("\n")) {
    const { name, value } = JSON.parse(line);
    add(name, value);
  }
}

async function browser() {
  const server = await startServer();
  const chromium = await launch();
  const page = await chromium.newPage();
  await page.goto(`${server.address}/?page=limits-all`);
  await page.waitForFunction("globalThis.result");
  const ask = async (prefix, call) => {
    const found = await page
      .evaluate(call)
      .catch((error) => console.log(`${prefix}: ${error.message.split("\n")[0]}`));
    for (const [name, value] of Object.entries(found ?? {})) add(`${prefix}: ${name}`, value);
  };
  for (const build of ["simd128", "relaxed-simd"]) {
    for (const threads of [1, 2]) await ask(`${build} × ${threads}`, `limits.wasm("${build}", ${threads})`);
  }
  await ask("WebGPU", "limits.webgpu()");
  await chromium.close();
  server.stop();
}
