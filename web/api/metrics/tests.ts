// Whether one model is better than another on the same samples, or may only have been lucky.

import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { MeasureOptions } from "./figures.ts";
import { certaintyOf, is, MEASURE_OPTIONS } from "./figures.ts";
import type { TestData } from "./host.ts";
import { hostOf } from "./host.ts";
import type { Labels, Predictions } from "./judged.ts";
import { column, judged } from "./judged.ts";
import { digits, Measure } from "./measure.ts";

/** What a paired test says; shown in a sentence. */
export class PairedTest {
  /** How it was done, such as "McNemar, exact". */
  readonly method: string;
  readonly statistic: number | undefined;
  /** How often a difference as large comes about by chance, if there is none; undefined if that cannot be said. */
  readonly pValue: number | undefined;
  /** The first less the second, with its interval. */
  readonly difference: Measure | undefined;
  readonly because: string | undefined;

  /** @internal */
  constructor({ method, statistic, pValue, difference, because }: TestData) {
    this.method = method;
    this.statistic = statistic ?? undefined;
    this.pValue = pValue ?? undefined;
    this.difference = difference && new Measure(difference);
    this.because = because ?? undefined;
  }

  toString(): string {
    const { method, pValue, difference, because } = this;
    if (pValue === undefined) return `${method}: undefined because ${because}`;
    const told = difference ? `difference ${difference}; ` : "";
    const p = pValue < 1e-4 ? "p < 0.0001" : `p = ${digits(pValue)}`;
    const meaning =
      pValue < 0.05
        ? "a difference this large is rarely chance"
        : "a difference this large comes about by chance as well: it does not show that one is better";
    return `${method}: ${told}${p}; ${meaning}.`;
  }

  [DISPLAY](): LiveDisplay {
    return { kind: "text", text: this.toString() };
  }
}

export async function mcnemar(
  context: Context,
  a: Predictions,
  b: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<PairedTest> {
  const what = "metrics.mcnemar";
  context.wasm.checkNames(what, options, MEASURE_OPTIONS);
  const [host, one, other] = await Promise.all([
    hostOf(context),
    judged(context, what, a, labels, options),
    judged(context, what, b, labels, options),
  ]);
  return new PairedTest(host.mcnemar(one.truth, one.predicted, other.predicted, certaintyOf(options)));
}

export async function delong(
  context: Context,
  a: Predictions,
  b: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<PairedTest> {
  const what = "metrics.delong";
  context.wasm.checkNames(what, options, MEASURE_OPTIONS);
  const [host, one, other] = await Promise.all([
    hostOf(context),
    judged(context, what, a, labels, options),
    judged(context, what, b, labels, options),
  ]);
  const { positive, names } = one;
  if (names.length > 2 && options.positive === undefined)
    throw argumentError(
      `${what}: there are ${names.length} classes; say which is told from the others: { positive }`,
    );
  const scores = [one, other].map((given) => column(given, what, positive)) as [Float32Array, Float32Array];
  return new PairedTest(host.delong(is(one.truth, positive), ...scores, certaintyOf(options)));
}
