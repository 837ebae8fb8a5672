// How often a model is right, by how sure it was.

import type { LiveDisplay, ReliabilityDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { MeasureOptions } from "./figures.ts";
import { certaintyOf, MEASURE_OPTIONS } from "./figures.ts";
import type { CalibrationData, Certainty, Host } from "./host.ts";
import { hostOf } from "./host.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { judged, scored } from "./judged.ts";
import { Measure } from "./measure.ts";

/** Calibration; shown as a reliability diagram. */
export class Reliability {
  /** The expected calibration error: the mean gap between how sure and how right. */
  readonly error: Measure;
  /** The largest gap of a bin. */
  readonly largest: Measure;
  /** The bins with samples, from unsure to sure. */
  readonly bins: ReliabilityDisplay["bins"];

  /** @internal */
  constructor({ error, largest, bins }: CalibrationData) {
    this.error = new Measure(error);
    this.largest = new Measure(largest);
    this.bins = bins
      .filter(({ count }) => count > 0)
      .map(({ interval, ...bin }) => ({
        ...bin,
        ...(interval && { interval: [interval.low, interval.high] }),
      }));
  }

  [DISPLAY](): ReliabilityDisplay & LiveDisplay {
    return { kind: "reliability", bins: this.bins, note: this.error.sentence };
  }

  toString(): string {
    const lines = this.bins.map(
      ({ from, to, confidence, accuracy, count }) =>
        `${from}–${to}: sure ${confidence.toFixed(3)}, right ${accuracy.toFixed(3)}, ${count} samples`,
    );
    return [this.error.sentence, ...lines].join("\n");
  }
}

export async function reliability(
  context: Context,
  predictions: Predictions,
  labels: Labels,
  options: MeasureOptions & { bins?: number } = {},
): Promise<Reliability> {
  const what = "metrics.reliability";
  context.wasm.checkNames(what, options, [...MEASURE_OPTIONS, "bins"]);
  const { bins = 10 } = options;
  if (!Number.isInteger(bins) || bins < 1 || bins > 100)
    throw argumentError(`${what}: bins is ${bins}; expected a whole number from 1 to 100`);
  const [host, given] = await Promise.all([
    hostOf(context),
    judged(context, what, predictions, labels, options),
  ]);
  return reliabilityOf(host, given, bins, certaintyOf(options));
}

/** The same of what was read. */
export function reliabilityOf(host: Host, given: Judged, bins: number, certainty: Certainty): Reliability {
  const scores = scored("metrics.reliability", given.probabilities);
  return new Reliability(host.calibration(given.truth, scores, given.names.length, bins, certainty));
}
