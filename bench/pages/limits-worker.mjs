// Measures limits of a WebAssembly module in this worker: the jobs that it is told.

import { JOBS } from "../limits/wasm.mjs";

globalThis.onmessage = async ({ data: { module, jobs } }) => {
  const { exports } = await WebAssembly.instantiate(module, {});
  postMessage(jobs.map((job) => JOBS[job](exports)));
};
