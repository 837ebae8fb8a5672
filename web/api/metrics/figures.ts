// Figures of merit: one number with its interval for a set of predictions.

import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import { Tensor } from "../tensor.ts";
import type { Judged, Labels, Predictions, ReadingOptions } from "./judged.ts";
import { column, judged, scored } from "./judged.ts";
import { Measure, rowColumns, rowOf } from "./measure.ts";

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

/** How sure a figure is to be told, as the module takes it. */
export type Certainty = NonNullable<Parameters<Host["classFigures"]>[2]>;

/** What is asked of the module. */
export function certaintyOf({ level, method, resamples, seed }: MeasureOptions): Certainty {
  return {
    ...(level !== undefined && { level }),
    ...(method !== undefined && { method: method as NonNullable<Certainty["method"]> }),
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
  options: AverageOptions & { weights?: Weights } = {},
): Promise<Measure> {
  const isAveraged = AVERAGED.includes(figure);
  const known = isAveraged
    ? AVERAGE_OPTIONS
    : figure === "cohenKappa"
      ? [...MEASURE_OPTIONS, "weights"]
      : MEASURE_OPTIONS;
  context.wasm.checkNames(`metrics.${figure}`, options, known);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, `metrics.${figure}`, predictions, labels, options),
  ]);
  return countedOf(host, figure, given, options);
}

/** The same of what was read. */
export function countedOf(
  host: Host,
  figure: string,
  given: Judged,
  options: AverageOptions & { weights?: Weights } = {},
): Measure {
  const { names } = given;
  const average = AVERAGED.includes(figure)
    ? overOf(`metrics.${figure}`, given, options.average)
    : weightsOf(options);
  const data = host.classFigure(figure, average, countsOf(host, given), names.length, certaintyOf(options));
  return new Measure(data, names);
}

/** How much it matters how far off a class is, for kappa. */
export type Weights = "none" | "linear" | "quadratic";

function weightsOf({ weights = "none" }: { weights?: Weights }): "linear" | "quadratic" | undefined {
  return weights === "none" ? undefined : weights;
}

const AVERAGED = ["precision", "recall", "specificity", "f1"];

/** The confusion matrix, row by row. */
export function countsOf(host: Host, { truth, predicted, names }: Judged): Float64Array {
  return host.confusionMatrix(truth, predicted, names.length);
}

function overOf(
  what: string,
  { names, positive }: Judged,
  average?: string,
): number | "macro" | "micro" | "weighted" {
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

/** Figures that need to know how sure the model was of each class. */
export type Scored =
  | "logLoss"
  | "brierScore"
  | "topKAccuracy"
  | "calibrationError"
  | "rocAuc"
  | "averagePrecision";

/** Options of all of these. */
export type ScoredOptions = AverageOptions & { k?: number; bins?: number };

const OWN: Partial<Record<Scored, string[]>> = {
  topKAccuracy: ["k"],
  calibrationError: ["bins"],
  rocAuc: ["average"],
  averagePrecision: ["average"],
};

/** A figure that needs to know how sure the model was of each class. */
export async function scoredFigure(
  context: Context,
  figure: Scored,
  predictions: Predictions,
  labels: Labels,
  options: ScoredOptions = {},
): Promise<Measure> {
  const what = `metrics.${figure}`;
  context.wasm.checkNames(what, options, [...MEASURE_OPTIONS, ...(OWN[figure] ?? [])]);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, what, predictions, labels, options),
  ]);
  return scoredOf(host, figure, given, options);
}

