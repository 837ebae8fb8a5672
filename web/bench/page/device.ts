// What this device is, as far as a page may know, and in which ways it can compute.

import { defaultThreads } from "../../api/threads.ts";
import type { Setup } from "../ours/setup.ts";

/** A way to compute, with its name. */
export interface Way {
  title: string;
  setup: Setup;
}

/** All ways that this device has. */
export async function ways(): Promise<Way[]> {
  const threads = globalThis.crossOriginIsolated ? defaultThreads() : 1;
  const found: Way[] = [{ title: "CPU, 1 thread", setup: { device: "cpu" } }];
  if (threads > 1) found.push({ title: `CPU, ${threads} threads`, setup: { device: "cpu", threads } });
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter) found.push({ title: "WebGPU", setup: { device: "webgpu" } });
  return found;
}

/** Browser, system and number of cores: "Chromium 150 on Linux, 8 cores". */
export function describeDevice(): string {
  const cores = navigator.hardwareConcurrency;
  return `${browser()} on ${system()}${cores ? `, ${cores} cores` : ""}`;
}

function browser(): string {
  const agent = navigator.userAgent;
  for (const [name, pattern] of [
    ["Edge", /Edg\/(\d+)/],
    ["Firefox", /Firefox\/(\d+)/],
    ["Chromium", /Chrome\/(\d+)/],
    ["Safari", /Version\/([\d.]+).*Safari/],
  ] as const) {
    const version = pattern.exec(agent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return "a browser";
}

function system(): string {
  const agent = navigator.userAgent;
  const names = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux"];
  return names.find((name) => agent.includes(name)) ?? "another system";
}
