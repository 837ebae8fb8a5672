// What one workload of one contender gave.

/** Something that was measured several times. */
export interface Metric {
  name: string;
  unit: Unit;
  values: number[];
}

/** Of rates more is better, of the rest less. */
export type Unit = "GFLOP/s" | "steps/s" | "ms" | "MiB" | "bytes";

export interface Result {
  workload: WorkloadName;
  info: Record<string, unknown>;
  metrics: Metric[];
  /** Losses of steps 1, 2 and 4, or other values that are the same for all contenders. */
  checks: number[];
  /** What failed, in the library's own words. */
  errors: string[];
}

/** The workloads by name, and what they are. */
export const WORKLOADS = {
  W1: "Matrix product",
  W2: "Convolution",
  W3: "MLP",
  W4: "LeNet",
  W5: "ResNet",
  W6: "DCGAN",
  W7: "LSTM",
  W8: "Saliency",
  W9: "Inference",
  W11: "Memory",
} as const;

export type WorkloadName = keyof typeof WORKLOADS;

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** What an error says. */
export function told(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}
