// Which wasm build this browser can run. Each probe is the smallest module with an instruction of the feature.

import { canShareMemory } from "./threads.ts";

/** An engine build: `base` needs SIMD, `fast` relaxed SIMD too, `threads` memory that workers share as well. */
export type EngineBuild = "base" | "fast" | "threads";

/** (i8x16.splat (i32.const 0)) */
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11,
];

/** (i8x16.relaxed_swizzle (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 2))) */
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2,
  253, 15, 253, 128, 2, 11,
];

/** For a browser without SIMD: what has it. */
export const NEEDS_SIMD =
  "This browser lacks WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 and later have it.";

/** Whether WebAssembly has SIMD here. */
export function hasSimd(): boolean {
  return WebAssembly.validate(Uint8Array.from(SIMD));
}

/**
 * The build that was asked for, else the fastest that runs here; that with threads only if there is to be more than one.
 * Errors: the build does not run here, or there is none.
 */
export function chooseBuild(wanted: EngineBuild | undefined, threads: number): EngineBuild {
  if (!hasSimd()) throw new Error(NEEDS_SIMD);
  const runs: EngineBuild[] = ["base"];
  if (WebAssembly.validate(Uint8Array.from(RELAXED_SIMD))) {
    runs.unshift("fast");
    if (canShareMemory()) runs.unshift("threads");
  }
  const build = runs.find((name) => (wanted ? name === wanted : name !== "threads" || threads > 1));
  if (!build) throw new Error(`no engine build ${String(wanted)} runs here; there is ${runs.join(" and ")}`);
  return build;
}
