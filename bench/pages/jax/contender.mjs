// jax-js as a contender.

import { blockUntilReady, defaultDevice, grad, init, jit, numpy as np, tree } from "@jax-js/jax";
import { oneHot } from "../../../web/bench/batches.ts";
import { convolve, lenet } from "./networks.mjs";
import { array, trainer, weights } from "./training.mjs";

/** The contender on `wasm` or `webgpu`. */
export async function contender(device) {
  const devices = await init(device);
  if (!devices.includes(device)) throw new Error(`jax-js has no device ${device} here, only ${devices}`);
  defaultDevice(device);
  return {
    info: { library: "jax-js", version: "0.1.25", device },
    matmul,
    convolution: async (data) => convolution(data),
    train: async (model, params, batches) => trainer(model, params, batches),
    saliency: async (params, x, label) => saliency(params, x, label),
    async infer(params, x) {
      const w = weights(params);
      const scores = jit(lenet);
      return { run: () => scores(tree.ref(w), array(x.slice(), [1, 1, 28, 28])).data() };
    },
  };
}

/** One element of an array, read back; frees it. */
async function element(values, index) {
  const [value] = await values.slice(...Array(values.ndim - 1).fill(index), [index, index + 1]).data();
  return value;
}

/** Repeats. Results that are dropped are never computed, so some are held at a time, and waited for. */
async function repeat(times, held, make) {
  let open = [];
  for (let i = 0; i < times; i++) {
    open.push(make());
    if (open.length < held && i < times - 1) continue;
    await blockUntilReady(open);
    const last = open.pop();
    for (const one of open) one.dispose();
    open = [];
    await element(last, 0);
  }
}

async function matmul(n, a, b) {
  const [left, right] = [array(a, [n, n]), array(b, [n, n])];
  await blockUntilReady([left, right]);
  const compiled = jit((a, b) => np.matmul(a, b));
  const multiply = () => compiled(left.ref, right.ref);
  return {
    run: (times) => repeat(times, 8, multiply),
    check: () => element(multiply(), 1),
    dispose() {
      left.dispose();
      right.dispose();
    },
  };
}

function convolution(data) {
  const [x, w, dy] = [
    array(data.x, [32, 16, 28, 28]),
    array(data.w, [32, 16, 3, 3]),
    array(data.dy, [32, 32, 28, 28]),
  ];
  const output = jit((x, w) => convolve(x, w, 1, 1));
  const product = (x, w, dy) => np.sum(convolve(x, w, 1, 1).mul(dy));
  const gradients = jit((x, w, dy) => grad(product, { argnums: [0, 1] })(x, w, dy));
  const forward = () => output(x.ref, w.ref);
  const backward = () => gradients(x.ref, w.ref, dy.ref);
  return {
    forward: (times) => repeat(times, 4, forward),
    async both(times) {
      for (let i = 0; i < times; i++) {
        const results = [forward(), ...backward()];
        await blockUntilReady(results);
        const last = results.pop();
        for (const one of results) one.dispose();
        if (i === times - 1) await element(last, 0);
        else last.dispose();
      }
    },
    async check() {
      const first = [];
      for (const result of [forward(), ...backward()]) first.push(await element(result, 0));
      return first;
    },
  };
}

function saliency(params, pixels, label) {
  const w = weights(params);
  const x = array(pixels, [1, 1, 28, 28]);
  const hot = array(oneHot([label], 10), [1, 10]);
  const score = (x, w, hot) => np.sum(lenet(w, x).mul(hot));
  const gradient = jit((x, w, hot) => grad(score)(x, w, hot));
  const path = jit((x, w, hot, shares) => {
    const slopes = grad(score)(x.ref.mul(shares), w, hot);
    return np.mean(slopes, 0, { keepdims: true }).mul(x);
  });
  const sharesOf = (steps) =>
    array(
      Float32Array.from({ length: steps }, (_, i) => (i + 0.5) / steps),
      [steps, 1, 1, 1],
    );
  let shares;
  return {
    grad: () => gradient(x.ref, tree.ref(w), hot.ref).data(),
    integrated(steps) {
      shares ??= sharesOf(steps);
      return path(x.ref, tree.ref(w), hot.ref, shares.ref).data();
    },
  };
}
