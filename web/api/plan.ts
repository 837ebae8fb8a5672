// What a call of a compiled function does on the device: nothing is run to know it.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";

/** One step of the program, such as a convolution with what follows it. Figures are those of one call. */
export interface PlanStep {
  /** What it computes, as the program prints it: `conv x[64, 1, 28, 28] …, then { … }`. */
  kernel: string;
  /** Dispatches on the device; on the CPU a step is one. */
  dispatches: number;
  /** Floating-point operations. */
  flops: number;
  /** Bytes that it must read: the distinct words that its result depends on, each once. */
  read: number;
  /** Bytes that it must write: the result, once. */
  written: number;
  /** Bytes that the device reads and writes for it, with all intermediates: partial sums, packed or transformed copies. */
  moved: number;
}

/** What a call of a compiled function does, step by step; shown as a table. */
export class Plan {
  /** The steps in their order. */
  readonly steps: readonly PlanStep[];
  /** The device: "cpu" or "webgpu". */
  readonly device: string;
  /** Batches of work that a call hands to the device's queue: 1 on WebGPU. */
  readonly submits: number;
  /** Bytes of arguments that are brought to the program's own memory, and of results that are copied out of it, at most. */
  readonly copied: number;
  /** Bytes of scratch memory. */
  readonly arena: number;
  /** Bytes of state that calls read and change: parameters, optimiser moments, counters. */
  readonly state: number;
  /** Buffers besides the arena: how many. */
  readonly buffers: number;
  /** Bytes of these buffers. */
  readonly bufferBytes: number;

  /** @internal */
  constructor(data: Costs) {
    const { device, whole, steps } = unpack(data);
    this.device = device;
    this.submits = whole.submits;
    this.copied = whole.copied;
    this.arena = whole.arena;
    this.state = whole.state;
    this.buffers = whole.buffers;
    this.bufferBytes = whole.bufferBytes;
    this.steps = steps.map(({ kernel, dispatches, flops, read, written, moved }) => {
      return { kernel, dispatches, flops, read, written, moved };
    });
  }

  /** Dispatches of a call. */
  get dispatches(): number {
    return this.#sum("dispatches");
  }
  /** Floating-point operations of a call. */
  get flops(): number {
    return this.#sum("flops");
  }
  /** Bytes that the steps must read. */
  get read(): number {
    return this.#sum("read");
  }
  /** Bytes that the steps must write. */
  get written(): number {
    return this.#sum("written");
  }
  /** Bytes that a call reads and writes in all, copies of arguments and results included. */
  get moved(): number {
    return this.#sum("moved") + 2 * this.copied;
  }

  [DISPLAY](): LiveDisplay {
    return { kind: "table", columns: [...COLUMNS], rows: this.#rows() };
  }

  toString(): string {
    const { device, dispatches, submits, arena, state, buffers, bufferBytes } = this;
    const kb = (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`;
    const head = [
      `${device}: ${dispatches} dispatches, ${submits} submits`,
      `${kb(this.read + this.written)} must move, ${kb(this.moved)} move`,
      `arena ${kb(arena)}, state ${kb(state)}, ${buffers} buffers of ${kb(bufferBytes)}`,
    ];
    const line = ([step, ...figures]: Row) => [...figures.map((figure) => String(figure).padStart(10)), step];
    return [head.join("; "), ...this.#rows().map((row) => line(row).join("  "))].join("\n");
  }

  #sum(field: Exclude<keyof PlanStep, "kernel">): number {
    return this.steps.reduce((all, step) => all + step[field], 0);
  }

  #rows(): Row[] {
    const row = (
      kernel: string,
      { dispatches, read, written, moved, flops }: Omit<PlanStep, "kernel">,
    ): Row => [
      kernel,
      dispatches,
      rounded(read, 1e3),
      rounded(written, 1e3),
      rounded(moved, 1e3),
      rounded(flops, 1e6),
    ];
    const { copied, dispatches, flops, moved } = this;
    const none = { dispatches: 0, flops: 0 };
    return [
      ...this.steps.map((step) => row(step.kernel, step)),
      row("arguments and results", { ...none, read: copied, written: copied, moved: 2 * copied }),
      row("total", { dispatches, flops, moved, read: this.read + copied, written: this.written + copied }),
    ];
  }
}

/** @internal As the module gives it: the device, then what each step computes; the numbers of the whole, then of each step. */
export interface Costs {
  kernels: string[];
  numbers: Float64Array;
}

const WHOLE = ["calls", "submits", "copied", "arena", "state", "buffers", "bufferBytes"] as const;
const STEP = ["ms", "dispatches", "flops", "read", "written", "moved"] as const;

type Named<K extends string> = Record<K, number>;

/** @internal The numbers by name. */
export function unpack({ kernels: [device = "", ...kernels], numbers }: Costs): {
  device: string;
  whole: Named<(typeof WHOLE)[number]>;
  steps: ({ kernel: string } & Named<(typeof STEP)[number]>)[];
} {
  let next = 0;
  const take = <K extends string>(names: readonly K[]) =>
    Object.fromEntries(names.map((name) => [name, numbers[next++] ?? 0])) as Named<K>;
  const whole = take(WHOLE);
  return { device, whole, steps: kernels.map((kernel) => ({ kernel, ...take(STEP) })) };
}

/** Kernel, dispatches, kB read, written and moved, MFLOP. */
type Row = [string, number, number, number, number, number];

const COLUMNS = ["step", "dispatches", "kB read", "kB written", "kB moved", "MFLOP"] as const;

const rounded = (value: number, unit: number) => Number((value / unit).toFixed(3));
