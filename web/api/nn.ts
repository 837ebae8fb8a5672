// Layers and models. A layer is a small model: everything here has `forward`, parameters and a summary.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { ModelFunction } from "./model.ts";
import { loadModel, Model } from "./model.ts";
import type { ConvOptions, Pair, PoolOptions, Tensor } from "./tensor.ts";

/** How weights start; biases start at 0. */
export type Init =
  | "heNormal"
  | "heUniform"
  | "xavierNormal"
  | "xavierUniform"
  | "xavierCourse"
  | "orthogonal"
  | "truncNormal"
  | "zeros";

/** Options of a dense layer. */
export interface DenseOptions {
  /** Output features. */
  out: number;
  /** Whether a bias is added; yes. */
  bias?: boolean;
  /** How the weight starts; "heNormal". */
  init?: Init;
}

/** Options of a convolution layer. */
export interface Conv2dOptions extends ConvOptions {
  /** Output channels. */
  out: number;
  /** Kernel size. */
  kernel: Pair;
  /** What is added around the image; "zeros". */
  paddingMode?: "zeros" | "replicate" | "reflect" | "circular" | "mean";
  /** Whether a bias is added; yes. */
  bias?: boolean;
  /** How the weight starts; "heNormal". */
  init?: Init;
}

/** Options of dropout. */
export interface DropoutOptions {
  /** A probability; 0.5. */
  p?: number;
  /** Whether `p` of the entries are dropped ("library") or kept ("course"); "library". */
  form?: "library" | "course";
}

/** Options of batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance; 1e-5. */
  eps?: number;
  /** The share of a batch in the running statistics of each step; 0.1. */
  momentum?: number;
  /** Whether scale and shift are learnt; yes. */
  affine?: boolean;
}

/** Options of layer normalisation. */
export interface LayerNormOptions {
  /** How many of the last axes are normalised together; 1. */
  axes?: number;
  /** Added to the variance; 1e-5. */
  eps?: number;
  /** Whether scale and shift are learnt; yes. */
  affine?: boolean;
}

/** What `nn.sequential` takes: layers, models and functions of one tensor. */
export type LayerLike = Model | ((x: Tensor) => Tensor);

/** Layers and models. */
export interface Nn {
  /** Layers in a row; their parameters are called `0.weight`, `0.bias`, `2.weight` and so on. */
  sequential(layers: readonly LayerLike[]): Model;
  /** A model that is a function of x and of named parameters: `nn.func((x, { w }) => x.matmul(w), { w: zeros([784, 10]) })`. */
  func<P extends Record<string, Tensor>>(forward: ModelFunction<P>, params?: P): Model;
  /** The network of a file that `model.save` wrote (safetensors), trained as it was. */
  load(file: string): Promise<Model>;
  /** x · Wᵀ + b; W is [out, in]. */
  dense(options: DenseOptions): Model;
  /** Cross-correlation of [N, C, H, W] with a weight [out, C/groups, KH, KW], plus a bias. */
  conv2d(options: Conv2dOptions): Model;
  /** The maximum of every window of [N, C, H, W]. */
  maxPool2d(options?: PoolOptions & { dilation?: Pair }): Model;
  /** The mean of every window of [N, C, H, W]. */
  avgPool2d(options?: PoolOptions & { countIncludePad?: boolean }): Model;
  /** The mean of every channel: [N, C, H, W] to [N, C]. */
  globalAvgPool(): Model;
  /** Everything but the first axis as one: [N, …] to [N, −1]. */
  flatten(): Model;
  /** Sets random entries to 0 in training and scales the others up. */
  dropout(options?: DropoutOptions): Model;
  /** Normalises every channel over the batch. */
  batchNorm(options?: BatchNormOptions): Model;
  /** Normalises every sample. */
  layerNorm(options?: LayerNormOptions): Model;
  /** max(0, x) */
  relu(): Model;
  /** x above 0, else slope · x; slope is 0.01. */
  leakyRelu(options?: { slope?: number }): Model;
  /** Leaky ReLU that learns one slope for each channel. */
  prelu(): Model;
  /** 1 / (1 + exp(−x)) */
  sigmoid(): Model;
  /** The hyperbolic tangent. */
  tanh(): Model;
  /** Exponentials that sum to 1 along an axis; the last one. */
  softmax(options?: { dim?: number }): Model;
  /** x above 0, else alpha (exp(x) − 1). */
  elu(options?: { alpha?: number }): Model;
  /** x · Φ(x); Φ by tanh instead of erf if approximate. */
  gelu(options?: { approximate?: boolean }): Model;
  /** x · sigmoid(x) */
  silu(): Model;
}

export function nn(context: Context): Nn {
  const { wasm } = context;
  const layer = (kind: string) => (options?: object) => {
    const make = () => wasm.Model.layer(kind, options);
    return new Model(context, make(), make, { kind, options });
  };
  const func: Nn["func"] = (forward, params) => Model.fromFunction(context, forward, params);
  return {
    sequential(layers) {
      if (!Array.isArray(layers)) throw argumentError("sequential: expected an array of layers");
      const models = layers.map((item, i) => {
        const model = typeof item === "function" ? func((x) => item(x)) : item;
        if (!(model instanceof Model))
          throw argumentError(`sequential: element ${i} is not a layer but ${typeof item}`);
        return model;
      });
      return Model.inRow(context, models);
    },
    func,
    load: (file) => loadModel(context, file),
    dense: layer("dense"),
    conv2d: layer("conv2d"),
    maxPool2d: layer("maxPool2d"),
    avgPool2d: layer("avgPool2d"),
    globalAvgPool: layer("globalAvgPool"),
    flatten: layer("flatten"),
    dropout: layer("dropout"),
    batchNorm: layer("batchNorm"),
    layerNorm: layer("layerNorm"),
    relu: layer("relu"),
    leakyRelu: layer("leakyRelu"),
    prelu: layer("prelu"),
    sigmoid: layer("sigmoid"),
    tanh: layer("tanh"),
    softmax: layer("softmax"),
    elu: layer("elu"),
    gelu: layer("gelu"),
    silu: layer("silu"),
  };
}
