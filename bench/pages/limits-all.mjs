// All limits, for limits.mjs: it asks for one group after the other.

import { webgpuLimits } from "../limits/webgpu.mjs";
import { inWorkers } from "./shared/limits.mjs";

globalThis.limits = {
  async wasm(build, threads) {
    const jobs = await inWorkers(build, threads, ["peak", "stream", "matmul"]);
    return Object.assign({}, ...jobs);
  },
  webgpu: webgpuLimits,
};
globalThis.result = true;
