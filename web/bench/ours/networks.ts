// The networks, written with Gradbook's tensors.

import type { Gradbook, Tensor } from "../../api/index.ts";
import { BATCH, blocks, LSTM } from "../specs.ts";

/** The present value of a weight. */
export type Weights = (name: string) => Tensor;

/** Rows of pixels to scores. */
export function mlp(w: Weights, x: Tensor): Tensor {
  const hidden = x.flatten(1).matmul(w("w1")).add(w("b1")).relu();
  return hidden.matmul(w("w2")).add(w("b2"));
}

/** Images to scores. */
export function lenet(w: Weights, x: Tensor): Tensor {
  const first = x.conv2d(w("c1"), w("cb1"), { padding: 1 }).relu().maxPool2d();
  const second = first.conv2d(w("c2"), w("cb2"), { padding: 1 }).relu().maxPool2d();
  return mlp(w, second);
}

/** Images to scores; batches are normalised by their own statistics. */
export function resnet(w: Weights, x: Tensor): Tensor {
  let h = normalised(x.conv2d(w("conv0"), undefined, { padding: 1 }), w("g0"), w("be0")).relu();
  for (const { name, stride, inputs, outputs } of blocks()) {
    const layer = (input: Tensor, index: number, stride: number, padding: number) => {
      const y = input.conv2d(w(`${name}c${index}`), undefined, { stride, padding });
      return normalised(y, w(`${name}g${index}`), w(`${name}be${index}`));
    };
    const y = layer(layer(h, 1, stride, 1).relu(), 2, 1, 1);
    const shortcut = inputs === outputs ? h : layer(h, 3, stride, 0);
    h = y.add(shortcut).relu();
  }
  return h.mean([2, 3]).matmul(w("d")).add(w("db"));
}

function normalised(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  const mean = x.mean([0, 2, 3], true);
  const variance = x.var([0, 2, 3], 0, true);
  const standard = x.sub(mean).mul(variance.add(1e-5).rsqrt());
  return standard.mul(channels(gamma)).add(channels(beta));
}

/** Noise to images. */
export function generator(g: Gradbook, w: Weights, z: Tensor): Tensor {
  const seed = z.matmul(w("gd")).add(w("gdb")).relu().reshape(-1, 64, 7, 7);
  const middle = upsampled(g, seed, w("gt1"))
    .add(channels(w("gb1")))
    .relu();
  return upsampled(g, middle, w("gt2"))
    .add(channels(w("gb2")))
    .tanh();
}

/** A transposed convolution that doubles height and width: the gradient of the convolution that halves them. */
function upsampled(g: Gradbook, x: Tensor, weight: Tensor): Tensor {
  const [samples, , height, width] = x.shape as [number, number, number, number];
  const large = g.zeros([samples, weight.shape[1] as number, 2 * height, 2 * width]);
  return large.conv2d(weight, undefined, { stride: 2, padding: 1 }).grad(large, x);
}

/** Images to how real they look. */
export function discriminator(w: Weights, x: Tensor): Tensor {
  const first = x.conv2d(w("dc1"), w("db1"), { stride: 2, padding: 1 }).leakyRelu(0.2);
  const second = first.conv2d(w("dc2"), w("db2"), { stride: 2, padding: 1 }).leakyRelu(0.2);
  return second.flatten(1).matmul(w("dd")).add(w("ddb"));
}

/** Symbols in a row, and the state before them, to scores of the next ones and the state after them. */
export function lstm(g: Gradbook, w: Weights, x: Tensor, state: readonly [Tensor, Tensor]) {
  const { steps, hidden } = LSTM;
  const inputs = x
    .matmul(w("wx"))
    .add(w("b"))
    .reshape(steps, BATCH.lstm, 4 * hidden);
  const recurrent = w("wh");
  const [last, outputs] = g.scan(state, inputs, ([h, c], input) => {
    const gates = input.add((h as Tensor).matmul(recurrent));
    const gate = (index: number) => gates.slice(1, index * hidden, (index + 1) * hidden);
    const cell = gate(1)
      .sigmoid()
      .mul(c as Tensor)
      .add(gate(0).sigmoid().mul(gate(2).tanh()));
    const output = gate(3).sigmoid().mul(cell.tanh());
    return [[output, cell], output];
  });
  const scores = outputs.reshape(-1, hidden).matmul(w("wo")).add(w("bo"));
  return { scores, state: last };
}

function channels(values: Tensor): Tensor {
  return values.reshape(1, -1, 1, 1);
}
