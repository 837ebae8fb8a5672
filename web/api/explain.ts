// Why a model decides: maps that say which pixels count. A map is a tensor like any other; its picture lies over the image.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Backprop } from "./backprop.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { Dataset } from "./dataset.ts";
import type { GraphPicture } from "./graph.ts";
import { tensorPicture } from "./graph.ts";
import type { LayerStatistics, LayersOptions, Networks } from "./layers.ts";
import type { Summary } from "./model.ts";
import { Model } from "./model.ts";
import { imagesDisplay, overlayDisplay } from "./plot.ts";
import { list, Tensor } from "./tensor.ts";

/** Which class is explained: one for all images, one for each, or (left out) what the model says. */
export type Target = number | readonly number[] | Tensor;

/** Options of all explanations. */
export interface ExplainOptions {
  /** The class that is explained; what the model says. */
  target?: Target;
}

/** Options of Grad-CAM. */
export interface GradCamOptions extends ExplainOptions {
  /** The layer whose output is looked at, by its name in the model: 3 or "features.2"; the last convolution. */
  layer?: number | string;
}

/** Options of occlusion. */
export interface OcclusionOptions extends ExplainOptions {
  /** Rows and columns of what covers; 5. */
  window?: number;
  /** Distance between neighbouring positions; 2. */
  stride?: number;
  /** The value that covers; 0. */
  baseline?: number;
}

/** Explanations of a model's decision about images [C, H, W] or [N, C, H, W]. */
export interface Explain {
  /** The gradient of the class's score for every pixel, with its sign. */
  saliency(model: Model, x: Tensor, options?: ExplainOptions): Explanation;
  /** Where in a layer's output the evidence for the class lies: Σ of its channels, weighted by their mean gradients. */
  gradCam(model: Model, x: Tensor, options?: GradCamOptions): Explanation;
  /** How much the score falls when a window is covered. */
  occlusion(model: Model, x: Tensor, options?: OcclusionOptions): Explanation;
  /**
   * How much each pixel counts for the middle of a layer's output, by its gradient: the effective receptive field, the mean over the images.
   * The frame around it is the theoretical one (course equation 31). Of the last convolution; of several layers, `{ layer: [0, 3, 6] }`, side by
   * side, each map in its own range.
   */
  receptiveField(
    model: Model,
    x: Tensor,
    options?: { layer?: number | string | readonly (number | string)[] },
  ): Explanation;
  /**
   * Back-propagation through a small computation of one number, step by step (course section 2.4): each node's value, its derivative for what
   * it is computed from, and the gradient that arrives. `table` has the same in the order of the backward pass. Tensors are called as they
   * are named here. Errors: it is no single number; more than 40 steps; a named tensor that it does not depend on.
   *
   * ```js
   * const [w, x, b] = [tensor([0.5, -1]), tensor([2, 1]), tensor(0.3)]
   * const z = w.mul(x).sum().add(b)
   * const loss = z.sigmoid().sub(1).square()
   * const steps = await explain.backprop(loss, { w, x, b, z })
   * display(steps, steps.table)
   * ```
   */
  backprop(output: Tensor, names?: Readonly<Record<string, Tensor>>): Promise<Backprop>;
  /** What a tensor is computed from, as a picture; `model.graph` is that of a network. Nothing is computed. Errors: more than 200 steps. */
  graph(output: Tensor, names?: Readonly<Record<string, Tensor>>): GraphPicture;
  /**
   * The standard deviation of what each layer with weights makes of a batch, and of the gradient that arrives at it, over depth: where both stay
   * alike, the network learns (course section 5.3). Networks as they are, in a pass as in testing: batch
   * normalisation by its running statistics, no dropout. Weights that are not drawn yet are drawn for this look only. The
   * gradients are of the loss for a data set, and for samples without targets those of the output weighted by normal numbers.
   *
   * ```js
   * const deep = (init) => nn.sequential(Array.from({ length: 10 }, () => [nn.dense({ out: 100, init }), nn.relu()]).flat())
   * await explain.variances({ he: deep('heNormal'), xavier: deep('xavierCourse'), small: deep({ kind: 'normal', std: 0.01 }) }, randn([64, 100]))
   * ```
   */
  variances(networks: Networks, batch: Tensor | Dataset, options?: LayersOptions): Promise<LayerStatistics>;
  /**
   * The norm of the gradient for the weights of each layer, over depth: it vanishes in plain networks and does not beside skips (course
   * chapter 9). As `variances` otherwise; `fit({ gradientNorms: true })` shows the same while it trains.
   *
   * ```js
   * const block = () => nn.sequential([nn.dense({ out: 64 }), nn.sigmoid()])
   * const deep = (wrap) => nn.sequential([nn.flatten(), nn.dense({ out: 64 }), ...Array.from({ length: 16 }, () => wrap(block())), nn.dense({ out: 10 })])
   * const { train } = await data.mnist()
   * await explain.gradientNorms({ skips: deep(nn.residual), plain: deep((body) => body) }, train.take(64))
   * ```
   */
  gradientNorms(
    networks: Networks,
    batch: Tensor | Dataset,
    options?: LayersOptions,
  ): Promise<LayerStatistics>;
}

