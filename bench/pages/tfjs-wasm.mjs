// TensorFlow.js on its WebAssembly backend, with or without threads.

import * as tf from "@tensorflow/tfjs-core";
// Without it gradients are missing: the entry point alone does not register them.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { getThreadsCount, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { runHere } from "./shared/run.mjs";
import { contender } from "./tfjs/contender.mjs";

runHere(async ({ threads }) => {
  setWasmPaths("/tfjs/");
  if (threads > 1) setThreadsCount(threads);
  else tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await tf.setBackend("wasm"))) throw new Error("the backend wasm did not start");
  await tf.ready();
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const used = threads > 1 ? getThreadsCount() : 1;
  return contender(tf, { library: "tfjs", version: tf.version_core, backend: "wasm", simd, threads: used });
});
