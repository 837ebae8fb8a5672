// Runs the benchmark: rounds in which every contender has its turn. README.md says how it measures.
//
//   node bench.mjs [--quick] [--rounds N] [--contenders a,b] [--work W1,W4] [--ms N] [--patience S] [--python PATH] [--out FILE]

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { CONTENDERS, named, QUICK, WORKLOADS } from "./contenders.mjs";
import { browserRound } from "./driver/browser.mjs";
import { startServer } from "./driver/server.mjs";
import { torchRound } from "./driver/torch.mjs";
import { results } from "./paths.mjs";

const settings = read();
const record = {
  date: new Date().toISOString(),
  host: {
    processor: os.cpus()[0]?.model,
    cores: os.cpus().length,
    memory: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
  },
  command: process.argv.slice(2),
  runs: [],
};
const server = await startServer();
for (let round = 0; round < settings.rounds; round++) {
  for (const entry of settings.contenders) await run(entry, round);
}
server.stop();
record.finished = new Date().toISOString();
save();

function read() {
  const text = { type: "string" };
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      rounds: text,
      contenders: text,
      work: text,
      ms: text,
      patience: text,
      python: text,
      out: text,
    },
  });
  const preset = values.quick
    ? QUICK
    : { workloads: WORKLOADS, contenders: CONTENDERS.map(({ name }) => name) };
  const workloads = values.work?.split(",") ?? preset.workloads;
  const unknown = workloads.find((name) => !WORKLOADS.includes(name));
  if (unknown) throw new Error(`there is no workload ${unknown}; there are ${WORKLOADS.join(", ")}`);
  const native = (entry) => entry.device === "native";
  const wanted = named(values.contenders?.split(",") ?? preset.contenders);
  if (!values.python && wanted.some(native))
    console.log("PyTorch is left out: --python names a Python that has it");
  const peak = workloads.includes("W1") ? named(["wasm-peak"]) : [];
  const contenders = new Set([...peak, ...wanted].filter((entry) => values.python || !native(entry)));
  return {
    contenders: [...contenders],
    workloads,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    ms: Number(values.ms ?? (values.quick ? 200 : 500)),
    patience: Number(values.patience ?? 240),
    python: values.python,
    out: values.out ?? path.join(results, "run.json"),
  };
}

/** One turn of a contender. */
async function run(entry, round) {
  const workloads = settings.workloads.filter((name) => entry.only?.includes(name) ?? true);
  if (workloads.length === 0) return;
  const turn = { ...settings, workloads, server, withSizes: round === 0 };
  try {
    const given = entry.page ? browserRound(entry, turn) : torchRound(entry, turn);
    for await (const result of given) keep(entry, round, result);
  } catch (error) {
    keep(entry, round, {
      workload: workloads[0],
      info: {},
      metrics: [],
      checks: [],
      errors: [error.message],
    });
  }
}

function keep(entry, round, result) {
  record.runs.push({ contender: entry.name, round, ...result });
  save();
  const rates = result.metrics.map(({ name, unit, values }) => `${name} ${shortened(values)} ${unit}`);
  console.log(`${round} ${entry.name} ${result.workload}: ${[...rates, ...result.errors].join("; ")}`);
}

function shortened(values) {
  const best = [...values].sort((a, b) => a - b)[values.length >> 1];
  return Number(best.toPrecision(3));
}

function save() {
  fs.mkdirSync(path.dirname(settings.out), { recursive: true });
  fs.writeFileSync(settings.out, JSON.stringify(record, null, 1));
}
