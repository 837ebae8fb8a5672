// Everybody who takes part. Two are compared if they compute on the same kind of device.

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {"cpu" | "gpu" | "native"} device
 * @property {number} threads
 * @property {string} [page] The page that runs it; PyTorch has none.
 * @property {object} [options] What the page is told.
 * @property {boolean} [ours]
 * @property {string[]} [only] The only workloads that it knows.
 */

const ours = { page: "gradbook", ours: true };

/** @type {Entry[]} */
export const CONTENDERS = [
  { name: "wasm-peak", device: "cpu", threads: 2, page: "limits", only: ["W1"] },
  { name: "gradbook-cpu-1", device: "cpu", threads: 1, ...ours },
  { name: "gradbook-cpu-2", device: "cpu", threads: 2, ...ours },
  { name: "gradbook-cpu-1-base", device: "cpu", threads: 1, ...ours },
  { name: "gradbook-webgpu", device: "gpu", threads: 2, ...ours },
  { name: "tfjs-cpu", device: "cpu", threads: 1, page: "tfjs-cpu" },
  { name: "tfjs-wasm-1", device: "cpu", threads: 1, page: "tfjs-wasm", options: { threads: 1 } },
  { name: "tfjs-wasm-2", device: "cpu", threads: 2, page: "tfjs-wasm", options: { threads: 2 } },
  { name: "tfjs-webgl", device: "gpu", threads: 2, page: "tfjs-webgl" },
  { name: "tfjs-webgpu", device: "gpu", threads: 2, page: "tfjs-webgpu" },
  { name: "jax-wasm", device: "cpu", threads: 2, page: "jax", options: { device: "wasm" } },
  { name: "jax-webgpu", device: "gpu", threads: 2, page: "jax", options: { device: "webgpu" } },
  { name: "convnetjs", device: "cpu", threads: 1, page: "convnetjs" },
  { name: "onnx-wasm-1", device: "cpu", threads: 1, page: "onnx-wasm", options: { threads: 1 } },
  { name: "onnx-wasm-2", device: "cpu", threads: 2, page: "onnx-wasm", options: { threads: 2 } },
  { name: "onnx-webgpu", device: "gpu", threads: 2, page: "onnx-webgpu" },
  { name: "torch-1", device: "native", threads: 1 },
  { name: "torch-2", device: "native", threads: 2 },
];

/** The workloads; LeNet first, so that a fresh browser meets it cold. */
export const WORKLOADS = ["W4", "W3", "W1", "W2", "W8", "W9", "W7", "W6", "W5", "W11"];

/** What a look at the state of things takes. */
export const QUICK = {
  workloads: ["W4", "W3"],
  contenders: [
    "gradbook-cpu-1",
    "gradbook-cpu-2",
    "gradbook-webgpu",
    "convnetjs",
    "jax-wasm",
    "jax-webgpu",
    "torch-1",
  ],
};

/** The entries of these names, in their order. */
export function named(names) {
  return names.map((name) => {
    const entry = CONTENDERS.find((one) => one.name === name);
    if (!entry) {
      throw new Error(
        `there is no contender ${name}; there are ${CONTENDERS.map((one) => one.name).join(", ")}`,
      );
    }
    return entry;
  });
}
