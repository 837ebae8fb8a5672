// ONNX Runtime on WebAssembly.

import * as ort from "onnxruntime-web/wasm";
import { contender } from "./onnx/contender.mjs";
import { runHere } from "./shared/run.mjs";

runHere(async ({ threads }) => {
  ort.env.wasm.wasmPaths = "/onnx/";
  ort.env.wasm.numThreads = threads;
  return contender(ort, "wasm", { threads });
});
