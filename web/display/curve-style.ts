// What the live plot and the saved picture of a curve share: colours and axis ticks.

import { valueText } from "./curve.ts";
import type { CurvePanel } from "./schema.ts";

/** Distinct for colour-blind readers, and in lightness; train and validation come first. */
export const SERIES_COLORS = [
  "#3b6fd4",
  "#d9730d",
  "#2c9c6a",
  "#b0489e",
  "#8a6d3b",
  "#5b6770",
  "#c22f3d",
  "#1795a8",
] as const;

export function seriesColor(panel: CurvePanel, index: number): string {
  if (!panel.ordered) return SERIES_COLORS[index % SERIES_COLORS.length] as string;
  const place = index / Math.max(1, panel.series.length - 1);
  return `hsl(${Math.round(222 - 202 * place)} 62% 47%)`;
}

/** Series that are named beside the plot: of many that follow each other only some. */
export function namedSeries({ series, ordered }: CurvePanel): number[] {
  const all = [...series.keys()];
  if (!ordered || all.length <= MOST_NAMES) return all;
  const place = (i: number) => Math.round((i * (all.length - 1)) / (MOST_NAMES - 1));
  return Array.from({ length: MOST_NAMES }, (_, i) => place(i));
}

const MOST_NAMES = 6;

/** A number at an axis. */
export function tickText(value: number, { log }: CurvePanel): string {
  return log && (value < 1e-3 || value >= 1e5)
    ? value.toExponential(0).replace("+", "")
    : valueText(value, undefined);
}

/** Powers of ten, with 2 and 5 between them where there are few, that lie in [low, high]. */
export function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((last - first) / 8);
  const factors = high / low < 1000 ? [1, 2, 5] : [1];
  const found: number[] = [];
  for (let power = first; power <= last; power += every)
    found.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  return found.filter((tick) => tick >= low && tick <= high);
}

/** Round numbers that span [low, high] in about `count` steps. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
