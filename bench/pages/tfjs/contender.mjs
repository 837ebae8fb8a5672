// TensorFlow.js as a contender.

import { oneHot } from "../../../web/bench/batches.ts";
import { images, weight } from "../shared/channels-last.mjs";
import { networks } from "./networks.mjs";
import { trainer, variables } from "./training.mjs";

/** The contender on the backend that was set. */
export function contender(tf, info) {
  return {
    info,
    matmul: async (n, a, b) => matmul(tf, n, a, b),
    convolution: async (data) => convolution(tf, data),
    train: async (model, params, batches) => trainer(tf, model, params, batches),
    saliency: async (params, x, label) => saliency(tf, params, x, label),
    infer: async (params, x) => infer(tf, params, x),
  };
}

/** One element of a tensor, read back. */
async function element(tf, tensor, index) {
  const one = tf.slice(tensor, Array(tensor.shape.length).fill(index), Array(tensor.shape.length).fill(1));
  const [value] = await one.data();
  one.dispose();
  return value;
}

/** Repeats, disposes of every result but the last, and waits for an element of that. */
async function repeat(tf, times, make) {
  let last;
  for (let i = 0; i < times; i++) {
    if (last) tf.dispose(last);
    last = make();
  }
  await element(tf, [last].flat().at(-1), 0);
  tf.dispose(last);
}

function matmul(tf, n, a, b) {
  const [left, right] = [tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])];
  const multiply = () => tf.matMul(left, right);
  return {
    run: (times) => repeat(tf, times, multiply),
    async check() {
      const product = multiply();
      const value = await element(tf, product, 1);
      product.dispose();
      return value;
    },
    dispose: () => tf.dispose([left, right]),
  };
}

function convolution(tf, data) {
  const upload = (values, channels) =>
    tf.tensor4d(images(values, 32, channels, 28 * 28), [32, 28, 28, channels]);
  const [x, dy] = [upload(data.x, 16), upload(data.dy, 32)];
  const kernel = weight({ kind: "conv", shape: [32, 16, 3, 3], data: data.w });
  const w = tf.tensor(kernel.data, kernel.shape);
  const convolve = (x, w) => tf.conv2d(x, w, 1, "same");
  const gradients = tf.grads(convolve);
  // The gradients are computed beside an output, which is not given.
  const both = () => tf.tidy(() => gradients([x, w], dy));
  return {
    forward: (times) => repeat(tf, times, () => convolve(x, w)),
    both: (times) => repeat(tf, times, both),
    async check() {
      const y = convolve(x, w);
      const first = [await element(tf, y, 0)];
      y.dispose();
      try {
        for (const gradient of both()) first.push(await element(tf, gradient, 0));
      } catch {
        // The measurement of the gradients says why there are none.
      }
      return first;
    },
  };
}

function saliency(tf, params, pixels, label) {
  const { lenet } = networks(tf);
  const weights = variables(tf, params);
  const x = tf.tensor4d(pixels, [1, 28, 28, 1]);
  const hot = tf.tensor2d(oneHot([label], 10), [1, 10]);
  const gradient = tf.grad((x) => tf.sum(tf.mul(lenet(weights, x), hot)));
  const read = async (make) => {
    const map = tf.tidy(make);
    const values = await map.data();
    map.dispose();
    return values;
  };
  return {
    grad: () => read(() => gradient(x)),
    integrated: (steps) =>
      read(() => {
        const shares = tf.reshape(tf.div(tf.add(tf.range(0, steps, 1, "float32"), 0.5), steps), [
          steps,
          1,
          1,
          1,
        ]);
        return tf.mul(tf.mean(gradient(tf.mul(x, shares)), 0, true), x);
      }),
  };
}

function infer(tf, params, pixels) {
  const { lenet } = networks(tf);
  const weights = variables(tf, params);
  return {
    async run() {
      const scores = tf.tidy(() => lenet(weights, tf.tensor4d(pixels, [1, 28, 28, 1])));
      const values = await scores.data();
      scores.dispose();
      return values;
    },
  };
}
