// The confusion matrix with some of its images, and what follows from it class by class.

import type {
  BarsDisplay,
  ConfusionDisplay,
  ImagesDisplay,
  LiveDisplay,
  TableDisplay,
} from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import type { Displayable } from "../plot.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import { certaintyOf, countsOf, MEASURE_OPTIONS } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { judged } from "./judged.ts";
import type { MeasureData } from "./measure.ts";
import { digits, Measure, methodsText, rangeText } from "./measure.ts";

/** Images of one cell at most, and bytes of all: they are kept in the notebook, beside much else where they stand in a report. */
const MOST_IN_CELL = 12;
const MOST_BYTES = 180_000;
/** Classes up to which there is a matrix to look at, and rows of a table in its place. */
export const MOST_CLASSES = 100;
const MOST_ROWS = 50;
/** In a report, which is kept as a whole only below a size (`display/mime.ts`). */
export const IN_REPORT = 60_000;
const LARGEST_SIDE = 64;

/** How often samples of each class were taken for each class; shown as a matrix whose cells show their images. */
export class ConfusionMatrix {
  /** @internal */
  constructor(
    /** [K][K]: true classes down, predicted ones across. */
    readonly counts: readonly (readonly number[])[],
    /** What classes are called. */
    readonly classes: readonly string[],
    /** The share on the diagonal. */
    readonly accuracy: Measure,
    private readonly samples: ConfusionDisplay["samples"],
  ) {}

  [DISPLAY](): LiveDisplay {
    const { counts, classes, accuracy, samples } = this;
    if (classes.length > MOST_CLASSES) return this.#mistakes();
    return {
      kind: "confusion",
      classes: [...classes],
      counts: counts.flat(),
      note: accuracy.sentence,
      ...(samples && { samples }),
    };
  }

  /** Of more classes than can be drawn: what was mistaken most. */
  #mistakes(): LiveDisplay {
    const { counts, classes, accuracy } = this;
    const rows = counts.flatMap((row, truth) =>
      row.flatMap((count, predicted) =>
        count > 0 && truth !== predicted
          ? [[classes[truth] as string, classes[predicted] as string, count] as [string, string, number]]
          : [],
      ),
    );
    rows.sort(([, , a], [, , b]) => b - a);
    const note = `${accuracy.sentence}; ${rows.length} pairs of ${classes.length} classes were mistaken.`;
    return { kind: "table", columns: ["true", "predicted", "samples"], rows: rows.slice(0, MOST_ROWS), note };
  }

  toString(): string {
    const rows = this.counts.map((row, i) => `${this.classes[i]}: ${row.join(" ")}`);
    return [...rows, this.accuracy.sentence].join("\n");
  }
}

/** Figures of one class. */
export interface ClassFigures {
  name: string;
  /** How many samples it has. */
  support: number;
  precision: Measure;
  recall: Measure;
  specificity: Measure;
  f1: Measure;
}

const FIGURES = ["precision", "recall", "specificity", "f1"] as const;

/** Precision, recall, specificity and F1 of each class with their intervals; shown as a table. */
export class PerClass {
  /** @internal */
  constructor(
    /** In the order of their numbers. */
    readonly classes: readonly ClassFigures[],
  ) {}

  /** One of the figures as a bar for each class, with its interval. */
  bars(figure: (typeof FIGURES)[number] = "recall"): Displayable {
    if (!FIGURES.includes(figure))
      throw argumentError(`bars: there is no figure ${figure}; there are ${FIGURES.join(", ")}`);
    return { [DISPLAY]: () => this.barsDisplay(figure) };
  }

  /** @internal */
  barsDisplay(figure: (typeof FIGURES)[number]): BarsDisplay {
    return measureBars(
      `${this.classes[0]?.[figure].title ?? figure} of each class`,
      this.classes.map((one) => [one.name, one[figure]]),
    );
  }

