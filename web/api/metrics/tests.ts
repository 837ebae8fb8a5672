// Whether one model is better than another on the same samples, or may only have been lucky.

import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { hostModule } from "../host.ts";
import type { MeasureOptions } from "./figures.ts";
import { certaintyOf, is, MEASURE_OPTIONS } from "./figures.ts";
import type { Labels, Predictions } from "./judged.ts";
import { column, judged } from "./judged.ts";
import type { Interval } from "./measure.ts";
import { digits, percent } from "./measure.ts";

/** What a paired test says; shown in a sentence. */
export class PairedTest {
  /** @internal */
  constructor(
    /** "McNemar" or "DeLong". */
    readonly method: string,
    /** What is compared: "accuracy" or "AUC". */
    readonly figure: string,
    /** The first less the second. */
    readonly difference: number | undefined,
    readonly interval: Interval | undefined,
    /** How often a difference as large comes about by chance, if there is none. */
    readonly pValue: number | undefined,
    /** How many samples. */
    readonly n: number,
    /** Why there is no result; else what it came from. */
    readonly note: string,
  ) {}

  toString(): string {
    const { method, figure, difference, interval, pValue, n, note } = this;
    if (difference === undefined) return `${method}: undefined because ${note}`;
    const range = interval
      ? ` (${percent(interval.level)} %: ${signed(interval.low)} to ${signed(interval.high)}, ${interval.methodName}, n = ${n.toLocaleString("en")})`
      : "";
    const told = `${method}: ${figure} of the first less that of the second ${signed(difference)}${range}`;
    if (pValue === undefined) return `${told}; ${note}.`;
    const p = pValue < 1e-4 ? "p < 0.0001" : `p = ${digits(pValue)}`;
    const meaning =
      pValue < 0.05
        ? "chance alone rarely makes so large a difference"
        : "chance alone makes such a difference, too: it does not show that one is better";
    return `${told}; ${note === "" ? "" : `${note}; `}${p}: ${meaning}.`;
  }

  [DISPLAY](): LiveDisplay {
    return { kind: "text", text: this.toString() };
  }
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${digits(value)}`;
}

export async function mcnemar(
  context: Context,
  a: Predictions,
  b: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<PairedTest> {
  const what = "metrics.mcnemar";
  const [host, one, other] = await bothJudged(context, what, a, b, labels, options);
  const found = host.mcnemar(one.truth, one.predicted, other.predicted, certaintyOf(options));
  if ("because" in found)
    return new PairedTest("McNemar", "accuracy", undefined, undefined, undefined, one.n, found.because);
  const { onlyFirst, onlySecond, difference, interval, pValue, n } = found;
  const note = `right only the first ${onlyFirst}, only the second ${onlySecond} times`;
  return new PairedTest("McNemar", "accuracy", difference, interval, pValue, n, note);
}

export async function delong(
  context: Context,
  a: Predictions,
  b: Predictions,
  labels: Labels,
  options: MeasureOptions = {},
): Promise<PairedTest> {
  const what = "metrics.delong";
  const [host, one, other] = await bothJudged(context, what, a, b, labels, options);
  const { positive, names } = one;
  if (names.length > 2 && options.positive === undefined)
    throw argumentError(
      `${what}: there are ${names.length} classes; say which is told from the others: { positive }`,
    );
  const [first, second] = [
    column(one, what, positive, one.ranks),
    column(other, what, positive, other.ranks),
  ];
  const found = host.delongTest(is(one.truth, positive), first, second, 1, 1, certaintyOf(options));
  if ("because" in found)
    return new PairedTest("DeLong", "AUC", undefined, undefined, undefined, one.n, found.because);
  const { difference, interval, pValue, n } = found;
  const note = pValue === null ? "the test is undefined because the ranks do not vary" : "";
  return new PairedTest("DeLong", "AUC", difference, interval ?? undefined, pValue ?? undefined, n, note);
}

/** The host functions, and what both models say of the same samples. */
function bothJudged(
  context: Context,
  what: string,
  a: Predictions,
  b: Predictions,
  labels: Labels,
  options: MeasureOptions,
) {
  context.wasm.checkNames(what, options, MEASURE_OPTIONS);
  return Promise.all([
    hostModule(context),
    judged(context, what, a, labels, options),
    judged(context, what, b, labels, options),
  ]);
}
