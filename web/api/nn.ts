// Layers and models. A layer is a small model: everything here has `forward`, parameters and a summary.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { FeatureMaps, WindowOptions } from "./feature-maps.ts";
import { featureMaps } from "./feature-maps.ts";
import { declared } from "./inputs.ts";
import { loadModel } from "./load-model.ts";
import type { ModelFunction } from "./model.ts";
import { Model } from "./model.ts";
import type { ConvOptions, Pair, PoolOptions, Tensor } from "./tensor.ts";

/**
 * How weights start; biases start at 0. Standard deviations, n being the inputs of a unit: "xavierCourse" √(1/n) (course equation 26),
 * "xavierNormal" and "xavierUniform" √(2/(inputs + outputs)) (Glorot and Bengio 2010), "heNormal" and "heUniform" √(2/n) (equation 27).
 */
export type Init =
  | "heNormal"
  | "heUniform"
  | "xavierNormal"
  | "xavierUniform"
  | "xavierCourse"
  | "orthogonal"
  | "truncNormal"
  | "zeros"
  /** Normal with this standard deviation, whatever the layer's size: too small or too large, to see what comes of it. */
  | { kind: "normal"; std: number };

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
  /** Whether each output channel's weights are brought to mean 0 and variance 1 before they are used; no. */
  standardise?: boolean;
}

/** Options of a convolution of signals. */
export interface Conv1dOptions {
  /** Output channels. */
  out: number;
  /** Kernel size. */
  kernel: number;
  /** Distance between neighbouring outputs; 1. */
  stride?: number;
  /** Zeros at both ends: a number, or by what it achieves; none. */
  padding?: number | "same" | "valid" | "full";
  /** What is added at both ends; "zeros". */
  paddingMode?: Conv2dOptions["paddingMode"];
  /** Distance between neighbouring kernel entries; 1. */
  dilation?: number;
  /** Channels are split into so many groups that do not see each other; 1. */
  groups?: number;
  /** Whether a bias is added; yes. */
  bias?: boolean;
  /** How the weight starts; "heNormal". */
  init?: Init;
}

/** Options of a transposed convolution. */
export interface ConvTranspose2dOptions {
  /** Output channels. */
  out: number;
  /** Kernel size. */
  kernel: Pair;
  /** Distance between neighbouring inputs in the output; 1. */
  stride?: Pair;
  /** Rows and columns cut off on both sides of the output; none. */
  padding?: Pair;
  /** Rows and columns more at the end of the output; none. */
  outputPadding?: Pair;
  /** Distance between neighbouring kernel entries; 1. */
  dilation?: Pair;
  /** Channels are split into so many groups that do not see each other; 1. */
  groups?: number;
  /** Whether a bias is added; yes. */
  bias?: boolean;
  /** How the weight starts; "heNormal". */
  init?: Init;
}

/** Options of a depthwise-separable convolution. */
export interface SeparableConv2dOptions extends Omit<Conv2dOptions, "groups" | "standardise"> {
  /** Kernels for each input channel; 1. */
  multiplier?: number;
}

/** How several results become one: side by side along axis 1, their sum, or their product. */
export type Join = "concat" | "add" | "mul";

/** A node of a graph of layers. */
export interface GraphNode {
  /** What it does; nothing if left out: it joins its inputs. */
  layer?: LayerLike;
  /** The nodes before it, "x" being the input of the model, or the names of its inputs. */
  in: string | readonly string[];
  /** How several inputs become one; "concat". */
  join?: Join;
}

