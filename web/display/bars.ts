// Bars side by side, such as the probability of each class: names, bars, numbers.

import { formatNumber } from "./inspect.ts";
import type { BarsDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const barsView: View<BarsDisplay> = {
  text(display) {
    const { title, labels, values } = display;
    const [low, high] = rangeOf(display);
    const lines = labels.map((label, i) => `${label}: ${numberText(values[i], high - low)}`);
    return [title ?? "Bars", ...lines].join("\n");
  },

  render(host, display) {
    const { title, labels, values } = display;
    if (title) append(host, "p", "curve-title", title);
    const box = append(host, "div", "bars-output");
    box.role = "img";
    box.ariaLabel = barsView.text(display);
    const [low, high] = rangeOf(display);
    const share = (value: number) => (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
    const most = values.indexOf(Math.max(...values));
    for (const [i, label] of labels.entries()) {
      const value = values[i] ?? 0;
      append(box, "span", "bars-label", label).title = label;
      const bar = append(append(box, "span", "bars-track"), "i", i === most ? "is-most" : "");
      const [from, to] = [share(Math.min(0, value)), share(Math.max(0, value))];
      bar.style.left = `${from}%`;
      bar.style.width = `${to - from}%`;
      append(box, "span", "bars-value", numberText(value, high - low));
    }
    return undefined;
  },

  async picture(display) {
    const { barsSvg } = await import("./bars-svg.ts");
    return svgPicture(barsSvg(display));
  },

  table: ({ title, labels, values }) => ({
    columns: ["", title ?? "value"],
    rows: labels.map((label, i) => [label, values[i] ?? Number.NaN]),
  }),
};

/** From the least to the greatest, with 0 among them. */
export function rangeOf({ values, range }: BarsDisplay): readonly [low: number, high: number] {
  if (range) return range;
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  return low < high ? [low, high] : [0, 1];
}

/** Three digits of what can be told apart over such a span: 1e-9 beside 1 is 0. */
export function numberText(value = Number.NaN, span = 1): string {
  if (Math.abs(value) < span / 1e4) return "0";
  return Math.abs(value) < 1e-3 ? value.toExponential(1) : formatNumber(Number(value.toPrecision(3)));
}
