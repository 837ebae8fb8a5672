// jax-js on WebAssembly or WebGPU.

import { contender } from "./jax/contender.mjs";
import { runHere } from "./shared/run.mjs";

runHere(({ device }) => contender(device));