/** A map for each image, and the images. */
export class Explanation {
  /** @internal */
  constructor(
    /** What was explained, [N, C, H, W]. */
    readonly image: Tensor,
    /** What counts, [N, H, W]. */
    readonly map: Tensor,
    private readonly label: string,
    private readonly signed: boolean,
    private readonly frames: readonly Frame[] = [],
  ) {}

  /** One image: the map over it. Several: the maps side by side. */
  async [DISPLAY](): Promise<LiveDisplay> {
    const { label, signed, frames, map } = this;
    const [frame] = frames;
    if (map.shape[0] === 1) {
      const box = frame?.box && { box: frame.box };
      return overlayDisplay(this.image, map, { label: frame?.label ?? label, signed, ...box });
    }
    const display = await imagesDisplay(map.unsqueeze(1), {});
    if (display.kind !== "images" || frames.length === 0) return display;
    const boxes = frames.flatMap(({ box }, image) => {
      if (!box) return [];
      const [left, top, right, bottom] = box;
      return [{ image, left, top, right, bottom, thing: 0 }];
    });
    return { ...display, captions: frames.map(({ label }) => label), boxes };
  }
}

/** Of one map: what it shows, and what is framed, in pixels. */
interface Frame {
  label: string;
  box?: readonly [left: number, top: number, right: number, bottom: number];
}

export function explain(context: Context): Explain {
  const { wasm } = context;
  const wrap = (handle: Tensor["handle"]) => new Tensor(context, handle);
  return {
    saliency(model, x, options = {}) {
      const { images, target } = prepare(context, "saliency", ["target"], model, x, options);
      const gradient = wrap(wasm.saliency(model.handle, images.handle, ...target));
      return new Explanation(images, gradient.sum(1), "saliency", true);
    },
    gradCam(model, x, options = {}) {
      const { images, target } = prepare(context, "gradCam", ["target", "layer"], model, x, options);
      const layer =
        options.layer === undefined ? lastConvolution("gradCam", model, images) : String(options.layer);
      const map = wasm.gradCam(model.handle, images.handle, ...target, layer);
      return new Explanation(images, wrap(map).squeeze(1), "Grad-CAM", false);
    },
    occlusion(model, x, options = {}) {
      const names = ["target", "window", "stride", "baseline"];
      const { images, target } = prepare(context, "occlusion", names, model, x, options);
      const { window = 5, stride = 2, baseline = 0 } = options;
      const map = wasm.occlusion(model.handle, images.handle, ...target, window, stride, baseline);
      return new Explanation(images, wrap(map), "occlusion", true);
    },
    receptiveField(model, x, options = {}) {
      wasm.checkNames("receptiveField", options, ["layer"]);
      const { layer } = options;
      const { images } = prepare(context, "receptiveField", [], model, x, {});
      const asked = layer ?? lastConvolution("receptiveField", model, images);
      const layers = (Array.isArray(asked) ? asked : [asked]).map(String);
      if (layers.length === 0) throw argumentError("receptiveField: expected at least one layer");
      const summary = model.summary(images.shape);
      const map = (path: string) =>
        wrap(wasm.receptiveField(model.handle, images.handle, path)).mean(0, true);
      // Deep layers have small gradients: maps that are compared are each as bright as can be.
      const scaled = (map: Tensor) => map.div(map.max().maximum(1e-30));
      const [first = "", ...more] = layers;
      const maps =
        more.length === 0
          ? map(first)
          : wrap(
              wasm.Tensor.concat(
                list(
                  context,
                  layers.map((path) => scaled(map(path))),
                ),
                0,
              ),
            );
      const frames = layers.map((path) => frameOf(path, summary, more.length === 0));
      return new Explanation(images.mean(0, true), maps, "receptive field", false, frames);
    },
    backprop: async (output, names = {}) => (await import("./backprop.ts")).backprop(context, output, names),
    graph: (output, names = {}) => tensorPicture(context, output, names),
    variances: async (networks, batch, options = {}) =>
      (await import("./layers.ts")).variances(context, networks, batch, options),
    gradientNorms: async (networks, batch, options = {}) =>
      (await import("./layers.ts")).gradientNorms(context, networks, batch, options),
  };
}

