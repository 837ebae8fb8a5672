// How often a model is right, by how sure it was.

import type { LiveDisplay, ReliabilityDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import { calibrationOf, certaintyOf, MEASURE_OPTIONS } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { judged, scored } from "./judged.ts";
import { Measure, methodsText } from "./measure.ts";

/** Calibration; shown as a reliability diagram. */
export class Reliability {
  /** The expected calibration error: the mean gap between how sure and how right. */
  readonly error: Measure;
  /** The largest gap of a bin. */
  readonly largest: Measure;
  readonly #methods: string;
  /** The bins with samples, from unsure to sure. */
  readonly bins: ReliabilityDisplay["bins"];

  /** @internal */
  constructor(
    { error, largest, bins }: ReturnType<Host["reliability"]>,
    /** The class whose probability it is about, of two; of more it is the one that was predicted. */
    readonly positive?: string,
  ) {
    this.error = new Measure(error);
    this.largest = new Measure(largest);
    this.#methods = methodsText(bins.map(({ interval }) => ({ interval: interval ?? undefined })));
    this.bins = bins
      .filter(({ count }) => count > 0)
      .map(({ above, to, confidence, accuracy, interval, count }) => ({
        from: above,
        to,
        confidence,
        accuracy,
        count,
        ...(interval && { interval: [interval.low, interval.high] as [number, number] }),
      }));
  }

  [DISPLAY](): ReliabilityDisplay & LiveDisplay {
    const { bins, error, positive } = this;
    const axes =
      positive === undefined
        ? undefined
        : { x: `probability of ${positive}`, y: `share that was ${positive}` };
    const note = `${error.sentence}${this.#methods && `; bins, ${this.#methods}`}`;
    return { kind: "reliability", bins: [...bins], note, ...(axes && { axes }) };
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
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, what, predictions, labels, options),
  ]);
  return reliabilityOf(host, given, bins, certaintyOf(options));
}

/** The same of what was read. */
export function reliabilityOf(host: Host, given: Judged, bins: number, certainty: Certainty): Reliability {
  scored("metrics.reliability", given.probabilities);
  const { names, positive } = given;
  return new Reliability(
    calibrationOf(host, given, bins, certainty),
    names.length === 2 ? (names[positive] as string) : undefined,
  );
}
