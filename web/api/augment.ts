// Samples changed at random: transforms that `fit` applies inside of its compiled step, to be looked at before, and predictions
// from several views.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { Model } from "./model.ts";
import type { Displayable } from "./plot.ts";
import { imagesDisplay } from "./plot.ts";
import type { Pair } from "./tensor.ts";
import { list, Tensor } from "./tensor.ts";

/** A transform and its options. */
export interface Transform {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** A probability. */
export interface Chance {
  /** The share of samples. */
  p?: number;
}

/** How far a factor may lie from 1. */
export interface Jitter {
  /** Factors lie between 1 − by and 1 + by; 0.2. */
  by?: number;
}

/** How values between pixels are made when images are turned. */
export interface SamplingOptions {
  /** "bilinear". */
  sampling?: "bilinear" | "nearest";
}

/** Samples and what is true of them. */
export interface AugmentBatch {
  /** Images [N, C, H, W] or signals [N, C, L]. */
  x: Tensor;
  /** Class labels (i32 [N]), or probabilities (f32 [N, classes]). */
  labels?: Tensor;
  /** Targets for each pixel, [N, …, H, W]: classes (i32), or numbers (f32), which are sampled as the images are. */
  masks?: Tensor;
  /** Corners x1, y1, x2, y2 in pixels, f32 [N, K, 4]; a box without area is none. */
  boxes?: Tensor;
}

/** Transforms, drawn anew for each sample, and what can be done with lists of them. Images have values from 0 to 1. */
export interface Augmentations {
  /** Mirrors left and right; p 0.5. */
  horizontalFlip(options?: Chance): Transform;
  /** Mirrors top and bottom; p 0.5. */
  verticalFlip(options?: Chance): Transform;
  /** A part at random, of the image with `padding` pixels of zeros around it; as large as the image if no size is given. */
  randomCrop(options?: { size?: Pair; padding?: Pair }): Transform;
  /** The middle. */
  centerCrop(options: { size: Pair }): Transform;
  /** One of the four corners, or the middle. */
  cornerCrop(options: { size: Pair }): Transform;
  /** All images at a size. */
  resizeTo(options: { size: Pair; mode?: "nearest" | "bilinear" | "bicubic" }): Transform;
  /** Turned by up to `degrees`, moved by up to `translate` (a share of the size), as large as `scale` [from, to], sheared by up to `shear`
   * degrees along x and y. */
  affine(
    options?: SamplingOptions & {
      degrees?: number;
      translate?: number;
      scale?: readonly [number, number];
      shear?: readonly [number, number];
    },
  ): Transform;
  /** Turned by up to so many degrees (15) to either side. */
  rotate(options?: SamplingOptions & { degrees?: number }): Transform;
  /** Moved by up to a share of the size (0.1) to any side. */
  translate(options?: SamplingOptions & { by?: number }): Transform;
  /** Sheared by up to so many degrees (10) along x. */
  shear(options?: SamplingOptions & { degrees?: number }): Transform;
  /** Lighter or darker. */
  brightness(options?: Jitter): Transform;
  /** More or less contrast. */
  contrast(options?: Jitter): Transform;
  /** More or less colour. */
  saturation(options?: Jitter): Transform;
  /** Colours turned by up to a part of the circle (0.05) to either side. */
  hue(options?: { by?: number }): Transform;
  /** Raised to a power between these; [0.8, 1.25]. */
  gamma(options?: { gamma?: readonly [number, number] }): Transform;
  /** Without colour; p 0.1. */
  grayscale(options?: Chance): Transform;
  /** Negatives; p 0.5. */
  invert(options?: Chance): Transform;
  /** Tones from a threshold (0.5) on inverted; p 0.5. */
  solarize(options?: Chance & { threshold?: number }): Transform;
  /** Few tones: so many bits (4) of each byte; p 0.5. */
  posterize(options?: Chance & { bits?: number }): Transform;
  /** Tones stretched to the whole range; p 0.5. */
  autocontrast(options?: Chance): Transform;
  /** Sharper or softer. */
  sharpness(options?: Jitter): Transform;
  /** Out of focus by a deviation between these; kernel 5 (odd), sigma [0.1, 2]. */
  gaussianBlur(options?: { kernel?: number; sigma?: readonly [number, number] }): Transform;
  /** White noise with a normal distribution; sigma 0.1, values kept within 0 to 1. */
  noise(options?: { sigma?: number; clip?: boolean }): Transform;
  /** A rectangle (8 × 8) without image. */
  cutout(options?: { size?: Pair; value?: number }): Transform;
  /** Two samples on top of each other, labels alike; shares from Beta(alpha, alpha), alpha 0.2. */
  mixup(options?: { alpha?: number }): Transform;
  /** A part of another sample pasted in, labels by area; alpha 1. */
  cutmix(options?: { alpha?: number }): Transform;
  /** A share of the labels (p 0.1) drawn anew from all classes. Accuracies go by the labels of the data set. */
  labelNoise(options?: Chance): Transform;
  /** Signals played faster or slower, with their pitch; by 0.1. */
  speed(options?: Jitter): Transform;
  /** Signals up to so many semitones (2) higher or lower, as fast as before; window 512 samples. */
  pitchShift(options?: { semitones?: number; window?: number }): Transform;
  /** Signals up to so many decibels (6) louder or softer. */
  gain(options?: { db?: number }): Transform;

