// Figures of merit: one number with its interval for a set of predictions.

import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { Certainty, Counted, Host } from "./host.ts";
import { hostOf } from "./host.ts";
import type { Judged, Labels, Predictions, ReadingOptions } from "./judged.ts";
import { column, judged, scored } from "./judged.ts";
import { Measure } from "./measure.ts";

/** How an interval is found, and how predictions are read. */
export interface MeasureOptions extends ReadingOptions {
  /** How often the interval should be right; 0.95. */
  level?: number;
  /** How it is found, such as "wilson", "clopperPearson", "bootstrap" or "logitDelong"; by default what holds for the sample. */
  method?: string;
  /** How often a bootstrap draws; 2000. */
  resamples?: number;
  /** What its draws follow from; 0. */
  seed?: number;
}

/** How figures of several classes become one. */
export interface AverageOptions extends MeasureOptions {
  /**
   * "binary": that of the `positive` class; "macro": the mean over classes; "micro": over all decisions; "weighted": the mean by how many
   * samples each class has. Of two classes "binary", of more "macro".
   */
  average?: "binary" | "macro" | "micro" | "weighted";
}

export const READING = ["classes", "positive", "threshold"];
export const CERTAINTY = ["level", "method", "resamples", "seed"];
export const MEASURE_OPTIONS = [...READING, ...CERTAINTY];
export const AVERAGE_OPTIONS = [...MEASURE_OPTIONS, "average"];

/** What is asked of the module. */
export function certaintyOf({ level, method, resamples, seed }: MeasureOptions): Certainty {
  return {
    ...(level !== undefined && { level }),
    ...(method !== undefined && { method }),
    ...(resamples !== undefined && { resamples }),
    ...(seed !== undefined && { seed }),
  };
}

/** A figure that follows from the counts of the confusion matrix. */
export async function counted(
  context: Context,
  figure: string,
  predictions: Predictions,
  labels: Labels,
  options: AverageOptions & { weights?: "none" | "linear" | "quadratic" } = {},
): Promise<Measure> {
  const isAveraged = AVERAGED.includes(figure);
  const known = isAveraged
    ? AVERAGE_OPTIONS
    : figure === "cohenKappa"
      ? [...MEASURE_OPTIONS, "weights"]
      : MEASURE_OPTIONS;
  context.wasm.checkNames(`metrics.${figure}`, options, known);
  const [host, given] = await Promise.all([
    hostOf(context),
    judged(context, `metrics.${figure}`, predictions, labels, options),
  ]);
  const what: Counted = {
    figure,
    ...(isAveraged && { over: overOf(`metrics.${figure}`, given, options.average) }),
    ...(options.weights && { weights: options.weights }),
  };
  const [data] = host.counted(countsOf(host, given), given.names.length, [what], certaintyOf(options));
  if (!data) throw argumentError(`metrics.${figure}: nothing came of it`);
  return new Measure(data);
}

const AVERAGED = ["precision", "recall", "specificity", "f1"];

/** The confusion matrix, row by row. */
export function countsOf(host: Host, { truth, predicted, names }: Judged): number[] {
  return Array.from(host.confusionMatrix(truth, predicted, names.length));
}

function overOf(what: string, { names, positive }: Judged, average?: string): NonNullable<Counted["over"]> {
  const chosen = average ?? (names.length === 2 ? "binary" : "macro");
  if (chosen === "binary") {
    if (names.length !== 2)
      throw argumentError(`${what}: average "binary" is for two classes; there are ${names.length}`);
    return positive;
  }
  if (chosen !== "macro" && chosen !== "micro" && chosen !== "weighted")
    throw argumentError(`${what}: average is ${chosen}; expected "binary", "macro", "micro" or "weighted"`);
  return chosen;
}

/** A figure that needs to know how sure the model was of each class. */
export async function scoredFigure(
  context: Context,
  figure: "logLoss" | "brier" | "topK" | "calibrationError" | "rocAuc" | "averagePrecision",
  predictions: Predictions,
  labels: Labels,
  options: MeasureOptions & { average?: string; k?: number; bins?: number } = {},
): Promise<Measure> {
  const own = {
    topK: ["k"],
    calibrationError: ["bins"],
    rocAuc: ["average"],
    averagePrecision: ["average"],
  } as Record<string, string[]>;
  const what = `metrics.${figure}`;
  context.wasm.checkNames(what, options, [...MEASURE_OPTIONS, ...(own[figure] ?? [])]);
  const [host, given] = await Promise.all([
    hostOf(context),
    judged(context, what, predictions, labels, options),
  ]);
  return figureOf(host, what, figure, given, options);
}

/** The same of what was read. */
export function figureOf(
  host: Host,
  what: string,
  figure: "logLoss" | "brier" | "topK" | "calibrationError" | "rocAuc" | "averagePrecision",
  given: Judged,
  options: MeasureOptions & { average?: string; k?: number; bins?: number } = {},
): Measure {
  const { truth, names, positive } = given;
  const scores = scored(what, given.probabilities);
  const classes = names.length;
  const certainty = certaintyOf(options);
  const isBinary = classes === 2 && (options.average ?? "binary") === "binary";
  const ranked = (rank: Host["rocAuc"]) =>
    isBinary
      ? rank(is(truth, positive), column(given, what, positive), 2, "binary", certainty)
      : rank(truth, scores, classes, options.average ?? "macro", certainty);
  const found = {
    logLoss: () => host.logLoss(truth, scores, classes, certainty),
    brier: () => host.brier(truth, scores, classes, certainty),
    topK: () => host.topK(truth, scores, classes, options.k ?? 5, certainty),
    calibrationError: () => host.calibration(truth, scores, classes, options.bins ?? 10, certainty).error,
    rocAuc: () => ranked(host.rocAuc),
    averagePrecision: () => ranked(host.averagePrecision),
  }[figure]();
  return new Measure(found);
}

/** 1 for the samples of a class, 0 for all others. */
export function is(truth: Int32Array, one: number): Int32Array {
  return truth.map((label) => (label === one ? 1 : 0));
}
