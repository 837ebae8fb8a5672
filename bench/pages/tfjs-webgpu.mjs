// TensorFlow.js on its WebGPU backend.

import * as tf from "@tensorflow/tfjs-core";
// Without it gradients are missing: the entry point alone does not register them.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-backend-webgpu";
import { runHere } from "./shared/run.mjs";
import { contender } from "./tfjs/contender.mjs";

runHere(async () => {
  if (!(await tf.setBackend("webgpu"))) throw new Error("the backend webgpu did not start");
  await tf.ready();
  return contender(tf, { library: "tfjs", version: tf.version_core, backend: tf.getBackend() });
});
