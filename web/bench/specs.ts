// The networks of the benchmark: weights by name, kind and shape, batch sizes, optimisers. Images are [N, C, H, W], weights of
// convolutions [out, in, h, w], of transposed ones [in, out, h, w], of dense layers [in, out]; feature maps are flattened as C, H, W.

import { generator } from "./random.ts";

/** A network that is trained. */
export type ModelName = "mlp" | "lenet" | "resnet" | "dcgan" | "lstm";

/** What a weight is used for. */
export type Kind = "conv" | "convT" | "dense" | "bias" | "gamma" | "beta";

/** A weight before it has values. */
export interface Spec {
  name: string;
  kind: Kind;
  shape: readonly number[];
  /** The feature map [C, H, W] that the rows or the columns of a dense weight are: who keeps channels last permutes them. */
  rows?: readonly [number, number, number];
  columns?: readonly [number, number, number];
}

/** A weight with its first values. */
export interface Param extends Spec {
  data: Float32Array<ArrayBuffer>;
}

/** An optimiser and its settings. */
export type Rule =
  | { kind: "sgd"; lr: number }
  | { kind: "momentum"; lr: number; momentum: number }
  | { kind: "adam"; lr: number; betas: [number, number]; eps: number };

const MAP = [32, 7, 7] as const;
const DEEP_MAP = [64, 7, 7] as const;

export const SPECS: Record<ModelName, readonly Spec[]> = {
  mlp: [dense("w1", 784, 128), bias("b1", 128), dense("w2", 128, 10), bias("b2", 10)],
  lenet: [
    conv("c1", 16, 1, 3),
    bias("cb1", 16),
    conv("c2", 32, 16, 3),
    bias("cb2", 32),
    { ...dense("w1", 1568, 128), rows: MAP },
    bias("b1", 128),
    dense("w2", 128, 10),
    bias("b2", 10),
  ],
  resnet: resnet(),
  dcgan: [
    { ...dense("gd", 64, 3136), columns: DEEP_MAP },
    { ...bias("gdb", 3136), columns: DEEP_MAP },
    { name: "gt1", kind: "convT", shape: [64, 32, 4, 4] },
    bias("gb1", 32),
    { name: "gt2", kind: "convT", shape: [32, 1, 4, 4] },
    bias("gb2", 1),
    conv("dc1", 32, 1, 4),
    bias("db1", 32),
    conv("dc2", 64, 32, 4),
    bias("db2", 64),
    { ...dense("dd", 3136, 1), rows: DEEP_MAP },
    bias("ddb", 1),
  ],
  lstm: [dense("wx", 64, 512), dense("wh", 128, 512), bias("b", 512), dense("wo", 128, 64), bias("bo", 64)],
};

/** Samples in a step. */
export const BATCH: Record<ModelName, number> = { mlp: 64, lenet: 64, resnet: 32, dcgan: 32, lstm: 32 };

export const RULES: Record<ModelName, Rule> = {
  mlp: { kind: "sgd", lr: 0.1 },
  lenet: { kind: "adam", lr: 1e-3, betas: [0.9, 0.999], eps: 1e-7 },
  resnet: { kind: "momentum", lr: 0.05, momentum: 0.9 },
  dcgan: { kind: "adam", lr: 2e-4, betas: [0.5, 0.999], eps: 1e-7 },
  lstm: { kind: "adam", lr: 2e-3, betas: [0.9, 0.999], eps: 1e-7 },
};

/** The recurrent network: steps in time, symbols, and size of the state. */
export const LSTM = { steps: 32, symbols: 64, hidden: 128 } as const;

/** A block of the residual network: its prefix, its stride, and whether its shortcut has a convolution. */
export interface Block {
  name: string;
  stride: 1 | 2;
  inputs: number;
  outputs: number;
}

/** Three stages of two blocks each. */
export function blocks(): Block[] {
  let inputs = 16;
  const list: Block[] = [];
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < 2; block++) {
      const outputs = 16 << stage;
      list.push({ name: `s${stage}b${block}`, stride: inputs === outputs ? 1 : 2, inputs, outputs });
      inputs = outputs;
    }
  }
  return list;
}

/** The weights of a network with their first values, the same for every contender. */
export function makeParams(model: ModelName, seed = 1234): Param[] {
  const next = generator(seed);
  return SPECS[model].map((spec) => {
    const data = new Float32Array(spec.shape.reduce((product, size) => product * size, 1));
    const fan = fanIn(spec);
    if (spec.kind === "gamma") data.fill(1);
    else if (fan > 0) {
      const bound = Math.sqrt(3 / fan);
      for (let i = 0; i < data.length; i++) data[i] = (2 * next() - 1) * bound;
    }
    return { ...spec, data };
  });
}

function fanIn({ kind, shape: [a = 0, b = 0, h = 0, w = 0] }: Spec): number {
  if (kind === "conv") return b * h * w;
  if (kind === "convT") return (a * h * w) / 4;
  return kind === "dense" ? a : 0;
}

function conv(name: string, outputs: number, inputs: number, kernel: number): Spec {
  return { name, kind: "conv", shape: [outputs, inputs, kernel, kernel] };
}

function dense(name: string, inputs: number, outputs: number): Spec {
  return { name, kind: "dense", shape: [inputs, outputs] };
}

function bias(name: string, size: number): Spec {
  return { name, kind: "bias", shape: [size] };
}

function resnet(): Spec[] {
  const normed = (weight: Spec, prefix: string, index: number): Spec[] => {
    const shape = [weight.shape[0] as number];
    return [
      weight,
      { name: `${prefix}g${index}`, kind: "gamma", shape },
      { name: `${prefix}be${index}`, kind: "beta", shape },
    ];
  };
  return [
    ...normed(conv("conv0", 16, 3, 3), "", 0),
    ...blocks().flatMap(({ name, inputs, outputs }) => [
      ...normed(conv(`${name}c1`, outputs, inputs, 3), name, 1),
      ...normed(conv(`${name}c2`, outputs, outputs, 3), name, 2),
      ...(inputs === outputs ? [] : normed(conv(`${name}c3`, outputs, inputs, 1), name, 3)),
    ]),
    dense("d", 64, 10),
    bias("db", 10),
  ];
}
