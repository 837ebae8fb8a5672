// Where the time of a compiled function goes.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Costs } from "./plan.ts";
import { unpack } from "./plan.ts";

/** One step of the program, such as a convolution with what follows it. Figures are those of one call. */
export interface ProfileStep {
  /** What it computes, as the program prints it: `conv x[64, 1, 28, 28] …, then { … }`. */
  kernel: string;
  /** Milliseconds, the mean over all calls. */
  ms: number;
  /** Floating-point operations. */
  flops: number;
  /** Bytes that it must read and write: see `PlanStep`. */
  bytes: number;
}

/** The time of each step of a compiled function; shown as a table. */
export class Profile {
  /** The steps in their order. */
  readonly steps: readonly ProfileStep[];
  /** How many calls were timed. */
  readonly calls: number;

  /** The device: "cpu" or "webgpu". */
  readonly device: string;

  /** @internal */
  constructor(data: Costs) {
    const { device, whole, steps } = unpack(data);
    this.device = device;
    this.calls = whole.calls;
    this.steps = steps.map(({ kernel, ms, flops, read, written }) => {
      return { kernel, ms, flops, bytes: read + written };
    });
  }

  /** Milliseconds of a call. */
  get ms(): number {
    return this.steps.reduce((sum, step) => sum + step.ms, 0);
  }

  [DISPLAY](): LiveDisplay {
    return { kind: "table", columns: [...COLUMNS], rows: this.#rows() };
  }

  toString(): string {
    const lines = this.#rows().map(([step, ms, share, rate, speed]) =>
      [digits(ms, 4), `${digits(share, 1)}%`, digits(rate, 2), digits(speed, 2), step].join("  "),
    );
    return [`${this.ms.toFixed(3)} ms a call, mean of ${this.calls}`, ...lines].join("\n");
  }

  #rows(): Row[] {
    const row = ({ kernel, ms, flops, bytes }: ProfileStep): Row => [
      kernel,
      rounded(ms, 4),
      rounded(part(100 * ms, this.ms), 1),
      rounded(part(flops, ms) / 1e6, 2),
      rounded(part(bytes, ms) / 1e6, 2),
    ];
    const sum = (field: "flops" | "bytes") => this.steps.reduce((all, step) => all + step[field], 0);
    const total = { kernel: "total", ms: this.ms, flops: sum("flops"), bytes: sum("bytes") };
    return [...this.steps, total].map(row);
  }
}

/** Kernel, ms, share, GFLOP/s, GB/s. */
type Row = [string, number, number, number, number];

const COLUMNS = ["step", "ms", "share %", "GFLOP/s", "GB/s"] as const;

/** 0 of nothing: a clock may be too coarse for a step. */
const part = (amount: number, whole: number) => (whole > 0 ? amount / whole : 0);
const rounded = (value: number, decimals: number) => Number(value.toFixed(decimals));
const digits = (value: number, decimals: number) => value.toFixed(decimals).padStart(8);
