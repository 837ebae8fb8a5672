// Where the time of a compiled function goes.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";

/** One step of the program, such as a convolution with what follows it. Figures are those of one call. */
export interface ProfileStep {
  /** The step as the program prints it: `conv x[64, 1, 28, 28] …`. */
  kernel: string;
  /** Milliseconds, the mean over all calls. */
  ms: number;
  /** Floating-point operations. */
  flops: number;
  /** Bytes that it reads and writes. */
  bytes: number;
}

/** The time of each step of a compiled function; shown as a table. */
export class Profile {
  /** The steps in their order. */
  readonly steps: readonly ProfileStep[];
  /** How many calls were timed. */
  readonly calls: number;

  /** @internal */
  constructor(data: { calls: number; steps: ProfileStep[] }) {
    this.steps = data.steps;
    this.calls = data.calls;
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

  #rows(): [string, number, number, number, number][] {
    const total = this.ms;
    const rate = (amount: number, ms: number) => (ms > 0 ? rounded(amount / ms / 1e6) : 0);
    const rows = this.steps.map(({ kernel, ms, flops, bytes }): [string, number, number, number, number] => [
      kernel,
      rounded(ms),
      total > 0 ? rounded((100 * ms) / total) : 0,
      rate(flops, ms),
      rate(bytes, ms),
    ]);
    const sum = (field: "flops" | "bytes") => this.steps.reduce((all, step) => all + step[field], 0);
    const share = total > 0 ? 100 : 0;
    return [...rows, ["total", rounded(total), share, rate(sum("flops"), total), rate(sum("bytes"), total)]];
  }
}

const COLUMNS = ["step", "ms", "share %", "GFLOP/s", "GB/s"] as const;

const rounded = (value: number) => Number(value.toPrecision(3));
const digits = (value: number, decimals: number) => value.toFixed(decimals).padStart(8);
