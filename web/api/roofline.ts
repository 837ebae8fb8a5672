// How near the kernels of a compiled function come to what the device can do, as measured on the reader's own.

import type { LiveDisplay, RooflineKernel } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Compile } from "./compile.ts";
import type { Profile } from "./profile.ts";
import type { Tensor } from "./tensor.ts";

/** What a device does at most. */
export interface Ceilings {
  /** Floating-point operations a second: of a product of two matrices of 768 × 768. */
  flops: number;
  /** Bytes a second to and from memory: of a sum of two vectors of 4 million elements. */
  bytes: number;
}

/** Each kernel's speed against the device's ceilings; shown as a picture. */
export class Roofline {
  /** @internal */
  constructor(
    /** The steps and their times. */
    readonly profile: Profile,
    /** What was measured on this device, in this session. */
    readonly ceilings: Ceilings,
  ) {}

  /** The device: "cpu" or "webgpu". */
  get device(): string {
    return this.profile.device;
  }

  [DISPLAY](): LiveDisplay {
    const kernels = this.profile.steps.map(({ kernel, ms, flops, bytes }) => ({ kernel, ms, flops, bytes }));
    return { kind: "roofline", device: this.device, ...this.ceilings, kernels };
  }

  toString(): string {
    const { flops, bytes } = this.ceilings;
    const part = ({ ms, ...work }: RooflineKernel) =>
      (100 * Math.max(work.flops / flops, work.bytes / bytes)) / (ms / 1e3);
    return [
      `${this.device}: ${(flops / 1e9).toFixed(1)} GFLOP/s, ${(bytes / 1e9).toFixed(1)} GB/s`,
      ...this.profile.steps.map(
        (step) => `${(step.ms > 0 ? part(step) : 0).toFixed(1).padStart(6)}%  ${step.kernel}`,
      ),
    ].join("\n");
  }
}

/** Sides of the matrices and length of the vectors that ceilings are measured with: the first fit caches, the others do not. */
const SIDE = 768;
const LENGTH = 1 << 22;

/** @internal Measures the device that computes now, in about a second. */
export async function measureCeilings(
  compile: Compile,
  random: (shape: number[]) => Tensor,
): Promise<Ceilings> {
  const rate = async (shape: number[], body: (a: Tensor, b: Tensor) => Tensor, what: "flops" | "bytes") => {
    const [a, b] = [await random(shape).evaluate(), await random(shape).evaluate()];
    const { steps } = await compile(body).profile(a, b);
    const ms = steps.reduce((sum, step) => sum + step.ms, 0);
    const amount = steps.reduce((sum, step) => sum + step[what], 0);
    return (1e3 * amount) / Math.max(ms, 1e-3);
  };
  return {
    flops: await rate([SIDE, SIDE], (a, b) => a.matmul(b), "flops"),
    bytes: await rate([LENGTH], (a, b) => a.add(b), "bytes"),
  };
}
