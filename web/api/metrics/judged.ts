// What metrics are told of: tensors, arrays or data sets in, classes and probabilities by sample out.

import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { create } from "../create.ts";
import { Dataset } from "../dataset.ts";
import { Tensor } from "../tensor.ts";

/** What was predicted: a class for each sample, [N]; a score for each, [N] or [N, 1]; or one for each class, [N, C]. */
export type Predictions = Tensor | ArrayLike<number> | readonly (readonly number[])[];

/** What is right: class labels, or a data set that has them. */
export type Labels = Tensor | Dataset | ArrayLike<number>;

/** How predictions are read. */
export interface ReadingOptions {
  /** The names of the classes; those of the data set if there is one. */
  classes?: readonly string[];
  /** The class that is looked for, by name or number, where there are two; 1. */
  positive?: string | number;
  /**
   * Of two classes: from which score on class 1 is predicted, of one score for each sample, 0.5 of a probability, 0 of any other score; or from
   * which probability on the `positive` class is predicted, of one for each class.
   */
  threshold?: number;
}

/** Predictions and what is right, sample by sample. */
export interface Judged {
  n: number;
  truth: Int32Array;
  predicted: Int32Array;
  /** One for each class, [N, C], row by row; nothing if classes were given. */
  probabilities: Float32Array | undefined;
  /**
   * What puts samples in order, [N, C]: probabilities, or where these were made of other scores their log-odds. A probability is rounded to
   * 1 where the score of a class is much above the others, and samples that differ would be equal.
   */
  ranks: Float32Array | Float64Array | undefined;
  /** Whether these are log-odds. */
  areLogOdds: boolean;
  /** What classes are called; as many as there are. */
  names: string[];
  /** The class that is looked for, of two. */
  positive: number;
  /** The samples, if labels came with them. */
  samples: Dataset | undefined;
}

/** Rows of probabilities sum to 1 to about this much. */
const SUM_TOLERANCE = 1e-3;

/** Reads and checks them. Scores that are no probabilities go through softmax, or the sigmoid if there is one a sample. */
export async function judged(
  context: Context,
  what: string,
  predictions: Predictions,
  labels: Labels,
  options: ReadingOptions = {},
): Promise<Judged> {
  const truth = await labelsOf(what, labels);
  const { values, shape, areWhole } = await numbersOf(context, what, predictions);
  const [n = 0, columns = 1] = shape;
  if (n !== truth.length)
    throw argumentError(`${what}: ${n} predictions [${shape.join(", ")}] for ${truth.length} labels`);
  const row = values.findIndex(Number.isNaN);
  if (row >= 0)
    throw argumentError(`${what}: the score of sample ${Math.floor(row / columns)} is not a number (NaN)`);
  const given = options.classes ?? (labels instanceof Dataset ? labels.classes : []);
  // A model that is sure of all gives whole numbers, too: of two classes it is all the same.
  const areSure = predictions instanceof Tensor && predictions.dtype === "f32" && isShares(values);
  const areClasses =
    shape.length === 1 &&
    areWhole &&
    n > 0 &&
    !values.some((value) => value < 0) &&
    !(areSure && truth.every((label) => label <= 1) && given.length <= 2);
  if (columns > 1 && values.some((value) => Math.abs(value) === Infinity))
    throw argumentError(`${what}: there is an infinite score among those for each class`);
  const made = areClasses ? undefined : await probabilitiesOf(context, values, n, columns);
  const scored = areClasses ? 0 : Math.max(2, columns);
  const most = truth.reduce((most, label) => Math.max(most, label), 0);
  if (scored > 0 && most >= scored)
    throw argumentError(`${what}: there is a label ${most}, and scores for ${scored} classes only`);
  const { threshold } = options;
  if (threshold !== undefined && (!Number.isFinite(threshold) || columns > 2))
    throw argumentError(
      `${what}: threshold is ${threshold}, with scores for ${columns} classes; expected a number, and two classes`,
    );
  const predicted = areClasses
    ? classNumbers(what, values)
    : columns === 1
      ? above(values, threshold ?? (isShares(values) ? 0.5 : 0))
      : largest(values, n, columns);
  const highest = predicted.reduce((most, label) => Math.max(most, label), most);
  const count = Math.max(scored, given.length, highest + 1, 2);
  if (scored > 0 && count !== scored)
    throw argumentError(`${what}: ${given.length} classes have names, and there are scores for ${scored}`);
  const names = Array.from({ length: count }, (_, i) => String(given[i] ?? i));
  const positive = classOf(what, options.positive ?? 1, names);
  if (made && columns === 2 && threshold !== undefined)
    for (let i = 0; i < n; i++)
      predicted[i] = (made.probabilities[2 * i + positive] as number) >= threshold ? positive : 1 - positive;
  return {
    n,
    truth,
    predicted,
    probabilities: made?.probabilities,
    ranks: made?.ranks,
    areLogOdds: made?.areLogOdds ?? false,
    names,
    positive,
    samples: labels instanceof Dataset ? labels : undefined,
  };
}

