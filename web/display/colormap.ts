// Colours for values. Both scales grow steadily in lightness from their quiet end, so they read in grey and for
// colour-blind readers: `sequential` from dark violet to pale yellow, `diverging` from blue over white to orange-red.

export type Rgb = readonly [red: number, green: number, blue: number];
export type ColorMap = (t: number) => Rgb;

/** 0 to 1, low to high: stops of a violet, magenta, orange, yellow ramp, interpolated linearly. */
export const sequential: ColorMap = ramp([
  [13, 8, 44],
  [62, 15, 114],
  [121, 28, 109],
  [178, 50, 90],
  [226, 89, 56],
  [249, 146, 31],
  [251, 206, 87],
  [252, 253, 191],
]);

/** -1 to 1; 0 is white. */
const diverging01: ColorMap = ramp([
  [20, 62, 130],
  [54, 122, 184],
  [139, 187, 217],
  [246, 246, 244],
  [243, 176, 130],
  [216, 95, 62],
  [140, 25, 34],
]);
export const diverging: ColorMap = (t) => diverging01((t + 1) / 2);

/** A CSS gradient of a map over [from, to]. */
export function cssGradient(map: ColorMap, from: number, to: number): string {
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${map(from + ((to - from) * i) / 16).join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function ramp(stops: Rgb[]): ColorMap {
  return (t) => {
    const x = Math.min(Math.max(Number.isNaN(t) ? 0 : t, 0), 1) * (stops.length - 1);
    const i = Math.min(Math.floor(x), stops.length - 2);
    const [low, high] = [stops[i] as Rgb, stops[i + 1] as Rgb];
    const mix = (a: number, b: number) => Math.round(a + (b - a) * (x - i));
    return [mix(low[0], high[0]), mix(low[1], high[1]), mix(low[2], high[2])];
  };
}
