// What the networks of the benchmark learn from: classes of noisy images, and a stream of symbols with a rule in it.

import { centred, generator } from "./random.ts";
import { BATCH, LSTM, type ModelName } from "./specs.ts";

/** A batch: images [N, C, H, W] and their classes, for the generator of images noise `z`; or symbols [T, N] and their followers. */
export interface Batch {
  x: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  y: Int32Array<ArrayBuffer>;
  z?: Float32Array<ArrayBuffer>;
}

/** A batch of images. */
export interface ImageBatch extends Batch {
  x: Float32Array<ArrayBuffer>;
}

/** How long the noise vectors are that images are generated from. */
export const NOISE = 64;

/** The shape [C, H, W] of a network's images. */
export function imageShape(model: ModelName): [number, number, number] {
  return model === "resnet" ? [3, 32, 32] : [1, 28, 28];
}

/** Batches for a network, the same for every contender. */
export function makeBatches(model: ModelName, count = 8, seed = 99): Batch[] {
  return model === "lstm" ? symbols(count, seed) : images(model, count, seed);
}

/** Batches for a network that sees images. */
export function images(model: ModelName, count: number, seed = 99): ImageBatch[] {
  const next = generator(seed);
  const size = imageShape(model).reduce((product, n) => product * n, 1);
  const samples = BATCH[model];
  const prototypes = Float32Array.from({ length: 10 * size }, next);
  return Array.from({ length: count }, () => {
    const x = new Float32Array(samples * size);
    const y = new Int32Array(samples);
    for (let sample = 0; sample < samples; sample++) {
      const kind = Math.floor(next() * 10);
      y[sample] = kind;
      for (let i = 0; i < size; i++) {
        x[sample * size + i] = 0.5 * (prototypes[kind * size + i] as number) + 0.5 * next();
      }
    }
    if (model !== "dcgan") return { x, y };
    const z = Float32Array.from({ length: samples * NOISE }, () => 2 * next() - 1);
    return { x: x.map((value) => 2 * value - 1), y, z };
  });
}

/** One long stream for each row of the batch; consecutive batches go on with it. */
function symbols(count: number, seed: number): Batch[] {
  const next = generator(seed);
  const any = () => Math.floor(next() * LSTM.symbols);
  const rows = BATCH.lstm;
  const current = Array.from({ length: rows }, any);
  return Array.from({ length: count }, () => {
    const x = new Int32Array(LSTM.steps * rows);
    const y = new Int32Array(LSTM.steps * rows);
    for (let i = 0; i < x.length; i++) {
      const row = i % rows;
      const now = current[row] as number;
      const follower = next() < 0.1 ? any() : (now * 5 + 3) % LSTM.symbols;
      x[i] = now;
      y[i] = follower;
      current[row] = follower;
    }
    return { x, y };
  });
}

/** Whole numbers as rows with a single 1. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + (labels[i] as number)] = 1;
  return rows;
}

/** A square matrix product. */
export function matrices(n: number) {
  return { a: centred(n * n, 11), b: centred(n * n, 12) };
}

/** A convolution, 3 × 3 with a margin of 1, and what comes back to its output. */
export const CONVOLUTION = { x: [32, 16, 28, 28], w: [32, 16, 3, 3], dy: [32, 32, 28, 28] } as const;

export function convolution() {
  return { x: centred(32 * 16 * 28 * 28, 5), w: centred(32 * 16 * 9, 6), dy: centred(32 * 32 * 28 * 28, 7) };
}

export type ConvolutionData = ReturnType<typeof convolution>;

/** Floating point operations, a multiply-add being two. */
export const FLOP = {
  matmul: (n: number) => 2 * n ** 3,
  convolution: 2 * 32 * 32 * 28 * 28 * 16 * 9,
};
