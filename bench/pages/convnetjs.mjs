// ConvNetJS: plain JavaScript in double precision, one sample at a time. It has no batches, and 0.3.0 has no Adam: it takes any
// method that it does not know for gradient descent with momentum.

import convnetjs from "convnetjs";
import { BATCH, RULES } from "../../web/bench/specs.ts";
import { weight } from "./shared/channels-last.mjs";
import { runHere } from "./shared/run.mjs";

const lacks = (what) => {
  throw new Error(`ConvNetJS has no ${what}`);
};

runHere(async () => ({
  info: { library: "convnetjs", version: "0.3.0", precision: "float64" },
  matmul: async () => lacks("matrix product"),
  convolution: async () => lacks("batched convolution"),
  train: async (model, params, batches) => trainer(model, params, batches),
  saliency: async (params, x, label) => saliency(params, x, label),
  async infer(params, x) {
    const net = network("lenet", params);
    return { run: async () => Float32Array.from(net.forward(volume("lenet", x)).w) };
  },
}));

function network(model, params) {
  const convolution = (filters) => [
    { type: "conv", sx: 3, filters, stride: 1, pad: 1, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
  ];
  const side = model === "mlp" ? 1 : 28;
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: "input", out_sx: side, out_sy: side, out_depth: 784 / side ** 2 },
    ...(model === "lenet" ? [...convolution(16), ...convolution(32)] : []),
    { type: "fc", num_neurons: 128, activation: "relu" },
    { type: "softmax", num_classes: 10 },
  ]);
  const layers = net.layers.filter((layer) => layer.filters);
  layers.forEach((layer, i) => {
    setWeights(layer, params[2 * i], params[2 * i + 1]);
  });
  return net;
}

/** A filter's weights lie as the pixels of a volume do: height, width, channels. */
function setWeights({ filters, biases }, param, bias) {
  const { data } = weight(param);
  filters.forEach((filter, output) => {
    const size = data.length / filters.length;
    for (let i = 0; i < size; i++) filter.w[i] = data[i * filters.length + output];
    biases.w[output] = bias.data[output];
  });
}

function volume(model, pixels) {
  const made = model === "mlp" ? new convnetjs.Vol(1, 1, 784, 0) : new convnetjs.Vol(28, 28, 1, 0);
  for (let i = 0; i < pixels.length; i++) made.w[i] = pixels[i];
  return made;
}

function trainer(model, params, batches) {
  if (!["mlp", "lenet"].includes(model)) lacks("batch norm, transposed convolution or recurrent layer");
  const rule = RULES[model];
  const size = BATCH[model];
  const usual = { learning_rate: rule.lr, batch_size: size, l2_decay: 0 };
  const settings =
    rule.kind === "adam"
      ? { method: "adam", beta1: rule.betas[0], beta2: rule.betas[1], eps: rule.eps }
      : { method: "sgd", momentum: 0 };
  const training = new convnetjs.Trainer(network(model, params), { ...usual, ...settings });
  const data = batches.map(({ x, y }) =>
    Array.from(y, (label, i) => [volume(model, x.subarray(i * 784, (i + 1) * 784)), label]),
  );
  let loss = 0;
  return {
    step(i) {
      loss = 0;
      for (const [x, y] of data[i % data.length]) loss += training.train(x, y).cost_loss / size;
    },
    loss: async () => loss,
  };
}

/** Of the loss: it gives no gradient of a score. */
function saliency(params, pixels, label) {
  const net = network("lenet", params);
  const gradient = (x) => {
    net.forward(x, true);
    net.backward(label);
    return x.dw;
  };
  const image = volume("lenet", pixels);
  const scaled = volume("lenet", pixels);
  return {
    grad: async () => Float32Array.from(gradient(image)),
    async integrated(steps) {
      const sum = new Float32Array(pixels.length);
      for (let step = 0; step < steps; step++) {
        for (let i = 0; i < pixels.length; i++) scaled.w[i] = (pixels[i] * (step + 0.5)) / steps;
        const slopes = gradient(scaled);
        for (let i = 0; i < pixels.length; i++) sum[i] += slopes[i] / steps;
      }
      return sum.map((value, i) => value * pixels[i]);
    },
  };
}
