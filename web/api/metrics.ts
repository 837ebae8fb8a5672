// How good a model is, and how sure one can be of it: scikit-learn's names, each figure with its interval. What does the work is loaded when it is
// first called.

import type { Context } from "./context.ts";
import type { Dataset } from "./dataset.ts";
import type { ConfusionMatrix, PerClass } from "./metrics/confusion.ts";
import type { Curves } from "./metrics/curves.ts";
import type {
  AverageOptions,
  MeasureOptions,
  Regression,
  RegressionOptions,
  Scored,
  ScoredOptions,
  Weights,
} from "./metrics/figures.ts";
import type { Labels, Predictions } from "./metrics/judged.ts";
import type { Leakage } from "./metrics/leakage.ts";
import type { Measure } from "./metrics/measure.ts";
import type {
  Experiment,
  LearningCurve,
  LearningCurveOptions,
  NestedOptions,
  NestedSelection,
} from "./metrics/protocol.ts";
import type { Reliability } from "./metrics/reliability.ts";
import type { Attribute, SliceOptions, Slices } from "./metrics/slices.ts";
import type { PairedTest } from "./metrics/tests.ts";
import type { Model } from "./model.ts";
import type { Displayable } from "./plot.ts";
import type { Grid } from "./sweep.ts";
import type { Tensor } from "./tensor.ts";

/** A figure of predictions against what is right. */
export type Figure<O = MeasureOptions> = (
  predictions: Predictions,
  labels: Labels,
  options?: O,
) => Promise<Measure>;

/**
 * Figures of merit with 95 % intervals. Predictions are classes [N], scores or probabilities of the positive class [N], or of each class [N, C],
 * as `model.predict(set)` gives them; labels are a data set, a tensor or an array.
 */
