// The networks in jax-js. It frees an array with the first function that takes it: every earlier use is written `.ref`.

import { lax, nn, numpy as np } from "@jax-js/jax";
import { blocks, LSTM } from "../../../web/bench/specs.ts";

/** A convolution with one stride and one margin for both axes. */
export function convolve(x, weight, stride, margin) {
  const both = [margin, margin];
  return lax.convGeneralDilated(x, weight, [stride, stride], [both, both]);
}

const perChannel = (values) => values.reshape([1, -1, 1, 1]);
const dense = (x, weight, bias) => np.matmul(x, weight).add(bias);

function pooled(x) {
  const [samples, channels, height, width] = x.shape;
  return np.max(x.reshape([samples, channels, height / 2, 2, width / 2, 2]), [3, 5]);
}

export function mlp(w, x) {
  return dense(nn.relu(dense(x, w.w1, w.b1)), w.w2, w.b2);
}

export function lenet(w, x) {
  const samples = x.shape[0];
  const layer = (x, weight, bias) => pooled(nn.relu(convolve(x, weight, 1, 1).add(perChannel(bias))));
  return mlp(w, layer(layer(x, w.c1, w.cb1), w.c2, w.cb2).reshape([samples, 1568]));
}

function normalised(x, gamma, beta) {
  const axes = [[0, 2, 3], { keepdims: true }];
  const mean = np.mean(x.ref, ...axes);
  const centred = x.sub(mean);
  const variance = np.mean(centred.ref.mul(centred.ref), ...axes);
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(perChannel(gamma))
    .add(perChannel(beta));
}

export function resnet(w, x) {
  let h = nn.relu(normalised(convolve(x, w.conv0, 1, 1), w.g0, w.be0));
  for (const { name, stride, inputs, outputs } of blocks()) {
    const layer = (x, index, stride, margin) =>
      normalised(
        convolve(x, w[`${name}c${index}`], stride, margin),
        w[`${name}g${index}`],
        w[`${name}be${index}`],
      );
    const shortcut = inputs === outputs ? h.ref : layer(h.ref, 3, stride, 0);
    h = nn.relu(layer(nn.relu(layer(h, 1, stride, 1)), 2, 1, 1).add(shortcut));
  }
  return dense(np.mean(h, [2, 3]), w.d, w.db);
}

export function generator(w, z) {
  const margins = [
    [1, 1],
    [1, 1],
  ];
  const upsampled = (x, weight, bias) =>
    lax.convTranspose(x, weight, [2, 2], margins, { transposeKernel: true }).add(perChannel(bias));
  const seed = nn.relu(dense(z, w.gd, w.gdb)).reshape([-1, 64, 7, 7]);
  return np.tanh(upsampled(nn.relu(upsampled(seed, w.gt1, w.gb1)), w.gt2, w.gb2));
}

export function discriminator(w, x) {
  const samples = x.shape[0];
  const layer = (x, weight, bias) => nn.leakyRelu(convolve(x, weight, 2, 1).add(perChannel(bias)), 0.2);
  return dense(layer(layer(x, w.dc1, w.db1), w.dc2, w.db2).reshape([samples, 3136]), w.dd, w.ddb);
}

export function lstm(w, x, h, c) {
  const samples = h.shape[0];
  const { steps, hidden } = LSTM;
  const inputs = np.split(dense(x, w.wx, w.b).reshape([steps, samples, 4 * hidden]), steps, 0);
  const outputs = [];
  inputs.forEach((input, step) => {
    const recurrent = step < steps - 1 ? w.wh.ref : w.wh;
    const gates = input.reshape([samples, 4 * hidden]).add(np.matmul(h, recurrent));
    const [enter, forget, value, leave] = np.split(gates, 4, 1);
    c = nn
      .sigmoid(forget)
      .mul(c)
      .add(nn.sigmoid(enter).mul(np.tanh(value)));
    h = nn.sigmoid(leave).mul(np.tanh(c.ref));
    outputs.push(h.ref);
  });
  return { scores: dense(np.concatenate(outputs, 0), w.wo, w.bo), state: [h, c] };
}
