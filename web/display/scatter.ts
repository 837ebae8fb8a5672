// Points on a plane, such as what a network makes of samples in two dimensions. `scatter-plot.ts` draws them.

import { formatNumber } from "./inspect.ts";
import { roomAt } from "./pixels.ts";
import { plotScatter, scatterSvg } from "./scatter-plot.ts";
import type { ScatterDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const scatterView: View<ScatterDisplay> = {
  text({ title, x, y, series }) {
    const count = series.reduce((sum, one) => sum + one.x.length, 0);
    const lines = series.map((one) => {
      const [centreX, centreY] = [mean(one.x), mean(one.y)].map((value) => formatNumber(round(value)));
      return `${one.name}: ${one.x.length} points around ${centreX}, ${centreY}`;
    });
    return [`${title ?? "Points"}: ${count}, ${y.label} over ${x.label}`, ...lines].join("\n");
  },

  render(host, display) {
    const scroller = append(host, "div", "plot-output");
    // It scrolls, by keys too.
    scroller.tabIndex = 0;
    const box = append(scroller, "div", "scatter-output");
    box.role = "img";
    box.ariaLabel = scatterView.text(display);
    plotScatter(box, display);
    return undefined;
  },

  picture: async (display) => svgPicture(scatterSvg(display)),

  table: ({ x, y, series }) => ({
    columns: ["series", x.label, y.label, "label"],
    rows: series.flatMap((one) =>
      one.x.map((at, i) => [one.name, at, one.y[i] ?? Number.NaN, one.labels?.[i] ?? null]),
    ),
  }),

  valueAt(display, _, x, y) {
    const [[left, right], [bottom, top]] = extents(display);
    const [atX, atY] = [left + x * (right - left), top - y * (top - bottom)];
    let nearest = { distance: REACH, text: "" };
    for (const one of display.series) {
      for (const [i, pointX] of one.x.entries()) {
        const pointY = one.y[i] ?? Number.NaN;
        const distance = Math.hypot((pointX - atX) / (right - left), (pointY - atY) / (top - bottom));
        if (!(distance < nearest.distance)) continue;
        const label = one.labels?.[i];
        const name = [one.name, ...(label === undefined ? [] : [label])].join(" · ");
        nearest = {
          distance,
          text: `${name}: ${formatNumber(round(pointX))}, ${formatNumber(round(pointY))}`,
        };
      }
    }
    return nearest.text || undefined;
  },
};

/** How near the pointer must be, as a part of the picture. */
const REACH = 0.03;

/** What an axis can span: the distance of two such values is a number still. */
const FARTHEST = 1e307;

export type Extent = readonly [low: number, high: number];

/** What the axes span: all finite points and a little room. */
export function extents({ series }: ScatterDisplay): readonly [x: Extent, y: Extent] {
  return [extent(series.map(({ x }) => x)), extent(series.map(({ y }) => y))];
}

function extent(lists: number[][]): Extent {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists) {
    for (const value of list) {
      if (!(Math.abs(value) < FARTHEST)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  const room = low === high ? roomAt(low) : 0.04 * (high - low);
  return [low - room, high + room];
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
