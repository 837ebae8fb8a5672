// Which device this browser can compute on, which one to take, and why: the words of the status bar.
// Knows the browser's abilities only; whether a device then really starts is the engine's to say.

import type { WebGpuAbility } from "../api/adapter.ts";
import { probeWebGpu } from "../api/adapter.ts";
import type { DeviceLoss } from "../api/engine.ts";
import { hasSimd, NEEDS_SIMD } from "../api/probe.ts";
import type { ComputeStatus, DeviceChoice } from "./protocol.ts";

export interface Abilities {
  simd: boolean;
  /** Whether threads could share memory: the page is cross-origin isolated. */
  isolated: boolean;
  webgpu: WebGpuAbility;
}

const NO_WEBGPU =
  "A GPU would be faster: Chrome 113, Safari 26, Firefox 141 and later have WebGPU on most systems.";

export async function probeAbilities(): Promise<Abilities> {
  return {
    simd: hasSimd(),
    isolated: globalThis.crossOriginIsolated === true,
    webgpu: await probeWebGpu(),
  };
}

/** The device for a choice. `threads` is how many the CPU device uses. */
export function chooseDevice(choice: DeviceChoice, abilities: Abilities, threads = 1): ComputeStatus {
  const { webgpu, simd } = abilities;
  if (!simd)
    return { device: "none", name: "Nothing can compute here", why: "", hint: NEEDS_SIMD, webgpu: false };
  const usable = webgpu.kind === "software" || webgpu.kind === "hardware";
  const common = { hint: webgpu.kind === "missing" ? NO_WEBGPU : "", webgpu: usable };
  if (usable && (choice === "webgpu" || (choice === "auto" && webgpu.kind === "hardware"))) {
    const why = webgpu.kind === "software" ? "the adapter is a software one: the CPU device is faster" : "";
    return { device: "webgpu", name: `WebGPU · ${webgpu.adapter}`, why, ...common };
  }
  const name = `CPU · SIMD · ${threads === 1 ? "1 thread" : `${threads} threads`}`;
  return { device: "cpu", name, why: whyNotWebGpu(choice, webgpu), ...common };
}

/** What an open device calls itself, for readers: "simd128, 1 thread" of the CPU is "CPU · SIMD · 1 thread". */
export function deviceName(device: ComputeStatus["device"], detail: string): string {
  if (device !== "cpu") return `WebGPU · ${detail}`;
  const words = detail.replace("simd128", "SIMD").replace("relaxed-simd", "relaxed SIMD");
  return ["CPU", ...words.split(", ")].join(" · ");
}

/** What became of a lost GPU. `step` is that of the run from which it went on, if there is one. */
export function lossNews({ device, reason }: DeviceLoss, step: number | undefined): string {
  const how = step === undefined ? "everything is kept" : `continued from step ${step.toLocaleString("en")}`;
  const where = device === "webgpu" ? "a new device" : "the CPU";
  return `The GPU was lost (${reason || "no reason was given"}); ${how} on ${where}.`;
}

function whyNotWebGpu(choice: DeviceChoice, webgpu: WebGpuAbility): string {
  if (choice === "cpu") return "chosen";
  switch (webgpu.kind) {
    case "missing":
      return "this browser has no WebGPU";
    case "none":
      return "WebGPU has no adapter here";
    case "software":
      return `the adapter is a software one (${webgpu.adapter})`;
    case "hardware":
      return "";
  }
}
