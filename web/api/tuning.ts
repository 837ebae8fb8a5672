// Which tilings of its kernels a GPU is fastest with: measured once, remembered from visit to visit.

import { wasmFiles } from "../pkg/files.ts";
import type { Gpu } from "../pkg/gpu/gradbook.js";
import type { DeviceInfo } from "./engine.ts";
import { storage } from "./files.ts";

/**
 * Gives a GPU that has just been opened the tilings that were found the fastest on it. Where they are not known yet they are measured,
 * which takes some hundreds of ms; not on a program on the CPU, whose usual ones are known. `base` is the folder of the site.
 */
export async function tune(gpu: Gpu, base: URL): Promise<void> {
  const { detail, software } = gpu.info() as DeviceInfo;
  // Another version of the kernels is measured anew: the name of its file is another.
  const key = new URL(`tuning/${encodeURIComponent(detail)}?${wasmFiles.gpu.file}`, base);
  const kept = await storage("gradbook-tuning");
  try {
    const known = await (await kept?.match(key))?.text();
    if (known) return gpu.useTuning(known);
  } catch {
    // What cannot be read is measured again.
  }
  if (software) return;
  try {
    const tuning = String(await gpu.tune());
    await kept?.put(key, new Response(tuning));
  } catch {
    // The GPU was lost, or nothing can be kept: the next visit measures.
  }
}
