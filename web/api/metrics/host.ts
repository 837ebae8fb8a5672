// The arithmetic of evaluation, as the functions of its module are called. Nothing that statistics is about is computed in TypeScript.

import type { Context } from "../context.ts";
import type { MeasureData } from "./measure.ts";

/** How sure a figure is to be told. */
export interface Certainty {
  level?: number;
  method?: string;
  resamples?: number;
  seed?: number;
}

/** A figure that follows from counts: of one class, or over all. */
export interface Counted {
  figure: string;
  over?: number | "macro" | "micro" | "weighted";
  weights?: "none" | "linear" | "quadratic";
}

/** Points of a curve, from the highest threshold (infinity: nothing is found) to the lowest. */
export interface RankedCurve {
  thresholds: Float64Array | number[];
  tp: Float64Array | number[];
  fp: Float64Array | number[];
  x: Float64Array | number[];
  y: Float64Array | number[];
}

/** A test of two models on the same samples. */
export interface TestData {
  statistic?: number | null;
  pValue?: number | null;
  because?: string | null;
  method: string;
  difference?: MeasureData;
  a?: MeasureData;
  b?: MeasureData;
  counts?: number[];
}

export interface CalibrationData {
  error: MeasureData;
  largest: MeasureData;
  bins: {
    from: number;
    to: number;
    confidence: number;
    accuracy: number;
    count: number;
    interval?: { low: number; high: number } | null;
  }[];
}

export interface LeakPair {
  a: number;
  b: number;
  distance: number;
  isExact: boolean;
}

/** What the module offers. */
export interface Host {
  confusionMatrix(truth: Int32Array, predicted: Int32Array, classes: number): number[];
  counted(
    counts: readonly number[],
    classes: number,
    what: readonly Counted[],
    certainty: Certainty,
  ): MeasureData[];
  rocCurve(truth: Int32Array, scores: Float32Array): RankedCurve;
  prCurve(truth: Int32Array, scores: Float32Array): RankedCurve;
  rocAuc(
    truth: Int32Array,
    scores: Float32Array,
    classes: number,
    average: string,
    certainty: Certainty,
  ): MeasureData;
  averagePrecision(
    truth: Int32Array,
    scores: Float32Array,
    classes: number,
    average: string,
    certainty: Certainty,
  ): MeasureData;
  topK(
    truth: Int32Array,
    scores: Float32Array,
    classes: number,
    k: number,
    certainty: Certainty,
  ): MeasureData;
  logLoss(truth: Int32Array, scores: Float32Array, classes: number, certainty: Certainty): MeasureData;
  brier(truth: Int32Array, scores: Float32Array, classes: number, certainty: Certainty): MeasureData;
  calibration(
    truth: Int32Array,
    scores: Float32Array,
    classes: number,
    bins: number,
    certainty: Certainty,
  ): CalibrationData;
  mcnemar(truth: Int32Array, a: Int32Array, b: Int32Array, certainty: Certainty): TestData;
  delong(truth: Int32Array, a: Float32Array, b: Float32Array, certainty: Certainty): TestData;
  leakage(a: Float32Array, b: Float32Array, shape: readonly number[], threshold?: number): LeakPair[];
  groupKFold(groups: Int32Array, k: number, seed: number): Int32Array;
  mean(values: readonly number[], certainty: Certainty): MeasureData;
}

/** The module, loaded when it is first needed. */
export async function hostOf(_context: Context): Promise<Host> {
  throw new Error("the module of evaluation is not there yet");
}
