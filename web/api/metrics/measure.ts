// A figure with how sure it is, or why there is none.

import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import { argumentError } from "../context.ts";

/** What is measured. */
export interface Metric {
  /** scikit-learn's name, in camelCase. */
  name: string;
  /** What people call it. */
  title: string;
  direction: "higher" | "lower";
  unit: "share" | "agreement" | "nats" | "target" | "targetSquared";
}

/** Where the true figure lies: so in a share `level` of all samples that could have been drawn. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  /** How it was found, such as "wilson", and what people call that. */
  method: string;
  methodName: string;
  /** What to bear in mind, such as why another method was passed over. */
  note: string | null;
}

/** @internal A measure as the module gives it. */
export interface MeasureData {
  metric: Metric;
  value: number | null;
  because: string | null;
  interval: Interval | null;
  n: number;
}

/** A figure of merit with its uncertainty; shown as "0.953 (95 %: 0.946–0.959, Wilson, n = 4,000)". In a formula it counts as its value. */
export class Measure {
  /** scikit-learn's name, in camelCase, such as "balancedAccuracy". */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** Which way is better. */
  readonly direction: "higher" | "lower";
  /** What it counts: a "share" of 1, an "agreement" from −1 to 1, "nats", or the "target" of a regression. */
  readonly unit: Metric["unit"];
  /** The figure; undefined if there is none. */
  readonly value: number | undefined;
  /** Why there is no figure; with a value, why it is a convention only. */
  readonly because: string | undefined;
  /** Where the true figure lies; undefined if that cannot be said. */
  readonly interval: Interval | undefined;
  /** How many samples it counts: of a recall, those of its class. */
  readonly n: number;

  /** @internal Classes have numbers in the module, and names here. */
  constructor({ metric, value, because, interval, n }: MeasureData, names: readonly string[] = []) {
    this.name = metric.name;
    this.title = metric.title;
    this.direction = metric.direction;
    this.unit = metric.unit;
    this.value = value ?? undefined;
    this.because = because?.replace(/\bclass (\d+)/, (_, one) => `class ${names[Number(one)] ?? one}`);
    this.interval = interval ?? undefined;
    this.n = n;
  }

  /** The value. Errors: it is undefined. */
  valueOf(): number {
    if (this.value === undefined) throw argumentError(`${this.title} is undefined because ${this.because}`);
    return this.value;
  }

  /** "Accuracy 0.953 (95 %: 0.946–0.959, Wilson, n = 4,000)" */
  get sentence(): string {
    return `${this.title} ${this.toString()}`;
  }

  /** How the interval was found, in words; empty without one. */
  get method(): string {
    return this.interval?.methodName ?? "";
  }

  toString(): string {
    const { value, because, interval } = this;
    const count = `n = ${this.n.toLocaleString("en")}`;
    if (value === undefined) return `undefined because ${because ?? "nothing is known"} (${count})`;
    const range = interval ? `${percent(interval.level)} %: ${rangeText(interval)}, ${this.method}, ` : "";
    const convention = because === undefined ? "" : `; a convention, as ${because}`;
    return `${digits(value)} (${range}${count}${convention})`;
  }

  [DISPLAY](): LiveDisplay {
    const note = this.interval?.note;
    return { kind: "text", text: `${this.sentence}${note ? `\n${note}` : ""}` };
  }
}

/** Its ends: a dash would look like a minus before what is below 0. */
export function rangeText({ low, high }: Pick<Interval, "low" | "high">): string {
  return `${digits(low)}${low < 0 ? " to " : "–"}${digits(high)}`;
}

/** A level in percent. */
export function percent(level: number): number {
  return Number((100 * level).toPrecision(4));
}

/** Three decimals, or three digits of what is small. */
export function digits(value: number): string {
  return Math.abs(value) >= 0.01 || value === 0 ? value.toFixed(3) : String(Number(value.toPrecision(3)));
}

/** A row of a table of measures: the title, the figure, the ends of its interval, and what there is to say. */
export function rowOf(label: string, measure: Measure): [string, string, string, string, string, number] {
  const { value, interval, because, method, direction, n } = measure;
  const [low, high] = interval ? [digits(interval.low), digits(interval.high)] : ["", ""];
  const shown = value === undefined ? "undefined" : digits(value);
  const note =
    because === undefined
      ? method
      : `${method ? `${method}; ` : ""}${value === undefined ? "" : "a convention, as "}${because}`;
  return [`${label} ${direction === "higher" ? "↑" : "↓"}`, shown, low, high, note, n];
}

/** What stands above such rows. */
export function rowColumns(measures: readonly Measure[]): string[] {
  return ["figure", "value", `${levelText(measures)} from`, "to", "interval", "samples"];
}

/** "95 %", which all of them share. */
export function levelText(measures: readonly Pick<Measure, "interval">[]): string {
  const level = measures.find(({ interval }) => interval)?.interval?.level;
  return `${percent(level ?? 0.95)} %`;
}

/** What is to be borne in mind of their intervals, such as why another method was passed over; empty without any. */
export function remarksText(measures: readonly Pick<Measure, "interval">[]): string {
  const remarks = measures.flatMap(({ interval }) =>
    interval?.note ? [`${interval.methodName}: ${interval.note}`] : [],
  );
  return [...new Set(remarks)].join("; ");
}

/** "95 %: Wilson, Clopper–Pearson": how their intervals were found; empty without any. */
export function methodsText(measures: readonly Pick<Measure, "interval">[]): string {
  const methods = new Set(measures.flatMap(({ interval }) => interval?.methodName ?? []));
  return methods.size === 0 ? "" : `${levelText(measures)}: ${[...methods].join(", ")}`;
}
