// Not a contender: what the multiply-add instructions of WebAssembly could do at most, in one worker and in two.

import { told } from "../../web/bench/result.ts";
import { inWorkers } from "./shared/limits.mjs";
import { wanted } from "./shared/run.mjs";

const result = { workload: wanted.workload, info: { library: "none" }, metrics: [], checks: [], errors: [] };
try {
  for (const build of ["simd128", "relaxed-simd"]) {
    for (const threads of [1, 2]) {
      const rates = await inWorkers(build, threads, Array(5).fill("peak"));
      const values = rates.flatMap(Object.values);
      result.metrics.push({ name: `${build}, threads: ${threads}`, unit: "GFLOP/s", values });
    }
  }
} catch (error) {
  result.errors.push(told(error));
}
globalThis.result = result;
