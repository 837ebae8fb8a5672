// ONNX Runtime on WebGPU.

import * as ort from "onnxruntime-web/webgpu";
import { contender } from "./onnx/contender.mjs";
import { runHere } from "./shared/run.mjs";

runHere(async () => {
  ort.env.wasm.wasmPaths = "/onnx/";
  ort.env.wasm.numThreads = 1;
  return contender(ort, "webgpu", {});
});
