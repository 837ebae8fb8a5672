// Bars side by side, such as the probability of each class: names, bars, numbers.

import { formatNumber } from "./inspect.ts";
import type { BarsDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const barsView: View<BarsDisplay> = {
  text(display) {
    const { title, labels } = display;
    const lines = labels.map((label, i) => `${label}: ${valueWords(display, i)}`);
    return [title ?? "Bars", ...lines].join("\n");
  },

  render(host, display) {
    const { title, labels, values, intervals } = display;
    if (title) append(host, "p", "curve-title", title);
    const box = append(host, "div", "bars-output");
    box.role = "img";
    box.ariaLabel = barsView.text(display);
    const [low, high] = rangeOf(display);
    const share = (value: number) => (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
    // Of values with intervals none stands out: whether one is the largest is what these say.
    const most = intervals ? -1 : values.indexOf(Math.max(...values));
    for (const [i, label] of labels.entries()) {
      const value = values[i] ?? 0;
      append(box, "span", "bars-label", label).title = label;
      const bar = append(append(box, "span", "bars-track"), "i", i === most ? "is-most" : "");
      const [from, to] = [share(Math.min(0, value)), share(Math.max(0, value))];
      bar.style.left = `${from}%`;
      bar.style.width = `${to - from}%`;
      const interval = intervals?.[i];
      if (interval) {
        const { style } = append(bar.parentElement as HTMLElement, "b", "");
        style.left = `${share(interval[0])}%`;
        style.width = `${share(interval[1]) - share(interval[0])}%`;
      }
      append(box, "span", "bars-value", valueWords(display, i));
    }
    return undefined;
  },

  async picture(display) {
    const { barsSvg } = await import("./bars-svg.ts");
    return svgPicture(barsSvg(display));
  },

  table: ({ title, labels, values, intervals }) => ({
    columns: ["", title ?? "value", ...(intervals ? ["from", "to"] : [])],
    rows: labels.map((label, i) => {
      const ends = intervals ? (intervals[i] ?? [Number.NaN, Number.NaN]) : [];
      return [label, values[i] ?? Number.NaN, ...ends];
    }),
  }),
};

/** A value, and where the truth may lie if that is known. */
export function valueWords(display: BarsDisplay, at: number): string {
  const value = display.values[at] ?? Number.NaN;
  if (Number.isNaN(value)) return "undefined";
  const [low, high] = rangeOf(display);
  // Beside an interval all have equally many decimals.
  const text = (one: number) =>
    display.intervals && high - low <= 10 ? one.toFixed(3) : numberText(one, high - low);
  const interval = display.intervals?.[at];
  return interval ? `${text(value)} (${text(interval[0])}–${text(interval[1])})` : text(value);
}

/** From the least to the greatest, with 0 among them. */
export function rangeOf({
  values,
  range,
  intervals = [],
}: BarsDisplay): readonly [low: number, high: number] {
  if (range) return range;
  const finite = [...values, ...intervals.flatMap((one) => one ?? [])].filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  return low < high ? [low, high] : [0, 1];
}

/** Three digits of what can be told apart over such a span: 1e-9 beside 1 is 0. */
export function numberText(value = Number.NaN, span = 1): string {
  if (Math.abs(value) < span / 1e4) return "0";
  return Math.abs(value) < 1e-3 ? value.toExponential(1) : formatNumber(Number(value.toPrecision(3)));
}
