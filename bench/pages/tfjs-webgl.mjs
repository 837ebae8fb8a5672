// TensorFlow.js on its WebGL backend.

import * as tf from "@tensorflow/tfjs-core";
// Without it gradients are missing: the entry point alone does not register them.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-backend-webgl";
import { runHere } from "./shared/run.mjs";
import { contender } from "./tfjs/contender.mjs";

runHere(async () => {
  if (!(await tf.setBackend("webgl"))) throw new Error("the backend webgl did not start");
  await tf.ready();
  return contender(tf, { library: "tfjs", version: tf.version_core, backend: tf.getBackend() });
});