  [DISPLAY](): TableDisplay & LiveDisplay {
    return {
      kind: "table",
      columns: ["class", "samples", ...FIGURES.map((figure) => this.classes[0]?.[figure].title ?? figure)],
      rows: this.classes.map((one) => [
        one.name,
        one.support,
        ...FIGURES.map((figure) => short(one[figure])),
      ]),
      note: `Intervals in brackets, ${methodsText(this.classes.flatMap((one) => FIGURES.map((figure) => one[figure]))) || "none"}.`,
    };
  }

  toString(): string {
    return this.classes
      .map((one) => `${one.name}: ${FIGURES.map((figure) => `${figure} ${short(one[figure])}`).join(", ")}`)
      .join("\n");
  }
}

/** As many as are looked at, and undefined ones that are named. */
const MOST_BARS = 300;
const MOST_NAMED = 10;

/** A bar for each measure that has a value; the others are named above. */
export function measureBars(
  title: string,
  measures: readonly (readonly [name: string, measure: Measure])[],
): BarsDisplay {
  const missing = measures.filter(([, { value }]) => value === undefined);
  const all = measures.filter(([, { value }]) => value !== undefined);
  const found = all.slice(0, MOST_BARS);
  const left = missing
    .slice(0, MOST_NAMED)
    .map(([name, { because }]) => `${name}: undefined because ${because}`);
  if (missing.length > MOST_NAMED) left.push(`${missing.length - MOST_NAMED} more are undefined`);
  if (all.length > MOST_BARS) left.push(`the first ${MOST_BARS} of ${all.length}`);
  const isShare = found.every(([, { unit }]) => unit === "share");
  const methods = methodsText(found.map(([, measure]) => measure));
  return {
    kind: "bars",
    title: [`${title}${methods && ` (${methods})`}`, ...left].join("; "),
    labels: found.map(([name]) => name),
    values: found.map(([, measure]) => Number(measure)),
    intervals: found.map(([, { interval }]) => (interval ? [interval.low, interval.high] : null)),
    ...(isShare && { range: [0, 1] }),
  };
}

/** "0.953 (0.946–0.959)" */
export function short({ value, interval, because }: Measure): string {
  if (value === undefined) return `undefined: ${because}`;
  const range = interval ? ` (${rangeText(interval)})` : "";
  return `${digits(value)}${range}${because === undefined ? "" : ` (${because})`}`;
}

export async function confusionMatrix(
  context: Context,
  predictions: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<ConfusionMatrix> {
  context.wasm.checkNames("metrics.confusionMatrix", options, MEASURE_OPTIONS);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, "metrics.confusionMatrix", predictions, labels, options),
  ]);
  return matrixOf(host, given, certaintyOf(options));
}

/** The same of what was read. */
export async function matrixOf(
  host: Host,
  given: Judged,
  certainty: Certainty,
  bytes = MOST_BYTES,
): Promise<ConfusionMatrix> {
  const { names } = given;
  const counts = countsOf(host, given);
  const accuracy = host.classFigure("accuracy", undefined, counts, names.length, certainty);
  const rows = names.map((_, row) =>
    Array.from(counts.subarray(row * names.length, (row + 1) * names.length)),
  );
  return new ConfusionMatrix(rows, names, new Measure(accuracy), await samplesOf(given, bytes));
}

export async function perClass(
  context: Context,
  predictions: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<PerClass> {
  context.wasm.checkNames("metrics.perClass", options, MEASURE_OPTIONS);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, "metrics.perClass", predictions, labels, options),
  ]);
  return classFigures(host, given, certaintyOf(options));
}

/** The same of what was read. */
export function classFigures(host: Host, given: Judged, certainty: Certainty): PerClass {
  const { names } = given;
  const counts = countsOf(host, given);
  const { perClass } = host.classFigures(counts, names.length, certainty);
  return new PerClass(
    perClass.map(({ support, precision, recall, specificity, f1 }, at) => {
      const measure = (data: MeasureData) => new Measure(data, names);
      return {
        name: names[at] as string,
        support,
        precision: measure(precision),
        recall: measure(recall),
        specificity: measure(specificity),
        f1: measure(f1),
      };
    }),
  );
}

