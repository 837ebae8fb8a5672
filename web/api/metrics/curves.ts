// ROC and precision–recall curves: what follows from where the threshold is set, for one class against all others.

import type { LiveDisplay, ThresholdCurve, ThresholdsDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { MeasureOptions } from "./figures.ts";
import { certaintyOf, is, MEASURE_OPTIONS } from "./figures.ts";
import type { Certainty, Host, RankedCurve } from "./host.ts";
import { hostOf } from "./host.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { column, judged, scored } from "./judged.ts";
import { Measure } from "./measure.ts";

/** Points that a shown curve has at most: all curves together, and each. */
const MOST_POINTS = 800;
const FEWEST = 40;
const EACH = 200;

type Panel = ThresholdsDisplay["panels"][number];

/** The curve of one class. */
export interface ClassCurve {
  /** The class that was told from all others. */
  name: string;
  /** Falling; the first is infinity, at which nothing is found. */
  thresholds: readonly number[];
  /** Along the axis across: the false positive rate of a ROC curve, the recall of a precision–recall curve. */
  x: readonly number[];
  /** Along the axis up: the recall, or the precision. */
  y: readonly number[];
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
    private readonly display: ThresholdsDisplay,
  ) {}

  [DISPLAY](): ThresholdsDisplay & LiveDisplay {
    return this.display;
  }

  toString(): string {
    return [...this.roc, ...this.precisionRecall]
      .map(({ name, area }) => `${name}: ${area.sentence}`)
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
    hostOf(context),
    judged(context, what, predictions, labels, options),
  ]);
  scored(what, given.probabilities);
  return curvesOf(host, panels, given, certaintyOf(options));
}

/** The same of what was read. */
export function curvesOf(host: Host, panels: readonly Panel[], given: Judged, certainty: Certainty): Curves {
  const { names, positive } = given;
  const chosen = names.length === 2 ? [positive] : [...names.keys()];
  const found = chosen.map((one) => {
    const truth = is(given.truth, one);
    const scores = column(given, "metrics", one);
    const classCurve = (panel: Panel): ClassCurve & RankedCurve => {
      const curve = panel === "roc" ? host.rocCurve(truth, scores) : host.prCurve(truth, scores);
      const area = (panel === "roc" ? host.rocAuc : host.averagePrecision)(
        truth,
        scores,
        2,
        "binary",
        certainty,
      );
      return {
        name: names[one] as string,
        ...curve,
        thresholds: Array.from(curve.thresholds),
        x: Array.from(curve.x),
        y: Array.from(curve.y),
        area: new Measure(area),
      };
    };
    return {
      one,
      roc: panels.includes("roc") ? classCurve("roc") : undefined,
      precisionRecall: panels.includes("precisionRecall") ? classCurve("precisionRecall") : undefined,
    };
  });
  const points = Math.max(FEWEST, Math.min(EACH, Math.floor(MOST_POINTS / chosen.length)));
  const display: ThresholdsDisplay = {
    kind: "thresholds",
    panels: [...panels],
    curves: found.map(({ one, roc, precisionRecall }) =>
      shown(host, given, one, { roc, precisionRecall }, points),
    ),
  };
  return new Curves(
    found.flatMap(({ roc }) => roc ?? []),
    found.flatMap(({ precisionRecall }) => precisionRecall ?? []),
    display,
  );
}

const FIGURES = ["recall", "precision", "specificity", "f1", "accuracy", "balancedAccuracy"] as const;

/** What a curve shows: some of its points, with counts and figures. */
function shown(
  host: Host,
  { names, n }: Judged,
  one: number,
  lines: { [K in Panel]: (ClassCurve & RankedCurve) | undefined },
  most: number,
): ThresholdCurve {
  const { roc, precisionRecall } = lines;
  const any = (roc ?? precisionRecall) as ClassCurve & RankedCurve;
  const [tp, fp] = [Array.from(any.tp), Array.from(any.fp)];
  const [positives, negatives] = [tp.at(-1) ?? 0, fp.at(-1) ?? 0];
  const places = evenly(any.thresholds, tp, fp, most);
  const f32 = (values: ArrayLike<number>) => Float32Array.from(places, (at) => values[at] ?? Number.NaN);
  const measures = places.map((at) => {
    const [hits, alarms] = [tp[at] as number, fp[at] as number];
    // Class 0 is all others, class 1 the one that is looked for.
    const counts = [negatives - alarms, alarms, positives - hits, hits];
    const what = FIGURES.map((figure) => ({
      figure,
      ...(!["accuracy", "balancedAccuracy"].includes(figure) && { over: 1 }),
    }));
    return host.counted(counts, 2, what, { method: "wilson" }).map((data) => new Measure(data));
  });
  const figure = (at: number) => ({
    name: measures[0]?.[at]?.title ?? (FIGURES[at] as string),
    values: Float32Array.from(measures, (all) => all[at]?.value ?? Number.NaN),
    low: Float32Array.from(measures, (all) => all[at]?.interval?.low ?? Number.NaN),
    high: Float32Array.from(measures, (all) => all[at]?.interval?.high ?? Number.NaN),
  });
  const line = (curve: (ClassCurve & RankedCurve) | undefined) =>
    curve && { x: f32(curve.x), y: f32(curve.y), area: curve.area.sentence };
  const half = places.findIndex((at) => (any.thresholds[at] as number) < 0.5);
  return {
    positive: names[one] as string,
    negative: names.length === 2 ? (names[1 - one] as string) : "all others",
    thresholds: f32(any.thresholds),
    truePositives: f32(tp),
    falsePositives: f32(fp),
    positives: Math.min(positives, n),
    negatives: Math.min(negatives, n),
    figures: FIGURES.map((_, at) => figure(at)),
    lines: {
      ...(roc && { roc: line(roc) as NonNullable<ReturnType<typeof line>> }),
      ...(precisionRecall && {
        precisionRecall: line(precisionRecall) as NonNullable<ReturnType<typeof line>>,
      }),
    },
    // The last threshold that is not below one half.
    start: half < 0 ? places.length - 1 : Math.max(0, half - 1),
  };
}

/** At most so many places, about as far apart along the curve; the first, the last and those around one half among them. */
function evenly(
  thresholds: readonly number[],
  tp: readonly number[],
  fp: readonly number[],
  most: number,
): number[] {
  const { length } = thresholds;
  if (length <= most) return [...thresholds.keys()];
  const [p, q] = [Math.max(1, tp.at(-1) ?? 1), Math.max(1, fp.at(-1) ?? 1)];
  const way = thresholds.map((_, at) => (tp[at] as number) / p + (fp[at] as number) / q);
  const step = 2 / (most - 3);
  const half = thresholds.findIndex((value) => value < 0.5);
  const kept: number[] = [];
  let last = -Infinity;
  for (let at = 0; at < length; at++) {
    const isNeeded = at === length - 1 || at === half || at === half - 1;
    if (!isNeeded && (way[at] as number) - last < step) continue;
    kept.push(at);
    last = way[at] as number;
  }
  return kept;
}
