// The same figure for parts of the samples, by any attribute: a model may be good on average and bad for some.

import type { BarsDisplay, ImagesDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import type { Displayable } from "../plot.ts";
import { Tensor } from "../tensor.ts";
import { imagesOf, isImages, measureBars } from "./confusion.ts";
import type { AverageOptions } from "./figures.ts";
import { AVERAGE_OPTIONS, countedOf, scoredOf } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { judged, scored } from "./judged.ts";
import type { Measure } from "./measure.ts";

/** A value for each sample. */
export type Attribute = readonly (string | number | boolean)[] | ArrayLike<number> | Tensor;

/** Different numbers up to which each is a part of its own; more are cut into ranges. */
const MOST_VALUES = 12;
const RANGES = 5;
/** Parts that can be shown. */
const MOST_PARTS = 200;

/** A part of the samples, and its figure. */
export interface Slice {
  name: string;
  n: number;
  measure: Measure;
}

/** A figure by the values of an attribute; shown as bars with intervals. */
export class Slices {
  /** @internal */
  constructor(
    /** What they differ in. */
    readonly attribute: string,
    readonly slices: readonly Slice[],
    /** That of all samples. */
    readonly all: Measure,
  ) {}

  [DISPLAY](): BarsDisplay & LiveDisplay {
    const rows = this.slices.map(
      ({ name, n, measure }) => [`${name} (n = ${n.toLocaleString("en")})`, measure] as const,
    );
    return measureBars(`${this.all.title} by ${this.attribute}`, [["all", this.all] as const, ...rows]);
  }

  toString(): string {
    return [this.all.sentence, ...this.slices.map(({ name, measure }) => `${name}: ${measure}`)].join("\n");
  }
}

/** Options of slices. */
export interface SliceOptions extends AverageOptions {
  /** The figure, such as "accuracy", "recall" or "logLoss"; "accuracy". */
  figure?: string;
  /** What the samples differ in. */
  name?: string;
}

export async function slices(
  context: Context,
  predictions: Predictions,
  labels: Labels,
  attribute: Attribute,
  options: SliceOptions = {},
): Promise<Slices> {
  const what = "metrics.slices";
  context.wasm.checkNames(what, options, [...AVERAGE_OPTIONS, "figure", "name"]);
  const [host, given] = await Promise.all([
    hostModule(context),
    judged(context, what, predictions, labels, options),
  ]);
  return slicesOf(host, given, await valuesOf(what, attribute, given.n), options);
}

/** The same of what was read. */
export function slicesOf(
  host: Host,
  given: Judged,
  values: readonly (string | number | boolean)[],
  options: SliceOptions,
): Slices {
  const { figure = "accuracy", name = "attribute" } = options;
  const of = (part: Judged) => measureOf(host, figure, part, options);
  const parts = partsOf(values);
  if (parts.length > MOST_PARTS)
    throw argumentError(
      `slices: the attribute ${name} has ${parts.length} different values; expected at most ${MOST_PARTS}, or numbers`,
    );
  const slices = parts.map(({ name, samples }) => {
    return { name, n: samples.length, measure: of(chosen(given, samples)) };
  });
  return new Slices(name, slices, of(given));
}

/** @internal The values of an attribute, one for each sample. */
export async function valuesOf(
  what: string,
  attribute: Attribute,
  n: number,
): Promise<readonly (string | number | boolean)[]> {
  const values = Array.from(
    attribute instanceof Tensor
      ? ((await attribute.data()) as ArrayLike<number>)
      : (attribute as ArrayLike<number>),
  );
  if (values.length !== n)
    throw argumentError(`${what}: ${values.length} values of the attribute for ${n} samples`);
  return values;
}

const SCORED = [
  "logLoss",
  "brierScore",
  "topKAccuracy",
  "calibrationError",
  "rocAuc",
  "averagePrecision",
] as const;

const COUNTED: readonly string[] = [
  "accuracy",
  "balancedAccuracy",
  "precision",
  "recall",
  "specificity",
  "f1",
  "cohenKappa",
  "matthewsCorrcoef",
];

function measureOf(host: Host, figure: string, given: Judged, options: SliceOptions): Measure {
  const known = SCORED.find((name) => name === figure);
  if (!known && !COUNTED.includes(figure))
    throw argumentError(
      `slices: there is no figure ${figure}; there are ${[...COUNTED, ...SCORED].join(", ")}`,
    );
  return known ? scoredOf(host, known, given, options) : countedOf(host, figure, given, options);
}

function chosen(given: Judged, samples: readonly number[]): Judged {
  const { truth, predicted, probabilities, ranks, names } = given;
  const classes = names.length;
  const place = (i: number) => (samples[Math.floor(i / classes)] as number) * classes + (i % classes);
  const length = samples.length * classes;
  return {
    ...given,
    n: samples.length,
    truth: Int32Array.from(samples, (at) => truth[at] as number),
    predicted: Int32Array.from(samples, (at) => predicted[at] as number),
    probabilities:
      probabilities && Float32Array.from({ length }, (_, i) => probabilities[place(i)] as number),
    ranks: ranks && Float64Array.from({ length }, (_, i) => ranks[place(i)] as number),
  };
}

/** A part for each value, or of many numbers for each of some ranges with about as many samples; equal values are in one part. */
function partsOf(values: readonly (string | number | boolean)[]): { name: string; samples: number[] }[] {
  const byValue = new Map<string | number | boolean, number[]>();
  for (const [at, value] of values.entries()) {
    const samples = byValue.get(value) ?? [];
    samples.push(at);
    byValue.set(value, samples);
  }
  const all = [...byValue].map(([value, samples]) => ({ value, name: String(value), samples }));
  if (!values.every((value) => typeof value === "number")) return all;
  const [known, unknown] = [all.filter(isKnown), all.filter((part) => !isKnown(part))];
  known.sort((a, b) => Number(a.value) - Number(b.value));
  return [...(known.length <= MOST_VALUES ? known : ranges(known)), ...unknown];
}

function isKnown({ value }: { value: unknown }): boolean {
  return !Number.isNaN(value);
}

/** Neighbouring values together: what lies in the middle of a fifth of all samples belongs to it. */
function ranges(
  parts: readonly { value: unknown; samples: number[] }[],
): { name: string; samples: number[] }[] {
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  const found = Array.from({ length: RANGES }, () => ({ values: [] as number[], samples: [] as number[] }));
  let before = 0;
  for (const { value, samples } of parts) {
    const range = found[Math.floor((RANGES * (before + samples.length / 2)) / total)];
    range?.values.push(value as number);
    for (const sample of samples) range?.samples.push(sample);
    before += samples.length;
  }
  const text = (value: number | undefined) => String(Number(value?.toPrecision(3)));
  return found
    .filter(({ samples }) => samples.length > 0)
    .map(({ values, samples }) => {
      const [from, to] = [text(values[0]), text(values.at(-1))];
      return { name: values.length === 1 ? from : `${from} to ${to}`, samples };
    });
}

export async function worstMistakes(
  context: Context,
  predictions: Predictions,
  set: Dataset,
  options: AverageOptions & { n?: number } = {},
): Promise<Displayable & { numbers: readonly number[] }> {
  const what = "metrics.worstMistakes";
  context.wasm.checkNames(what, options, [...AVERAGE_OPTIONS, "n"]);
  const given = await judged(context, what, predictions, set, options);
  scored(what, given.probabilities);
  const numbers = worst(given, options.n ?? 12);
  return {
    numbers,
    [DISPLAY]: async () =>
      (await mistakeImages(given, numbers)) ?? { kind: "text", text: mistakesText(given, numbers) },
  };
}

/** The samples that were taken for another class, those first of which the model was surest. */
export function worst(given: Judged, n: number): number[] {
  const { truth, predicted } = given;
  return [...truth.keys()]
    .filter((at) => truth[at] !== predicted[at])
    .sort((a, b) => sureness(given, b) - sureness(given, a))
    .slice(0, n);
}

/** Their images with what they are, what they were taken for, and how sure the model was; nothing without images. */
export async function mistakeImages(
  given: Judged,
  numbers: readonly number[],
  bytes?: number,
): Promise<ImagesDisplay | undefined> {
  const { samples } = given;
  if (!samples || !isImages(samples) || numbers.length === 0) return undefined;
  return imagesOf(
    samples as Dataset,
    numbers,
    numbers.map((at) => mistakeText(given, at)),
    bytes,
  );
}

export function mistakesText(given: Judged, numbers: readonly number[]): string {
  return numbers.length === 0
    ? "No mistakes."
    : numbers.map((at) => `sample ${at}: ${mistakeText(given, at)}`).join("\n");
}

function mistakeText(given: Judged, at: number): string {
  const { names, truth, predicted } = given;
  return `${names[truth[at] as number]}, taken for ${names[predicted[at] as number]}, ${Math.round(100 * sureness(given, at))} % sure`;
}

/** How sure the model was of the class that it predicted. */
function sureness({ probabilities, names, predicted }: Judged, at: number): number {
  return probabilities?.[at * names.length + (predicted[at] as number)] ?? Number.NaN;
}
