// One round of PyTorch, in a process of its own that prints a result for each workload.

import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { bench, data } from "../paths.mjs";

/** Yields a result for each workload. */
export async function* torchRound(entry, { python, workloads, ms }) {
  const script = path.join(bench, "torch/bench.py");
  const options = [
    "--data",
    data,
    "--threads",
    entry.threads,
    "--workloads",
    workloads.join(","),
    "--ms",
    ms,
  ];
  const child = spawn(python, [script, ...options].map(String));
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? undefined : complaint.trim().split("\n").at(-1)));
  });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const load = os.loadavg()[0];
    if (line.startsWith("{")) yield { ...JSON.parse(line), load: [load, load] };
  }
  const failure = await ended;
  if (failure) yield { workload: workloads[0], info: {}, metrics: [], checks: [], errors: [failure] };
}