/** The same of what was read. */
export function scoredOf(host: Host, figure: Scored, given: Judged, options: ScoredOptions = {}): Measure {
  const { truth, names, positive } = given;
  const what = `metrics.${figure}`;
  const scores = scored(what, given.probabilities);
  const ranks = scored(what, given.ranks);
  const classes = names.length;
  const certainty = certaintyOf(options);
  const { average = classes === 2 ? "binary" : "macro" } = options;
  const isBinary = average === "binary";
  if (isBinary && classes !== 2)
    throw argumentError(`${what}: average "binary" is for two classes; there are ${classes}`);
  if (average === "micro")
    throw argumentError(`${what}: average is micro; expected "binary", "macro" or "weighted"`);
  const found = {
    logLoss: () => host.logLoss(truth, scores, classes, certainty),
    // Of two classes it is Brier's binary score: that of the one that is looked for.
    brierScore: () =>
      classes === 2
        ? host.brierScore(is(truth, positive), column(given, what, positive, scores), 1, certainty)
        : host.brierScore(truth, scores, classes, certainty),
    topKAccuracy: () =>
      host.topKAccuracy(truth, ranks, classes, options.k ?? Math.min(5, classes), certainty),
    calibrationError: () => calibrationOf(host, given, options.bins ?? 10, certainty).error,
    rocAuc: () =>
      isBinary
        ? host.rocAuc(truth, ranks, classes, positive, certainty)
        : host.rocAucMulticlass(truth, ranks, classes, "ovr", average === "weighted", certainty),
    averagePrecision: () =>
      isBinary
        ? host.averagePrecision(truth, ranks, classes, positive, undefined, certainty)
        : host.meanAveragePrecision(truth, ranks, classes, certainty),
  }[figure]();
  return new Measure(found, names);
}

const MOST_BINS = 100;

/** Calibration: of two classes by the probability of the one that is looked for, of more by that of the class that was predicted. */
export function calibrationOf(
  host: Host,
  given: Judged,
  bins: number,
  certainty: Certainty,
): ReturnType<Host["reliability"]> {
  const { truth, names, positive } = given;
  if (!Number.isInteger(bins) || bins < 1 || bins > MOST_BINS)
    throw argumentError(`metrics: bins is ${bins}; expected a whole number from 1 to ${MOST_BINS}`);
  return names.length === 2
    ? host.reliability(
        is(truth, positive),
        column(given, "metrics.reliability", positive, given.probabilities),
        1,
        bins,
        certainty,
      )
    : host.reliability(
        truth,
        scored("metrics.reliability", given.probabilities),
        names.length,
        bins,
        certainty,
      );
}

/** 1 for the samples of a class, 0 for all others. */
export function is(truth: Int32Array, one: number): Int32Array {
  return truth.map((label) => (label === one ? 1 : 0));
}

/** Options of figures of numbers. */
export type RegressionOptions = Omit<MeasureOptions, keyof ReadingOptions>;

/** Figures of predicted numbers against what they should be; shown as a table. */
export class Regression {
  /** The mean distance. */
  readonly meanAbsoluteError: Measure;
  /** The mean squared distance, and its root. */
  readonly meanSquaredError: Measure;
  readonly rootMeanSquaredError: Measure;
  /** The share of the targets' variance that is explained. */
  readonly r2: Measure;

  /** @internal */
  constructor(found: ReturnType<Host["regression"]>) {
    this.meanAbsoluteError = new Measure(found.meanAbsoluteError);
    this.meanSquaredError = new Measure(found.meanSquaredError);
    this.rootMeanSquaredError = new Measure(found.rootMeanSquaredError);
    this.r2 = new Measure(found.r2);
  }

  [DISPLAY](): LiveDisplay {
    const all = this.#all();
    return { kind: "table", columns: rowColumns(all), rows: all.map((one) => rowOf(one.title, one)) };
  }

  toString(): string {
    return this.#all()
      .map(({ sentence }) => sentence)
      .join("\n");
  }

  #all(): Measure[] {
    return [this.meanAbsoluteError, this.meanSquaredError, this.rootMeanSquaredError, this.r2];
  }
}

export async function regression(
  context: Context,
  predictions: Tensor | ArrayLike<number>,
  targets: Tensor | Dataset | ArrayLike<number>,
  options: RegressionOptions = {},
): Promise<Regression> {
  context.wasm.checkNames("metrics.regression", options, CERTAINTY);
  const host = await hostModule(context);
  const numbers = async (given: Tensor | ArrayLike<number>) =>
    Float64Array.from((given instanceof Tensor ? await given.data() : given) as ArrayLike<number>);
  const [predicted, truth] = [
    await numbers(predictions),
    await numbers(targets instanceof Dataset ? targets.y : targets),
  ];
  return new Regression(host.regression(truth, predicted, certaintyOf(options)));
}
