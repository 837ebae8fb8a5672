// The ground of a plot whose axes both go from 0 to 1, as those of shares do.

import type { Ink, Shape } from "./svg.ts";
import { node, round, text } from "./svg.ts";

const MARGIN = { left: 40, right: 12, top: 26, bottom: 36 };
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** A square plot: where a pair of shares lies in it, and back. */
export interface UnitPlot {
  width: number;
  height: number;
  x(share: number): number;
  y(share: number): number;
  /** The shares at a place of the picture, within 0 and 1. */
  sharesAt(x: number, y: number): [x: number, y: number];
  /** Lines and names. */
  ground(labels: { title: string; x: string; y: string }, ink: Ink): Shape[];
}

/** A plot of this width, as high as the square needs. */
export function unitPlot(width: number): UnitPlot {
  const side = width - MARGIN.left - MARGIN.right;
  const height = side + MARGIN.top + MARGIN.bottom;
  const [left, base] = [MARGIN.left, MARGIN.top + side];
  const x = (share: number) => round(left + side * share);
  const y = (share: number) => round(base - side * share);
  const within = (share: number) => Math.min(1, Math.max(0, share));
  return {
    width,
    height,
    x,
    y,
    sharesAt: (at, up) => [within((at - left) / side), within((base - up) / side)],
    ground: (labels, ink) => [
      ...TICKS.flatMap((tick) => [
        node("path", { d: `M${x(0)} ${y(tick)}H${x(1)}M${x(tick)} ${y(0)}V${y(1)}`, stroke: ink.line }),
        text(tick.toFixed(1), left - 6, y(tick) + 4, ink.soft, "end"),
        text(tick.toFixed(1), x(tick), base + 14, ink.soft, "middle"),
      ]),
      text(labels.title, left, 14, ink.strong, "start", { "font-weight": "bold" }),
      text(labels.x, (x(0) + x(1)) / 2, height - 6, ink.soft, "middle"),
      text(labels.y, 0, 0, ink.soft, "middle", {
        transform: `translate(10 ${(y(0) + y(1)) / 2}) rotate(-90)`,
      }),
    ],
  };
}

/** A line through points, as the path of an element. */
export function pathOf(points: readonly (readonly [x: number, y: number])[]): string {
  return points.length === 0 ? "" : `M${points.map(([x, y]) => `${x} ${y}`).join("L")}`;
}
