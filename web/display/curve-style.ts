// What the live plot and the saved picture of a curve share: colours and axis ticks.

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

export function seriesColor(index: number): string {
  return SERIES_COLORS[index % SERIES_COLORS.length] as string;
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
