import assert from "node:assert/strict";
import { test } from "node:test";
import type { Abilities } from "./device.ts";
import { chooseDevice, deviceName, lossNews, probeAbilities } from "./device.ts";

const software: Abilities = {
  simd: true,
  isolated: false,
  webgpu: { kind: "software", adapter: "SwiftShader" },
};
const hardware: Abilities = { simd: true, isolated: true, webgpu: { kind: "hardware", adapter: "apple m2" } };
const missing: Abilities = { simd: true, isolated: false, webgpu: { kind: "missing" } };

test("automatic prefers the CPU to a software adapter, and says so", () => {
  const status = chooseDevice("auto", software);
  assert.equal(status.device, "cpu");
  assert.equal(status.name, "CPU · SIMD · 1 thread");
  assert.equal(status.why, "the adapter is a software one (SwiftShader)");
  assert.ok(status.webgpu);
});

test("automatic takes a real adapter; the choice is obeyed where it can be", () => {
  assert.equal(chooseDevice("auto", hardware).name, "WebGPU · apple m2");
  assert.equal(chooseDevice("cpu", hardware, 4).name, "CPU · SIMD · 4 threads");
  assert.equal(chooseDevice("webgpu", software).device, "webgpu");
  assert.equal(chooseDevice("webgpu", missing).device, "cpu");
  assert.equal(chooseDevice("webgpu", missing).why, "this browser has no WebGPU");
});

test("an open device is named for readers", () => {
  assert.equal(deviceName("cpu", "simd128, 1 thread"), "CPU · SIMD · 1 thread");
  assert.equal(deviceName("cpu", "relaxed-simd, 1 thread"), "CPU · relaxed SIMD · 1 thread");
  assert.equal(deviceName("webgpu", "apple, m2"), "WebGPU · apple, m2");
});

test("a browser without SIMD is told which ones have it", () => {
  const status = chooseDevice("auto", { ...hardware, simd: false });
  assert.equal(status.device, "none");
  assert.match(status.hint, /Chrome 91, Firefox 89, Safari 16\.4/);
});

test("SIMD is found where it is", async () => {
  assert.equal((await probeAbilities()).simd, true);
});

test("a lost GPU is told with the step that it went on from, and where", () => {
  const loss = {
    device: "webgpu",
    detail: "",
    software: false,
    reason: "driver reset",
    repeated: 3,
  } as const;
  assert.equal(
    lossNews(loss, 1412),
    "The GPU was lost (driver reset); continued from step 1,412 on a new device.",
  );
  assert.equal(
    lossNews({ ...loss, device: "cpu", reason: "" }, undefined),
    "The GPU was lost (no reason was given); everything is kept on the CPU.",
  );
});
