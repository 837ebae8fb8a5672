// Gradbook as a contender: what a user of the package would write for each workload.

import type { Gradbook, Instance, Tensor, Variable } from "../../api/index.ts";
import { CONVOLUTION, type ConvolutionData } from "../batches.ts";
import type { Contender, Convolution, Inference, Matmul, Saliency } from "../contender.ts";
import type { Param } from "../specs.ts";
import { lenet, type Weights } from "./networks.ts";
import { trainer } from "./training.ts";

/** The contender on an open instance. */
export function contender(g: Instance): Contender {
  return {
    info: { library: "gradbook", ...g.device },
    matmul: (n, a, b) => matmul(g, n, a, b),
    convolution: (data) => convolution(g, data),
    train: (model, params, batches) => trainer(g, model, params, batches),
    saliency: (params, x, label) => saliency(g, params, x, label),
    infer: (params, x) => infer(g, params, x),
  };
}

/** The results lie in variables: then each repetition overwrites the last one, and nothing is copied or waits to be collected. */
async function matmul(g: Gradbook, n: number, a: Float32Array, b: Float32Array): Promise<Matmul> {
  const [left, right] = [g.variable(g.tensor(a, [n, n])), g.variable(g.tensor(b, [n, n]))];
  const product = g.variable(g.zeros([n, n]));
  const multiply = g.compile(() => product.assign(left.value.matmul(right.value)));
  const element = (i: number) => product.value.at(i).at(i).item();
  return {
    async run(times) {
      await repeat(times, multiply);
      await element(0);
    },
    async check() {
      await multiply();
      return element(1);
    },
  };
}

async function convolution(g: Gradbook, data: ConvolutionData): Promise<Convolution> {
  const hold = (name: "x" | "w" | "dy") => g.variable(g.tensor(data[name], CONVOLUTION[name]));
  const [x, w, dy] = [hold("x"), hold("w"), hold("dy")];
  const [y, dx, dw] = [hold("dy"), hold("x"), hold("w")];
  const convolve = () => x.value.conv2d(w.value, undefined, { padding: 1 });
  const forward = g.compile(() => y.assign(convolve()));
  const both = g.compile(() => {
    const output = convolve();
    const [forX, forW] = output.grad([x.value, w.value], dy.value) as [Tensor, Tensor];
    y.assign(output);
    dx.assign(forX);
    dw.assign(forW);
  });
  const first = (variable: Variable) => variable.value.flatten().at(0).item();
  return {
    async forward(times) {
      await repeat(times, forward);
      await first(y);
    },
    async both(times) {
      await repeat(times, both);
      await first(dw);
    },
    async check() {
      await both();
      return Promise.all([y, dx, dw].map(first));
    },
  };
}

async function saliency(
  g: Gradbook,
  params: readonly Param[],
  pixels: Float32Array,
  label: number,
): Promise<Saliency> {
  const w = constants(g, params);
  const x = await g.tensor(pixels, [1, 1, 28, 28]).evaluate();
  const score = (images: Tensor) => lenet(w, images).select(1, label).sum();
  const grad = g.compile((x: Tensor) => score(x).grad(x));
  const integrated = g.compile((x: Tensor, shares: Tensor) => {
    const path = x.mul(shares);
    return score(path).grad(path).mean(0, true).mul(x);
  });
  return {
    grad: async () => (await grad(x)).data(),
    async integrated(steps: number) {
      const shares = g.arange(steps).cast("f32").add(0.5).div(steps).reshape(-1, 1, 1, 1);
      return (await integrated(x, shares)).data();
    },
  };
}

async function infer(g: Gradbook, params: readonly Param[], pixels: Float32Array): Promise<Inference> {
  const w = constants(g, params);
  const scores = g.compile((x: Tensor) => lenet(w, x));
  return { run: async () => (await scores(g.tensor(pixels, [1, 1, 28, 28]))).data() };
}

/** Weights that do not change. */
function constants(g: Gradbook, params: readonly Param[]): Weights {
  const tensors = new Map(params.map(({ name, data, shape }) => [name, g.tensor(data, shape)]));
  return (name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`there is no weight ${name}`);
    return tensor;
  };
}

/** Calls are sent ahead: none waits for the one before it. */
async function repeat(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await call();
}
