// Gradbook's own contenders: on which device, by which build, with how many threads.

import type { createGradbook, GradbookOptions } from "../../api/index.ts";
import type { Contender } from "../contender.ts";
import { contender } from "./contender.ts";

/** What computes. */
export interface Setup extends Pick<GradbookOptions, "build"> {
  device: "cpu" | "webgpu";
  /** Threads of the CPU device; 1. */
  threads?: number;
}

/** The contenders that are compared with others, by name. */
export const SETUPS: Record<string, Setup> = {
  "gradbook-cpu-1": { device: "cpu", threads: 1 },
  "gradbook-cpu-2": { device: "cpu", threads: 2 },
  "gradbook-cpu-1-base": { device: "cpu", build: "base", threads: 1 },
  "gradbook-webgpu": { device: "webgpu" },
};

/** How many threads the CPU device can have here. TODO(threads): as many as there are cores where the page is isolated. */
export function mostThreads(): number {
  return 1;
}

/** Opens Gradbook as `setup` says, with the modules that lie in `baseUrl`. TODO(threads): hand `threads` to `create`. */
export async function open(
  create: typeof createGradbook,
  { threads = 1, ...setup }: Setup,
  baseUrl?: URL,
): Promise<Contender> {
  if (threads > mostThreads()) {
    throw new Error("createGradbook has no option threads: the CPU device runs on one thread so far");
  }
  return contender(await create({ ...setup, ...(baseUrl && { baseUrl }) }));
}
