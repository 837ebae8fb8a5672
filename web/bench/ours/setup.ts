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

/** Opens Gradbook as `setup` says, with the modules that lie in `baseUrl`. Errors: threads that do not start. */
export async function open(
  create: typeof createGradbook,
  { threads = 1, ...setup }: Setup,
  baseUrl?: URL,
): Promise<Contender> {
  const opened = await create({ ...setup, threads, ...(baseUrl && { baseUrl }) });
  const { detail } = opened.device ?? {};
  if (threads > 1 && !detail?.endsWith(`${threads} threads`))
    throw new Error(`there are no ${threads} threads here: ${detail}`);
  return contender(opened);
}