/** Some images of each cell, mistakes first, as many as a notebook can hold. */
async function samplesOf(given: Judged, bytes: number): Promise<ConfusionDisplay["samples"]> {
  const { samples, truth, predicted, names, n } = given;
  if (!samples || !isImages(samples)) return undefined;
  const [, channels = 1, height = 1, width = 1] = samples.shape;
  const factor = Math.max(1, Math.ceil(Math.max(height, width) / LARGEST_SIDE));
  const room = Math.floor(bytes / (channels * Math.ceil(height / factor) * Math.ceil(width / factor)));
  const byCell = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const cell = (truth[i] as number) * names.length + (predicted[i] as number);
    const some = byCell.get(cell) ?? [];
    if (some.length < MOST_IN_CELL) byCell.set(cell, [...some, i]);
  }
  const isRight = (cell: number) => Math.floor(cell / names.length) === cell % names.length;
  const cells = [...byCell.keys()].sort((a, b) => Number(isRight(a)) - Number(isRight(b)));
  const chosen: { cell: number; sample: number }[] = [];
  // One of each cell, then a second of each …
  for (let round = 0; round < MOST_IN_CELL; round++)
    for (const cell of cells) {
      const sample = byCell.get(cell)?.[round];
      if (sample !== undefined && chosen.length < room) chosen.push({ cell, sample });
    }
  if (chosen.length === 0) return undefined;
  const images = await imagesOf(
    samples,
    chosen.map(({ sample }) => sample),
    undefined,
    bytes,
  );
  return { images, cells: chosen.map(({ cell }) => cell) };
}

/** Whether the samples can be shown as images. */
export function isImages({ shape }: Dataset): boolean {
  return shape.length === 4 && [1, 3, 4].includes(shape[1] as number);
}

/**
 * Some samples as images of bytes, made smaller where they would be more than so many, or larger than is looked at side by side; black and white
 * are the least and the greatest value of them.
 */
export async function imagesOf(
  set: Dataset,
  numbers: readonly number[],
  captions?: readonly string[],
  bytes = MOST_BYTES,
): Promise<ImagesDisplay> {
  const { x } = set.unlocked().take(numbers);
  const [count = 0, channels = 1, fullHeight = 1, fullWidth = 1] = x.shape;
  const size = (factor: number) =>
    count * channels * Math.ceil(fullHeight / factor) * Math.ceil(fullWidth / factor);
  let factor = Math.max(1, Math.ceil(Math.max(fullHeight, fullWidth) / LARGEST_SIDE));
  while (size(factor) > bytes && factor < Math.max(fullHeight, fullWidth)) factor += 1;
  const [height, width] = [Math.ceil(fullHeight / factor), Math.ceil(fullWidth / factor)];
  const values = smaller(
    (await x.data()) as ArrayLike<number>,
    count * channels,
    fullHeight,
    fullWidth,
    factor,
  );
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const scale = 255 / (high - low || 1);
  const data = Uint8ClampedArray.from(values, (value) => (value - low) * scale);
  return {
    kind: "images",
    count,
    channels,
    height,
    width,
    data,
    ...(captions && { captions: [...captions] }),
  };
}

/** Planes whose sides are divided by `factor`, each value the mean of a square. */
function smaller(
  values: ArrayLike<number>,
  planes: number,
  height: number,
  width: number,
  factor: number,
): Float32Array {
  if (factor === 1) return Float32Array.from(values);
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const sums = new Float64Array(planes * rows * columns);
  const counts = new Float64Array(rows * columns);
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = Math.floor(y / factor) * columns + Math.floor(x / factor);
        const to = plane * rows * columns + at;
        sums[to] = (sums[to] as number) + (values[(plane * height + y) * width + x] as number);
        if (plane === 0) counts[at] = (counts[at] as number) + 1;
      }
  return Float32Array.from(sums, (sum, i) => sum / (counts[i % counts.length] as number));
}
