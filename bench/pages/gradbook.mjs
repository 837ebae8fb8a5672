// Gradbook, from its npm package, in one worker.

import { order } from "../../web/bench/ours/remote.ts";
import { SETUPS } from "../../web/bench/ours/setup.ts";
import { told } from "../../web/bench/result.ts";
import { processes, wanted } from "./shared/run.mjs";

const { name, workload, settings } = wanted;
const worker = new Worker("/gradbook-worker/main.js", { type: "module" });
globalThis.result = await order(worker, SETUPS[name], workload, settings, processes).catch((error) => ({
  workload,
  info: {},
  metrics: [],
  checks: [],
  errors: [told(error)],
}));
