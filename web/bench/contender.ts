// What takes part in the benchmark: a library, on a device, that does the workloads its own way.

import type { Batch, ConvolutionData } from "./batches.ts";
import type { ModelName, Param } from "./specs.ts";

/** A matrix product of two n × n matrices that stay where they are computed. */
export interface Matmul {
  /** So many products, and a read-back of part of the last one. */
  run(times: number): Promise<void>;
  /** The element [1][1]. */
  check(): Promise<number>;
  dispose?(): void;
}

/** A convolution of images that stay where they are computed. */
export interface Convolution {
  /** So many times, and a read-back of part of the last result. */
  forward(times: number): Promise<void>;
  /** The same with the gradients for images and weight. */
  both(times: number): Promise<void>;
  /** First elements of the output and, as far as there are any, of both gradients. */
  check(): Promise<number[]>;
}

/** A network in training. */
export interface Trainer {
  /** One step on batch `i`, modulo their number; it may only be queued. */
  step(i: number): Promise<unknown> | unknown;
  /** The loss of the last step, once all steps are done. */
  loss(): Promise<number>;
}

/** Why a network decides. */
export interface Saliency {
  /** The gradient of the class's score for every pixel. */
  grad(): Promise<ArrayLike<number>>;
  /** Integrated gradients from black, as one batch of so many images. */
  integrated(steps: number): Promise<ArrayLike<number>>;
}

/** A network that is asked, one image at a time. */
export interface Inference {
  /** The scores: the image is uploaded, and they are read back. */
  run(): Promise<ArrayLike<number>>;
}

/** A contender that is ready. What it lacks it says by an error. */
export interface Contender {
  /** Library, version, device: whatever tells what was measured. */
  info: Record<string, unknown>;
  matmul(n: number, a: Float32Array, b: Float32Array): Promise<Matmul>;
  convolution(data: ConvolutionData): Promise<Convolution>;
  train(model: ModelName, params: Param[], batches: Batch[]): Promise<Trainer>;
  saliency(params: Param[], x: Float32Array, label: number): Promise<Saliency>;
  infer(params: Param[], x: Float32Array): Promise<Inference>;
}