  /** A batch after transforms: what they move, masks and boxes follow. */
  apply(
    transforms: readonly Transform[],
    batch: Tensor | AugmentBatch,
    options?: { seed?: number; classes?: number },
  ): AugmentBatch;
  /** A grid of `count` (4) samples, each in a row of `views` (6): the first as it is, the others as training sees them. */
  preview(
    data: Dataset | Tensor,
    transforms: readonly Transform[],
    options?: { count?: number; views?: number; seed?: number },
  ): Displayable;
  /**
   * Test-time augmentation: the mean probabilities [N, classes] over several views of each sample of a model that gives logits. The first
   * is the sample as it is, unless the transforms change its size.
   */
  predict(
    model: Model,
    data: Dataset | Tensor,
    transforms: readonly Transform[],
    options?: { views?: number; seed?: number; batchSize?: number },
  ): Promise<Tensor>;
}

const KINDS = [
  "horizontalFlip",
  "verticalFlip",
  "randomCrop",
  "centerCrop",
  "cornerCrop",
  "resizeTo",
  "affine",
  "brightness",
  "contrast",
  "saturation",
  "hue",
  "gamma",
  "grayscale",
  "invert",
  "solarize",
  "posterize",
  "autocontrast",
  "sharpness",
  "gaussianBlur",
  "noise",
  "cutout",
  "mixup",
  "cutmix",
  "labelNoise",
  "speed",
  "pitchShift",
  "gain",
] as const;

type Plain = Record<(typeof KINDS)[number], (options?: object) => Transform>;

export function augment(context: Context): Augmentations {
  const { wasm } = context;
  const make = (kind: string, options: object = {}): Transform => ({ kind, ...options });
  const plain = Object.fromEntries(KINDS.map((kind) => [kind, (options?: object) => make(kind, options)]));
  const optional = (tensor: Tensor | undefined) => list(context, tensor ? [tensor] : []);
  const apply: Augmentations["apply"] = (transforms, batch, options = {}) => {
    wasm.checkNames("augment", options, ["seed", "classes"]);
    const { x, labels, masks, boxes } = batch instanceof Tensor ? { x: batch } : batch;
    if (!(x instanceof Tensor))
      throw argumentError("augment: expected a tensor, or { x, labels, masks, boxes }");
    const parts = [labels, masks, boxes].map(optional) as [Handles, Handles, Handles];
    const given = new wasm.AugmentBatch(x.handle, ...parts, options.classes);
    const made = given.apply(transforms, seedOf(context, options.seed)).parts();
    const part = (at: number) => made[at]?.length === 1 && new Tensor(context, made[at].at(0));
    const [first, ...rest] = [0, 1, 2, 3].map(part);
    const names = ["labels", "masks", "boxes"];
    const found = rest.flatMap((tensor, i) => (tensor ? [[names[i], tensor]] : []));
    return { x: first as Tensor, ...Object.fromEntries(found) };
  };
  return {
    ...(plain as Plain),
    rotate: ({ degrees = 15, ...rest } = {}) => make("affine", { degrees, ...rest }),
    translate: ({ by = 0.1, ...rest } = {}) => make("affine", { translate: by, ...rest }),
    shear: ({ degrees = 10, ...rest } = {}) => make("affine", { shear: [degrees, 0], ...rest }),
    apply,
    preview(data, transforms, options = {}) {
      wasm.checkNames("preview", options, ["count", "views", "seed"]);
      const { count = 4, views = 6, seed = 0 } = options;
      const all = data instanceof Dataset ? data.x : data;
      const x = all.slice(0, 0, Math.min(count, all.shape[0] as number));
      // Labels do not show; transforms that need some get these.
      const labels = context.wasm.Tensor.full(Uint32Array.of(x.shape[0] as number), 0).cast("i32");
      const changed = (view: number) =>
        apply(transforms, { x, labels: new Tensor(context, labels) }, { seed: seed + view, classes: 2 }).x;
      const rows = [x, ...Array.from({ length: views - 1 }, (_, i) => changed(i + 1))];
      const same = rows[1]?.shape.slice(1).join() === x.shape.slice(1).join();
      const shown = same ? rows : rows.slice(1);
      const grid = new Tensor(context, wasm.Tensor.stack(list(context, shown), 1)).flatten(0, 1);
      return { [DISPLAY]: (): Promise<LiveDisplay> => imagesDisplay(grid, { columns: shown.length }) };
    },
    async predict(model, data, transforms, options = {}) {
      wasm.checkNames("augment.predict", options, ["views", "seed", "batchSize"]);
      if (!(model instanceof Model))
        throw argumentError("augment.predict: the first argument must be a model");
      const { views = 8, batchSize } = options;
      if (!Number.isInteger(views) || views < 1)
        throw argumentError(`augment.predict: views is ${views}; expected at least 1`);
      const seed = seedOf(context, options.seed);
      if (data instanceof Dataset) data.open("augment.predict");
      const x = data instanceof Dataset ? data.x : data;
      let sum: Tensor | undefined;
      for (let view = 0; view < views; view++) {
        const changed = apply(transforms, x, { seed: (seed + view) >>> 0 }).x;
        // The samples as they are do not fit a model of smaller or larger ones.
        const seen = view === 0 && changed.shape.join() === x.shape.join() ? x : changed;
        const logits = await model.predict(seen, batchSize === undefined ? {} : { batchSize });
        const probabilities = logits.softmax(1);
        sum = await (sum ? sum.add(probabilities) : probabilities).evaluate();
      }
      return (sum as Tensor).div(views);
    },
  };
}

type Handles = ReturnType<typeof list>;