/** Options of dropout. */
export interface DropoutOptions {
  /** A probability; 0.5. */
  p?: number;
  /**
   * Whether `p` of the entries are dropped ("library") or kept ("course", section 6.3); "library". The course rescales in testing; here both
   * forms scale in training by one over the share that is kept, which is the same on average.
   */
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
  /** body(x) + shortcut(x); without a shortcut the input itself is added. Parameters are called `body.…` and `shortcut.…`. */
  residual(body: LayerLike, shortcut?: LayerLike): Model;
  /** Each branch gets the same input; their results are joined, side by side along axis 1 if nothing is said. */
  parallel(branches: readonly LayerLike[], options?: { join?: Join }): Model;
  /** Each layer gets the input and all earlier results side by side along axis 1, and so does what follows. */
  denseBlock(layers: readonly LayerLike[]): Model;
  /**
   * Layers that name their inputs; the last one gives the output:
   * `nn.graph({ a: { layer: nn.dense({ out: 8 }), in: "x" }, sum: { in: ["a", "x"], join: "add" } })`.
   *
   * With several inputs, named with their shapes without the batch axis, nodes take them by their names in place of "x":
   *
   * ```js
   * const model = nn.graph({
   *   pixels: { layer: nn.flatten(), in: "image" },
   *   out: { layer: nn.dense({ out: 10 }), in: ["pixels", "age"] },
   * }, { inputs: { image: [1, 28, 28], age: [1] } })
   * model.forward({ image, age })
   * await model.fit(data.from({ image, age }, y))
   * ```
   */
  graph(
    nodes: Readonly<Record<string, GraphNode>>,
    options?: { inputs?: Readonly<Record<string, readonly number[]>> },
  ): Model;
  /** The network of a file that `model.save` wrote (safetensors), trained as it was. */
  load(file: string): Promise<Model>;
  /**
   * The sizes of feature maps behind convolutions and poolings in a row, and their receptive fields, for an image of a size:
   * `nn.featureMaps(28, [{ kernel: 5 }, { kernel: 2, stride: 2 }])`. Errors: a window that does not fit; they say which image would do.
   * Source: course equations 31 and 32.
   */
  featureMaps(size: Pair, windows: readonly WindowOptions[]): FeatureMaps;
  /** x · Wᵀ + b; W is [out, in]. */
  dense(options: DenseOptions): Model;
  /** Cross-correlation of [N, C, H, W] with a weight [out, C/groups, KH, KW], plus a bias. */
  conv2d(options: Conv2dOptions): Model;
  /** Cross-correlation of [N, C, L] with a weight [out, C/groups, K], plus a bias. */
  conv1d(options: Conv1dOptions): Model;
  /** The transpose of a convolution, which makes images larger; its weight is [C, out/groups, KH, KW]. */
  convTranspose2d(options: ConvTranspose2dOptions): Model;
  /** A kernel for each channel, then a convolution of 1 × 1: C·K² + C·out weights in place of C·K²·out. */
  separableConv2d(options: SeparableConv2dOptions): Model;
  /** The maximum of every window of [N, C, L]; of pairs the second counts. */
  maxPool1d(options?: PoolOptions & { dilation?: Pair }): Model;
  /** The maximum of every window of [N, C, H, W]. */
  maxPool2d(options?: PoolOptions & { dilation?: Pair }): Model;
  /** The mean of every window of [N, C, H, W]. */
  avgPool2d(options?: PoolOptions & { countIncludePad?: boolean }): Model;
  /** The mean of every channel: [N, C, …] to [N, C]. */
  globalAvgPool(): Model;
  /** The maximum of every channel: [N, C, …] to [N, C]. */
  globalMaxPool(): Model;
  /** Means of as many bins as the size says (1), whatever the image's: a network then takes larger images. */
  adaptiveAvgPool2d(options?: { size?: Pair }): Model;
  /** Maxima of as many bins as the size says (1). */
  adaptiveMaxPool2d(options?: { size?: Pair }): Model;
  /** [N, C, H, W] at a size, or times a scale. */
  resize(options: {
    size?: Pair;
    scale?: Pair;
    mode?: "nearest" | "bilinear" | "bicubic";
    alignCorners?: boolean;
  }): Model;
  /** [N, …] to [N, shape…]; one size may be −1. */
  reshape(options: { shape: readonly number[] }): Model;
  /** A vector of `out` numbers for each whole number 0 … count − 1; that of `padding` is not learnt. */
  embedding(options: { count: number; out: number; padding?: number }): Model;
  /** (x − mean)/std with numbers for each channel, such as `await train.channelStats()` gives. */
  normalize(options: { mean: readonly number[]; std: readonly number[] }): Model;
  /** Everything but the first axis as one: [N, …] to [N, −1]. */
  flatten(): Model;
  /** Sets random entries to 0 in training and scales the others up, so that means stay; passes all on otherwise. Course section 6.3. */
  dropout(options?: DropoutOptions): Model;
  /** The same for whole channels of a sample at once. */
  dropout2d(options?: DropoutOptions): Model;
  /**
   * Brings every channel of [N, C, …] to mean 0 and variance 1 over the batch (in training) or by running statistics, then scales and shifts it.
   * Course section 8.4; Ioffe and Szegedy 2015.
   */
  batchNorm(options?: BatchNormOptions): Model;
  /** Normalises every sample. */
  layerNorm(options?: LayerNormOptions): Model;
  /** Normalises groups of channels of every sample [N, C, …]; the groups must divide C. Course section 8.5; Wu and He 2018. */
  groupNorm(options: { groups: number; eps?: number; affine?: boolean }): Model;
  /** Normalises every channel of every sample. */
  instanceNorm(options?: { eps?: number; affine?: boolean }): Model;
  /** x/√(mean(x²) + eps) over the last axes. */
  rmsNorm(options?: LayerNormOptions): Model;
  /**
   * Channels weighed by what the whole image shows, [N, C, …] to the same shape: x · sigmoid(W₂ relu(W₁ m + b₁) + b₂) with each channel's mean m; C /
   * reduction (16) features in between. Source: Hu et al. 2018.
   */
  squeezeExcite(options?: { reduction?: number }): Model;
  /** x. Course equation 3. */
  identity(): Model;
  /** sin x, in radians. Course equation 8. */
  sin(): Model;
  /** max(0, x); its derivative at 0 is 0 (the course, equation 5, takes 1: `x.ge(0).where(x, 0)`). */
  relu(): Model;
  /** x above 0, else slope · x; slope is 0.01 (0.1 in course equation 6). Its derivative at 0 is the slope. */
  leakyRelu(options?: { slope?: number }): Model;
  /** Leaky ReLU that learns one slope for each channel of [N, C, …], 0.25 at first. Source: He et al. 2015. */
  prelu(): Model;
  /** 1 / (1 + exp(−x)), 0…1. Course equation 4. */
  sigmoid(): Model;
  /** The hyperbolic tangent, −1…1. Course equation 7. */
  tanh(): Model;
  /** Exponentials that sum to 1 along an axis (the last one), of values less their maximum. Course equation 10. */
  softmax(options?: { dim?: number }): Model;
  /** x above 0, else alpha (exp(x) − 1). */
  elu(options?: { alpha?: number }): Model;
  /** x · Φ(x); Φ by tanh instead of erf if approximate. */
  gelu(options?: { approximate?: boolean }): Model;
  /** x · sigmoid(x) */
  silu(): Model;
  /** Self-normalising ELU. */
  selu(): Model;
  /** ln(1 + exp(beta x)) / beta */
  softplus(options?: { beta?: number; threshold?: number }): Model;
  /** x · tanh(softplus(x)) */
  mish(): Model;
  /** x / (1 + |x|) */
  softsign(): Model;
  /** ln(sigmoid(x)) */
  logsigmoid(): Model;
  /** The logarithm of the softmax; along the last axis. */
  logSoftmax(options?: { dim?: number }): Model;
  /** min(max(0, x), 6) */
  relu6(): Model;
  /** Limited to min … max; −1 … 1. */
  hardtanh(options?: { min?: number; max?: number }): Model;
  /** x/6 + 1/2, limited to 0 … 1. */
  hardsigmoid(): Model;
  /** x · hardsigmoid(x) */
  hardswish(): Model;

