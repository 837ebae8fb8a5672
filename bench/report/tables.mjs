// The tables of a report: each shows some metrics of all contenders.

import { CONTENDERS } from "../contenders.mjs";
import { digits, spread, table } from "./format.mjs";

const SIZES = [64, 128, 256, 512, 1024].map((n) => [`${n}`, "W1", `${n} × ${n}`]);

/** `[column, work, metric]` of each table. */
const TABLES = {
  "Training, steps/s": [
    ["W3 MLP", "W3", "training"],
    ["W4 LeNet", "W4", "training"],
    ["W5 ResNet", "W5", "training"],
    ["W6 DCGAN", "W6", "training"],
    ["W7 LSTM", "W7", "training"],
  ],
  "W1 matrix product, GFLOP/s": SIZES,
  "W2 convolution, GFLOP/s": [
    ["forward", "W2", "forward"],
    ["forward and both gradients", "W2", "forward and gradients"],
  ],
  "W8 explanation and W9 inference, ms": [
    ["saliency", "W8", "saliency"],
    ["integrated gradients, 50 steps", "W8", "integrated gradients"],
    ["one image", "W9", "one image"],
  ],
  "W4 from a cold start, ms": [
    ["start of the library", "W4", "start"],
    ["data to first loss", "W4", "first step"],
    ["navigation to first loss", "W4", "navigation to first step"],
  ],
  "Memory, MiB": [
    ["peak of the page in W4", "W4", "peak memory of the page"],
    ["peak of the GPU process in W4", "W4", "peak memory of the GPU process"],
    ["W11: after 100 steps", "W11", "after 100 steps"],
    ["after 1000 steps", "W11", "after 1000 steps"],
  ],
  "W10 download for W4, bytes": [
    ["raw", "W4", "download, raw"],
    ["gzip", "W4", "download, gzip"],
    ["brotli", "W4", "download, brotli"],
  ],
};

/** All tables of medians. */
export function medians(names, rows, runs) {
  return Object.entries(TABLES)
    .map(([title, columns]) => {
      const cells = (name) =>
        columns.map(([, work, metric]) => {
          const row = find(rows, name, work, metric);
          return row ? spread(row) : failed(runs, name, work);
        });
      return table(
        title,
        ["contender", ...columns.map(([column]) => column)],
        names.map((name) => [name, ...cells(name)]),
      );
    })
    .join("");
}

/** Processor time: the block that was disturbed least. */
export function processorTime(names, rows) {
  const works = ["W3", "W4", "W5", "W6", "W7"];
  const cell = (name, work) => {
    const row = find(rows, name, work, "processor time of a step");
    return row ? digits(row.min) : "-";
  };
  return table(
    "Processor time of a training step in all processes, ms, least of all blocks",
    ["contender", ...works],
    names.map((name) => [name, ...works.map((work) => cell(name, work))]),
  );
}

/** Matrix products as a share of what the multiply-add instructions could do on as many threads. */
export function shareOfPeak(names, rows) {
  const peak = (build, threads) => find(rows, "wasm-peak", "W1", `${build}, threads: ${threads}`)?.median;
  const peaks = ["simd128", "relaxed-simd"].flatMap((build) =>
    [1, 2].flatMap((threads) => {
      const rate = peak(build, threads);
      return rate ? [`${build} × ${threads}: ${digits(rate)}`] : [];
    }),
  );
  if (peaks.length === 0) return "";
  const cell = (entry, [, work, metric]) => {
    const row = find(rows, entry.name, work, metric);
    const limit = peak(entry.name.endsWith("-base") ? "simd128" : "relaxed-simd", entry.threads);
    return row && limit ? `${Math.round((100 * row.median) / limit)} %` : "-";
  };
  const onCpu = CONTENDERS.filter(({ name, device }) => names.includes(name) && device !== "gpu");
  return table(
    `W1 as a share of the multiply-add peak of WebAssembly (GFLOP/s: ${peaks.join(", ")})`,
    ["contender", ...SIZES.map(([column]) => column)],
    onCpu.map((entry) => [entry.name, ...SIZES.map((size) => cell(entry, size))]),
  );
}

/** Losses of steps 1, 2 and 4, which must agree. */
export function losses(names, runs) {
  const works = ["W3", "W4", "W5", "W6", "W7"];
  const cell = (name, work) => {
    const run = runs.find((one) => one.contender === name && one.workload === work && one.checks.length > 0);
    return run ? run.checks.map((loss) => loss.toFixed(5)).join(" / ") : "-";
  };
  return table(
    "Losses of steps 1, 2 and 4, from the same weights and data",
    ["contender", ...works],
    names.map((name) => [name, ...works.map((work) => cell(name, work))]),
  );
}

/** What failed, in the libraries' own words. */
export function errors(runs) {
  const found = new Set();
  for (const { contender, workload, errors } of runs) {
    for (const error of errors)
      found.add(`- ${contender} ${workload}: ${error.split("\n")[0].slice(0, 240)}`);
  }
  return found.size === 0 ? "" : `\n### What failed\n\n${[...found].join("\n")}\n`;
}

export function find(rows, name, work, metric) {
  return rows.find((row) => row.contender === name && row.work === work && row.metric === metric);
}

function failed(runs, name, work) {
  const own = runs.filter((run) => run.contender === name && run.workload === work);
  return own.some((run) => run.errors.length > 0) ? "fails" : "-";
}
