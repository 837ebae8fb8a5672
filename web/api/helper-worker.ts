// A thread that helps the CPU device: an instance of the engine's module on the memory of the one that computes.

import init, { help } from "../pkg/threads/gradbook.js";
import type { FromHelper, ToHelper } from "./threads.ts";

addEventListener(
  "message",
  async ({ data }: MessageEvent<ToHelper>) => {
    await init({ module_or_path: data.module, memory: data.memory });
    postMessage("ready" satisfies FromHelper);
    // Sleeps in here while there is nothing to do.
    help();
  },
  { once: true },
);