  /** A fully connected network on flattened images; hidden [128], out 10. */
  mlp(options?: { out?: number; hidden?: readonly number[]; dropout?: number }): Model;
  /** LeNet, for images of 28² or 32²; out 10. */
  lenet(options?: { out?: number }): Model;
  /** A ResNet for small images, of depth 6·blocks + 2; blocks 1, channels 16. Without skips it shows why they are there. */
  resnet(options?: { out?: number; blocks?: number; channels?: number; skips?: boolean }): Model;
  /** A DenseNet for small images: three blocks of `layers` (4), each of which adds `growth` (12) channels. */
  densenet(options?: {
    out?: number;
    growth?: number;
    layers?: number;
    channels?: number;
    compression?: number;
  }): Model;
  /** Depthwise-separable blocks (6), for small images; channels 16. */
  mobilenet(options?: { out?: number; channels?: number; blocks?: number }): Model;
}

export function nn(context: Context): Nn {
  const { wasm } = context;
  const layer = (kind: string) => (options?: object) => Model.ofKind(context, kind, options);
  const func: Nn["func"] = (forward, params) => Model.fromFunction(context, forward, params);
  const model = (what: string, item: LayerLike) => {
    const made = typeof item === "function" ? func((x) => item(x)) : item;
    if (!(made instanceof Model)) throw argumentError(`${what} is not a layer but ${typeof item}`);
    return made;
  };
  const models = (what: string, items: readonly LayerLike[]) => {
    if (!Array.isArray(items)) throw argumentError(`${what}: expected an array of layers`);
    return items.map((item, i) => model(`${what}: element ${i}`, item));
  };
  const block = (kind: string, parts: readonly Model[], options?: object) =>
    Model.ofParts(context, parts, kind, options);
  return {
    sequential: (layers) => block("sequential", models("sequential", layers)),
    residual: (body, shortcut) =>
      block("residual", models("residual", shortcut === undefined ? [body] : [body, shortcut])),
    parallel: (branches, options) => block("parallel", models("parallel", branches), options),
    denseBlock: (layers) => block("denseBlock", models("denseBlock", layers)),
    graph(nodes, options = {}) {
      wasm.checkNames("graph", options, ["inputs"]);
      const named = Object.entries(nodes);
      for (const [name, node] of named) wasm.checkNames(`graph: ${name}`, node, ["layer", "in", "join"]);
      const identity = layer("identity");
      const parts = named.map(([name, node]) => model(`graph: ${name}`, node.layer ?? identity()));
      const inputs = (node: GraphNode) => (typeof node.in === "string" ? [node.in] : [...node.in]);
      const described = named.map(([name, node]) => ({
        name,
        inputs: inputs(node),
        join: node.join ?? "concat",
      }));
      return block("graph", parts, {
        ...(options.inputs && { inputs: declared(options.inputs) }),
        nodes: described,
      });
    },
    func,
    featureMaps: (size, windows) => featureMaps(context, size, windows),
    load: (file) => loadModel(context, file),
    dense: layer("dense"),
    conv1d: layer("conv1d"),
    conv2d: layer("conv2d"),
    convTranspose2d: layer("convTranspose2d"),
    separableConv2d: layer("separableConv2d"),
    maxPool1d: layer("maxPool1d"),
    maxPool2d: layer("maxPool2d"),
    avgPool2d: layer("avgPool2d"),
    globalAvgPool: layer("globalAvgPool"),
    globalMaxPool: layer("globalMaxPool"),
    adaptiveAvgPool2d: layer("adaptiveAvgPool2d"),
    adaptiveMaxPool2d: layer("adaptiveMaxPool2d"),
    resize: layer("resize"),
    reshape: layer("reshape"),
    embedding: layer("embedding"),
    normalize: layer("normalize"),
    flatten: layer("flatten"),
    dropout: layer("dropout"),
    dropout2d: layer("dropout2d"),
    batchNorm: layer("batchNorm"),
    layerNorm: layer("layerNorm"),
    groupNorm: layer("groupNorm"),
    instanceNorm: layer("instanceNorm"),
    rmsNorm: layer("rmsNorm"),
    squeezeExcite: layer("squeezeExcite"),
    identity: layer("identity"),
    sin: layer("sin"),
    relu: layer("relu"),
    leakyRelu: layer("leakyRelu"),
    prelu: layer("prelu"),
    sigmoid: layer("sigmoid"),
    tanh: layer("tanh"),
    softmax: layer("softmax"),
    logSoftmax: layer("logSoftmax"),
    elu: layer("elu"),
    selu: layer("selu"),
    gelu: layer("gelu"),
    silu: layer("silu"),
    softplus: layer("softplus"),
    mish: layer("mish"),
    softsign: layer("softsign"),
    logsigmoid: layer("logsigmoid"),
    relu6: layer("relu6"),
    hardtanh: layer("hardtanh"),
    hardsigmoid: layer("hardsigmoid"),
    hardswish: layer("hardswish"),
    mlp: layer("mlp"),
    lenet: layer("lenet"),
    resnet: layer("resnet"),
    densenet: layer("densenet"),
    mobilenet: layer("mobilenet"),
  };
}
