// Bundles the pages of the contenders, compiles the limits, and writes weights and data for PyTorch.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { bench, data, programs, site } from "./paths.mjs";

const require = createRequire(import.meta.url);
const pages = path.join(bench, "pages");

for (const folder of [site, data, programs]) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
}
for (const file of fs.readdirSync(pages).filter((name) => name.endsWith(".mjs"))) {
  await bundlePage(path.basename(file, ".mjs"));
}
copy("@tensorflow/tfjs-backend-wasm", /\.wasm$/, "tfjs");
copy("onnxruntime-web", /^ort-wasm.*\.(wasm|mjs)$/, "onnx");
compile("limits/wasm.rs", "limits-simd128.wasm", ["+simd128"]);
compile("limits/wasm.rs", "limits-relaxed-simd.wasm", ["+simd128", "+relaxed-simd"]);
await writeData();

/** Each page by itself: what one contender loads must not depend on another. */
async function bundlePage(name) {
  await build({
    entryPoints: [path.join(pages, `${name}.mjs`)],
    outdir: path.join(site, name),
    entryNames: "main",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "esnext",
    define: { "process.env.NODE_ENV": '"production"' },
    // The package as it was built; and what libraries ask for in Node only.
    external: [
      "/gradbook/*",
      "fs",
      "path",
      "crypto",
      "perf_hooks",
      "worker_threads",
      "os",
      "util",
      "module",
    ].concat(["node:*", "node-fetch", "string_decoder"]),
    logLevel: "error",
  });
}

/** Files that a library loads when it runs, from its folder `dist`. */
function copy(library, which, to) {
  let folder = path.dirname(require.resolve(library));
  while (!fs.existsSync(path.join(folder, "package.json")) || !fs.existsSync(path.join(folder, "dist"))) {
    folder = path.dirname(folder);
  }
  const target = path.join(site, to);
  fs.mkdirSync(target, { recursive: true });
  for (const file of fs.readdirSync(path.join(folder, "dist")).filter((name) => which.test(name))) {
    fs.copyFileSync(path.join(folder, "dist", file), path.join(target, file));
  }
}

function compile(source, output, features) {
  const options = [
    "--edition=2024",
    "--crate-type=cdylib",
    "--target=wasm32-unknown-unknown",
    "-Copt-level=3",
  ];
  const target = ["-Cpanic=abort", "-Clto=fat", "-Cstrip=symbols", `-Ctarget-feature=${features.join(",")}`];
  execFileSync("rustc", [...options, ...target, path.join(bench, source), "-o", path.join(site, output)]);
}

async function writeData() {
  const program = path.join(programs, "specs.mjs");
  const exports = 'export * from "./web/bench/batches.ts"; export * from "./web/bench/specs.ts";';
  await build({
    stdin: { contents: exports, resolveDir: path.dirname(bench) },
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  const { BATCH, RULES, SPECS, convolution, makeBatches, makeParams, matrices } = await import(program);
  const write = (name, values) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    fs.writeFileSync(path.join(data, `${name}.bin`), bytes);
  };
  const writeAll = (prefix, arrays) => {
    for (const [name, values] of Object.entries(arrays)) write(`${prefix}.${name}`, values);
  };
  const models = {};
  for (const model of Object.keys(SPECS)) {
    const params = makeParams(model);
    for (const { name, data } of params) write(`${model}.${name}`, data);
    makeBatches(model).forEach((batch, i) => {
      writeAll(`${model}.batch${i}`, batch);
    });
    const shapes = params.map(({ name, shape }) => [name, shape]);
    models[model] = { params: shapes, batch: BATCH[model], rule: RULES[model] };
  }
  writeAll("conv", convolution());
  for (const n of [64, 128, 256, 512, 1024]) writeAll(`matrix${n}`, matrices(n));
  fs.writeFileSync(path.join(data, "models.json"), JSON.stringify(models));
}