/** The theoretical field of the middle of a layer's output. */
function frameOf(path: string, { layers }: Summary, isAlone: boolean): Frame {
  const { receptiveField, fieldStride, fieldStart, output } =
    layers.find((layer) => layer.path === path) ?? {};
  const title = isAlone ? `receptive field of ${path}` : path;
  if (!receptiveField || !fieldStride || !fieldStart) return { label: title };
  const side = (i: 0 | 1) => {
    const start = (fieldStart[i] ?? 0) + (fieldStride[i] ?? 0) * Math.floor((output?.[2 + i] ?? 1) / 2);
    return [start, start + (receptiveField[i] ?? 0)] as const;
  };
  const [[top, bottom], [left, right]] = [side(0), side(1)];
  return { label: `${title}: at most ${receptiveField.join(" × ")}`, box: [left, top, right, bottom] };
}

function prepare(
  context: Context,
  what: string,
  names: string[],
  model: Model,
  x: Tensor,
  options: GradCamOptions,
) {
  context.wasm.checkNames(what, options, names);
  if (!(model instanceof Model)) throw argumentError(`${what}: the first argument must be a model`);
  if (!(x instanceof Tensor) || x.rank < 3 || x.rank > 4) {
    const got = x instanceof Tensor ? `[${x.shape.join(", ")}]` : typeof x;
    throw argumentError(`${what}: expected an image [C, H, W] or images [N, C, H, W], got ${got}`);
  }
  const images = x.rank === 3 ? x.unsqueeze(0) : x;
  return { images, target: classes(context, what, options.target, images.shape[0] as number) };
}

/** The class for all images or undefined, and the list of one class for each or nothing. */
function classes(
  context: Context,
  what: string,
  target: Target | undefined,
  count: number,
): [number | undefined, ReturnType<typeof list>] {
  if (target === undefined) return [undefined, list(context, [])];
  if (target instanceof Tensor) return [undefined, list(context, [target])];
  const numbers = typeof target === "number" ? [target] : [...target];
  const fits = typeof target === "number" || numbers.length === count;
  if (!fits || !numbers.every((n) => Number.isInteger(n) && n >= 0)) {
    const expected = `expected the number of a class, or one for each of ${count} images`;
    throw argumentError(`${what}: target is ${JSON.stringify(target)}; ${expected}`);
  }
  if (typeof target === "number") return [target, list(context, [])];
  const handle = context.wasm.Tensor.fromWords(Uint32Array.from(numbers), Uint32Array.of(count), "i32");
  return [undefined, list(context, [new Tensor(context, handle)])];
}

function lastConvolution(what: string, model: Model, images: Tensor): string {
  const last = model
    .summary(images.shape)
    .layers.findLast(({ kind }) => kind === "conv2d" || kind === "separableConv2d");
  if (!last) throw argumentError(`${what}: the model has no convolution; name the layer to look at`);
  return last.path;
}