export interface Metrics {
  /** The share of right predictions. */
  readonly accuracy: Figure;
  /** The mean of the recalls of all classes: each class counts the same. */
  readonly balancedAccuracy: Figure;
  /** Of what was taken for a class, the share that is of it. Course equation 34. */
  readonly precision: Figure<AverageOptions>;
  /** Of what is of a class, the share that was found: sensitivity, true positive rate. Course equation 35. */
  readonly recall: Figure<AverageOptions>;
  /** Of what is not of a class, the share that was not taken for it. Course equation 36. */
  readonly specificity: Figure<AverageOptions>;
  /** The harmonic mean of precision and recall. */
  readonly f1: Figure<AverageOptions>;
  /** Agreement beyond chance. */
  readonly cohenKappa: Figure<MeasureOptions & { weights?: Weights }>;
  /** The correlation of predictions with what is right. */
  readonly matthewsCorrcoef: Figure;
  /** The mean negative logarithm of the probability of what is right. */
  readonly logLoss: Figure;
  /** The mean squared error of probabilities. */
  readonly brierScore: Figure;
  /** The share of samples whose class is among the `k` (5) with the highest scores. */
  readonly topKAccuracy: Figure<MeasureOptions & { k?: number }>;
  /** The mean gap between how sure a model is and how often it is right, over `bins` (10): the ECE. */
  readonly calibrationError: Figure<MeasureOptions & { bins?: number }>;
  /** The area under the ROC curve; of more than two classes the mean over each against all others. Course section 10.10. */
  readonly rocAuc: Figure<AverageOptions>;
  /** The area under the precision–recall curve; of more than two classes the mean (mAP). Course section 10.8. */
  readonly averagePrecision: Figure<AverageOptions>;
  /** What was taken for what; if the labels are a data set of images, a chosen cell shows them. Course section 10.6.1. */
  confusionMatrix(
    predictions: Predictions,
    labels: Labels,
    options?: MeasureOptions,
  ): Promise<ConfusionMatrix>;
  /** Precision, recall, specificity and F1 of each class. */
  perClass(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<PerClass>;
  /** The ROC curve, with a threshold to move. Course section 10.9. */
  rocCurve(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
  /** The precision–recall curve, alike. Course section 10.7. */
  prCurve(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
  /** Both side by side, with one threshold. */
  thresholds(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
  /** How often a model is right, by how sure it was, in `bins` (10). */
  reliability(
    predictions: Predictions,
    labels: Labels,
    options?: MeasureOptions & { bins?: number },
  ): Promise<Reliability>;
  /** Whether the first of two models is right more often than the second, on the same samples. */
  mcnemar(a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;
  /** Whether the first of two models has the larger area under the ROC curve, on the same samples. */
  delong(a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;
  /** The mistakes that a model was surest of: `n` (12) images with what they are and what they were taken for. */
  worstMistakes(
    predictions: Predictions,
    set: Dataset,
    options?: AverageOptions & { n?: number },
  ): Promise<Displayable & { numbers: readonly number[] }>;
  /** A figure for parts of the samples, by a value for each: `metrics.slices(scores, test, sizes, { name: "size" })`. */
  slices(
    predictions: Predictions,
    labels: Labels,
    attribute: Attribute,
    options?: SliceOptions,
  ): Promise<Slices>;
  /** How far predicted numbers are from what they should be: absolute, squared and root mean squared error, R². */
  regression(
    predictions: Tensor | ArrayLike<number>,
    targets: Tensor | Dataset | ArrayLike<number>,
    options?: RegressionOptions,
  ): Promise<Regression>;
  /** Images of one set that are in the other, the same or nearly so; shown as pairs. */
  leakage(first: Dataset, second: Dataset, options?: { similarity?: number }): Promise<Leakage>;
  /** How accuracy grows with the number of samples: `make` gives a new model for each size. */
  learningCurve(
    make: () => Model,
    train: Dataset,
    validation: Dataset,
    options?: LearningCurveOptions,
  ): Promise<LearningCurve>;
  /**
   * What settings are worth that were chosen by cross-validation: of each outer fold the rest is cut again, the grid is tried on those inner
   * folds, and the best point is judged on the outer fold, by which nothing was chosen.
   */
  nested<G extends Grid>(
    data: Dataset,
    grid: G,
    experiment: Experiment<G>,
    options?: NestedOptions,
  ): Promise<NestedSelection<G>>;
}

export function metrics(context: Context): Metrics {
  const load = () => import("./metrics/bodies.ts");
  const counted =
    (figure: string): Figure<AverageOptions> =>
    async (...given) =>
      (await load()).counted(context, figure, ...given);
  const scored =
    (figure: Scored): Figure<ScoredOptions> =>
    async (...given) =>
      (await load()).scoredFigure(context, figure, ...given);
  return {
    accuracy: counted("accuracy"),
    balancedAccuracy: counted("balancedAccuracy"),
    precision: counted("precision"),
    recall: counted("recall"),
    specificity: counted("specificity"),
    f1: counted("f1"),
    cohenKappa: counted("cohenKappa"),
    matthewsCorrcoef: counted("matthewsCorrcoef"),
    logLoss: scored("logLoss"),
    brierScore: scored("brierScore"),
    topKAccuracy: scored("topKAccuracy"),
    calibrationError: scored("calibrationError"),
    rocAuc: scored("rocAuc"),
    averagePrecision: scored("averagePrecision"),
    confusionMatrix: async (...given) => (await load()).confusionMatrix(context, ...given),
    perClass: async (...given) => (await load()).perClass(context, ...given),
    rocCurve: async (...given) => (await load()).curves(context, ["roc"], ...given),
    prCurve: async (...given) => (await load()).curves(context, ["precisionRecall"], ...given),
    thresholds: async (...given) => (await load()).curves(context, ["roc", "precisionRecall"], ...given),
    reliability: async (...given) => (await load()).reliability(context, ...given),
    mcnemar: async (...given) => (await load()).mcnemar(context, ...given),
    delong: async (...given) => (await load()).delong(context, ...given),
    worstMistakes: async (...given) => (await load()).worstMistakes(context, ...given),
    slices: async (...given) => (await load()).slices(context, ...given),
    regression: async (...given) => (await load()).regression(context, ...given),
    leakage: async (...given) => (await load()).leakage(context, ...given),
    learningCurve: async (...given) => (await load()).learningCurve(context, ...given),
    nested: async (data, grid, experiment, options) =>
      (await load()).nested(context, data, grid, experiment, options),
  };
}
