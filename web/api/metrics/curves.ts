// ROC and precision–recall curves: what follows from where the threshold is set, for one class against all others.

import type { LiveDisplay, ThresholdCurve, ThresholdsDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import { MOST_CLASSES } from "./confusion.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import { certaintyOf, MEASURE_OPTIONS } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { judged, scored } from "./judged.ts";
import { Measure, percent } from "./measure.ts";

/** Points that shown curves have at most: all together, and each. */
const MOST_POINTS = 800;
const EACH = 200;
const FEWEST = 20;

type Panel = ThresholdsDisplay["panels"][number];

/** The curve of one class. */
export interface ClassCurve {
  /** The class that was told from all others. */
  name: string;
  /** Along the axis across: the false positive rate of a ROC curve, the recall of a precision–recall curve. */
  x: readonly number[];
  /** Along the axis up: the recall, or the precision. */
  y: readonly number[];
  /** Falling; the first of a ROC curve is infinity, and a precision–recall curve begins with a point before the first one. */
  thresholds: readonly number[];
  /** Why there is no curve. */
  because?: string;
  /** The area below: AUC, or the average precision. */
  area: Measure;
}

/** Curves over the threshold; shown with a threshold that the reader moves, and counts and figures that follow. */
export class Curves {
  /** @internal */
  constructor(
    /** ROC curves, one for each class that was told from the others; empty if they were not asked for. */
    readonly roc: readonly ClassCurve[],
    /** Precision–recall curves, alike. */
    readonly precisionRecall: readonly ClassCurve[],
    private readonly display: ThresholdsDisplay | undefined,
  ) {}

  [DISPLAY](): LiveDisplay {
    return this.display ?? { kind: "text", text: this.toString() };
  }

  toString(): string {
    return [...this.roc, ...this.precisionRecall]
      .map(
        ({ name, area, because }) =>
          `${name}: ${because === undefined ? area.sentence : `undefined because ${because}`}`,
      )
      .join("\n");
  }
}

export async function curves(
  context: Context,
  panels: readonly Panel[],
  predictions: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<Curves> {
  const what =
    panels.length > 1 ? "metrics.thresholds" : panels[0] === "roc" ? "metrics.rocCurve" : "metrics.prCurve";
  context.wasm.checkNames(what, options, MEASURE_OPTIONS);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, what, predictions, labels, options),
  ]);
  scored(what, given.probabilities);
  return curvesOf(host, panels, given, certaintyOf(options));
}

/** The same of what was read. */
export function curvesOf(host: Host, panels: readonly Panel[], given: Judged, certainty: Certainty): Curves {
  const { names, positive } = given;
  const chosen = names.length === 2 ? [positive] : [...names.keys()];
  const of = (panel: Panel) =>
    panels.includes(panel) ? chosen.map((one) => classCurve(host, panel, given, one, certainty)) : [];
  const [roc, precisionRecall] = [of("roc"), of("precisionRecall")];
  const most = Math.max(FEWEST, Math.min(EACH, Math.floor(MOST_POINTS / chosen.length)));
  // Of more classes the first ones are drawn; all have their areas.
  const shown = chosen.slice(0, MOST_CLASSES).flatMap((one, at) => {
    const areas = { roc: roc[at]?.area, precisionRecall: precisionRecall[at]?.area };
    return shownCurve(host, given, one, areas, most, certainty) ?? [];
  });
  // As the module chooses them.
  const intervals = `${percent(certainty.level ?? 0.95)} %: Wilson, or Clopper–Pearson of few samples`;
  const display: ThresholdsDisplay = { kind: "thresholds", panels: [...panels], curves: shown, intervals };
  return new Curves(roc, precisionRecall, shown.length > 0 ? display : undefined);
}

function classCurve(host: Host, panel: Panel, given: Judged, one: number, certainty: Certainty): ClassCurve {
  const { truth, names } = given;
  const scores = scored("metrics", given.ranks);
  const classes = names.length;
  const name = names[one] as string;
  if (panel === "roc") {
    const area = new Measure(host.rocAuc(truth, scores, classes, one, certainty), names);
    const curve = host.rocCurve(truth, scores, classes, one);
    if ("because" in curve) return { name, area, because: curve.because, x: [], y: [], thresholds: [] };
    return { name, area, x: curve.fpr, y: curve.tpr, thresholds: curve.thresholds.map(probabilityOf(given)) };
  }
  const area = new Measure(host.averagePrecision(truth, scores, classes, one, undefined, certainty), names);
  const curve = host.prCurve(truth, scores, classes, one);
  if ("because" in curve) return { name, area, because: curve.because, x: [], y: [], thresholds: [] };
  return {
    name,
    area,
    x: curve.recall,
    y: curve.precision,
    thresholds: curve.thresholds.map(probabilityOf(given)),
  };
}

/** A threshold as readers know it: a probability, if samples are in the order of log-odds. */
function probabilityOf({ areLogOdds }: Judged): (threshold: number) => number {
  return (threshold) =>
    areLogOdds && Number.isFinite(threshold) ? 1 / (1 + Math.exp(-threshold)) : threshold;
}

const FIGURES = [
  ["Recall", "recall"],
  ["Precision", "precision"],
  ["Specificity", "specificity"],
  ["F1", "f1"],
  ["Accuracy", "accuracy"],
] as const;

/** What a curve shows: some of its thresholds, with counts and figures; nothing without samples of both kinds. */
function shownCurve(
  host: Host,
  given: Judged,
  one: number,
  areas: { [K in Panel]: Measure | undefined },
  most: number,
  certainty: Certainty,
): ThresholdCurve | undefined {
  const { truth, names } = given;
  const scores = scored("metrics", given.ranks);
  // Intervals of shares only: a bootstrap at each threshold would take long, and says no more.
  const { level } = certainty;
  const points = host.operatingPoints(
    truth,
    scores,
    names.length,
    one,
    most,
    level === undefined ? {} : { level },
  );
  if ("because" in points) return undefined;
  const f32 = (values: readonly (number | null)[]) =>
    Float32Array.from(values, (value) => value ?? Number.NaN);
  const { tp, fp, fn, tn, recall, precision, specificity } = points;
  const thresholds = points.thresholds.map(probabilityOf(given));
  const half = thresholds.findIndex((value) => value < 0.5);
  const lines: ThresholdCurve["lines"] = {
    ...(areas.roc && {
      roc: {
        x: f32(specificity.value).map((value) => 1 - value),
        y: f32(recall.value),
        area: areas.roc.sentence,
      },
    }),
    ...(areas.precisionRecall && {
      precisionRecall: {
        x: f32(recall.value),
        // Where nothing is found the precision is 1 by convention, as scikit-learn draws it.
        y: f32(precision.value.map((value) => value ?? 1)),
        area: areas.precisionRecall.sentence,
      },
    }),
  };
  return {
    positive: names[one] as string,
    negative: names.length === 2 ? (names[1 - one] as string) : "all others",
    thresholds: f32(thresholds),
    truePositives: f32(tp),
    falsePositives: f32(fp),
    positives: (tp[0] ?? 0) + (fn[0] ?? 0),
    negatives: (fp[0] ?? 0) + (tn[0] ?? 0),
    figures: FIGURES.map(([name, key]) => {
      const { value, low, high } = points[key];
      return { name, values: f32(value), low: f32(low), high: f32(high) };
    }),
    lines,
    // The last threshold that is not below one half.
    start: half < 0 ? thresholds.length - 1 : Math.max(0, half - 1),
  };
}