/** The number of a class that is given by name or number. */
export function classOf(what: string, one: string | number, names: readonly string[]): number {
  const at = typeof one === "number" ? one : names.indexOf(one);
  if (!Number.isInteger(at) || at < 0 || at >= names.length)
    throw argumentError(`${what}: there is no class ${one}; there are ${names.slice(0, 20).join(", ")}`);
  return at;
}

/** Class labels. */
export async function labelsOf(what: string, labels: Labels): Promise<Int32Array> {
  const source = labels instanceof Dataset ? labels.y : labels;
  const values = source instanceof Tensor ? await source.data() : source;
  if (source instanceof Tensor && source.rank !== 1)
    throw argumentError(`${what}: labels of shape [${source.shape.join(", ")}]; expected [N]`);
  if (values === null || typeof values !== "object" || !("length" in values))
    throw argumentError(`${what}: expected labels: a data set, a tensor [N] or an array`);
  return classNumbers(what, values as ArrayLike<number>);
}

function classNumbers(what: string, values: ArrayLike<number>): Int32Array {
  const odd = Array.from(values).findIndex(
    (value) => !Number.isInteger(value) || value < 0 || value > MOST_CLASSES,
  );
  if (odd >= 0)
    throw argumentError(
      `${what}: the class of sample ${odd} is ${values[odd]}; classes are whole numbers from 0`,
    );
  return Int32Array.from(values);
}

/** As many as a matrix of counts is kept for. */
const MOST_CLASSES = 4095;

async function numbersOf(
  { wasm: _ }: Context,
  what: string,
  predictions: Predictions,
): Promise<{ values: Float32Array | Int32Array; shape: number[]; areWhole: boolean }> {
  if (predictions instanceof Tensor) {
    const { shape } = predictions;
    if (shape.length < 1 || shape.length > 2)
      throw argumentError(`${what}: predictions of shape [${shape.join(", ")}]; expected [N] or [N, C]`);
    const values = (await predictions.data()) as Float32Array | Int32Array;
    return { values, shape: [...shape], areWhole: values.every(Number.isInteger) };
  }
  if (predictions === null || typeof predictions !== "object" || !("length" in predictions))
    throw argumentError(`${what}: expected predictions: a tensor [N] or [N, C], or an array`);
  const rows = Array.from(predictions as ArrayLike<number | readonly number[]>);
  const [first] = rows;
  const columns = Array.isArray(first) ? first.length : undefined;
  if (rows.some((row) => (Array.isArray(row) ? row.length : undefined) !== columns))
    throw argumentError(`${what}: the rows of the predictions have different lengths`);
  const values = Float32Array.from(rows.flat() as number[]);
  const shape = columns === undefined ? [rows.length] : [rows.length, columns];
  return { values, shape, areWhole: values.every(Number.isInteger) };
}

/** [N, C], row by row. */
async function probabilitiesOf(
  context: Context,
  values: Float32Array | Int32Array,
  n: number,
  columns: number,
): Promise<{ probabilities: Float32Array; ranks: Float32Array | Float64Array; areLogOdds: boolean }> {
  const areShares = isShares(values);
  if (n === 0) return { probabilities: new Float32Array(0), ranks: new Float32Array(0), areLogOdds: false };
  const tensor = create(context).tensor(Float32Array.from(values), [n, columns]);
  if (columns === 1) {
    const shares = areShares ? values : await tensor.sigmoid().data();
    const both = (of: (i: number) => number, other: (one: number) => number) =>
      Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 1 ? of(i >> 1) : other(of(i >> 1))));
    const pairs = both(
      (i) => shares[i] as number,
      (share) => 1 - share,
    );
    const ranks = areShares
      ? pairs
      : both(
          (i) => values[i] as number,
          (score) => -score,
        );
    return { probabilities: Float32Array.from(pairs), ranks, areLogOdds: !areShares };
  }
  const areProbabilities =
    areShares &&
    Array.from({ length: n }, (_, row) => values.subarray(row * columns, (row + 1) * columns)).every(
      (row) => Math.abs((row as Float32Array).reduce((sum, one) => sum + one, 0) - 1) < SUM_TOLERANCE,
    );
  if (areProbabilities) {
    const probabilities = Float32Array.from(values);
    return { probabilities, ranks: probabilities, areLogOdds: false };
  }
  const probabilities = (await tensor.softmax(1).data()) as Float32Array;
  return { probabilities, ranks: logOdds(values, n, columns), areLogOdds: true };
}

/**
 * Of each class against all others, [N, C]: its score less the logarithm of the sum of the exponentials of the others. Only the sum without the
 * greatest score is made anew: without any other one it is the whole sum less a part of it, and not below 1.
 */
function logOdds(values: ArrayLike<number>, n: number, columns: number): Float64Array {
  const odds = new Float64Array(n * columns);
  const best = largest(values, n, columns);
  for (let row = 0; row < n; row++) {
    const score = (c: number) => values[row * columns + c] as number;
    const top = best[row] as number;
    let second = -Infinity;
    for (let c = 0; c < columns; c++) if (c !== top) second = Math.max(second, score(c));
    let [others, rest] = [0, 0];
    for (let c = 0; c < columns; c++) {
      if (c === top) continue;
      others += Math.exp(score(c) - second);
      rest += Math.exp(score(c) - score(top));
    }
    for (let c = 0; c < columns; c++)
      odds[row * columns + c] =
        c === top
          ? score(c) - second - Math.log(others)
          : score(c) - score(top) - Math.log1p(rest - Math.exp(score(c) - score(top)));
  }
  return odds;
}

function isShares(values: ArrayLike<number>): boolean {
  return Array.from(values).every((value) => value >= 0 && value <= 1);
}

function above(values: ArrayLike<number>, threshold: number): Int32Array {
  return Int32Array.from(values, (value) => (value >= threshold ? 1 : 0));
}

function largest(values: ArrayLike<number>, n: number, columns: number): Int32Array {
  return Int32Array.from({ length: n }, (_, row) => {
    let best = 0;
    for (let c = 1; c < columns; c++)
      if ((values[row * columns + c] as number) > (values[row * columns + best] as number)) best = c;
    return best;
  });
}

/** The probabilities of one class, or what puts its samples in order. */
export function column(
  { names, n }: Judged,
  what: string,
  one: number,
  given: Judged["ranks"],
): Float64Array {
  const all = scored(what, given);
  return Float64Array.from({ length: n }, (_, row) => all[row * names.length + one] as number);
}

/** Errors: classes were given, where how sure the model was is needed. */
export function scored<T extends Float32Array | Float64Array>(what: string, scores: T | undefined): T {
  if (!scores)
    throw argumentError(`${what}: expected scores, such as those of model.predict(set), not classes`);
  return scores;
}
