// Points as a picture: a mark for each, which differ in form as well as in colour, the axes, and what the marks mean.

import { SERIES_COLORS, ticks } from "./curve-style.ts";
import { formatNumber } from "./inspect.ts";
import { extents } from "./scatter.ts";
import type { ScatterDisplay, ScatterSeries } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, round, svg, text, textOf } from "./svg.ts";

const [WIDTH, HEIGHT] = [520, 380];
const MARGIN = { left: 56, right: 12, top: 8, bottom: 40 };
const TITLE = 22;
const KEY = { width: 150, row: 18, most: 20, letters: 20 };

export function plotScatter(host: HTMLElement, display: ScatterDisplay): void {
  host.append(elementOf(scatterShape(display, PAGE)));
}

export function scatterSvg(display: ScatterDisplay): string {
  return textOf(scatterShape(display, PAPER));
}

function scatterShape(display: ScatterDisplay, ink: Ink): Shape {
  const { title, series } = display;
  const top = MARGIN.top + (title ? TITLE : 0);
  const height = top + HEIGHT - MARGIN.top;
  const [[left, right], [low, high]] = extents(display);
  const [plotWidth, plotHeight] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const x = (value: number) => MARGIN.left + ((value - left) / (right - left)) * plotWidth;
  const y = (value: number) => top + ((high - value) / (high - low)) * plotHeight;
  const bottom = top + plotHeight;
  const line = (d: string) => node("path", { d, stroke: ink.line, fill: "none" });
  const size = sizeFor(series);
  const marks = series.map((one, s) =>
    node("path", { d: marksPath(one, s, size, x, y), fill: colorOf(s), "fill-opacity": 0.8 }),
  );
  const width = WIDTH + (series.length > 1 ? KEY.width : 0);
  return svg(width, height, [
    ...(ink === PAPER ? [node("rect", { width, height, fill: ink.back })] : []),
    ...(title ? [text(title, MARGIN.left, 16, ink.strong, "start", { "font-weight": "bold" })] : []),
    ...ticks(low, high, 6).flatMap((tick) => [
      line(`M${MARGIN.left} ${round(y(tick))}h${plotWidth}`),
      text(formatNumber(tick), MARGIN.left - 6, y(tick) + 4, ink.soft, "end"),
    ]),
    ...ticks(left, right, 7).flatMap((tick) => [
      line(`M${round(x(tick))} ${top}v${plotHeight}`),
      text(formatNumber(tick), x(tick), bottom + 16, ink.soft, "middle"),
    ]),
    text(display.x.label, MARGIN.left + plotWidth / 2, bottom + 34, ink.strong, "middle"),
    text(display.y.label, 0, 0, ink.strong, "middle", {
      transform: `translate(12 ${round(top + plotHeight / 2)}) rotate(-90)`,
    }),
    ...marks,
    ...(series.length > 1 ? keyOf(series, top, ink) : []),
    node("rect", {
      x: MARGIN.left,
      y: top,
      width: plotWidth,
      height: plotHeight,
      fill: "transparent",
      "data-values": "points",
    }),
  ]);
}

/** All marks of a series are one path: thousands are drawn at once. */
function marksPath(
  { x: xs, y: ys }: ScatterSeries,
  series: number,
  size: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const mark = markOf(series, size);
  return xs
    .flatMap((value, i) => {
      const [atX, atY] = [x(value), y(ys[i] ?? Number.NaN)];
      return Number.isFinite(atX + atY) ? `M${round(atX)} ${round(atY)}${mark}` : [];
    })
    .join("");
}

/** Around the current point: a disc, a square, a triangle, a diamond, a cross, a triangle on its tip. */
function markOf(series: number, r: number): string {
  const disc = `m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  const s = round(0.9 * r);
  const [t, w] = [round(1.2 * r), round(0.35 * r)];
  const forms = [
    disc,
    `m${-s} ${-s}h${2 * s}v${2 * s}h${-2 * s}z`,
    `m0 ${-t}l${t} ${2 * s}h${-2 * t}z`,
    `m0 ${-t}l${t} ${t}l${-t} ${t}l${-t} ${-t}z`,
    `m${-w} ${-t}h${2 * w}v${t - w}h${t - w}v${2 * w}h${w - t}v${t - w}h${-2 * w}v${w - t}h${w - t}v${-2 * w}h${t - w}z`,
    `m0 ${t}l${t} ${-2 * s}h${-2 * t}z`,
  ];
  return forms[series % forms.length] as string;
}

function keyOf(series: ScatterSeries[], top: number, ink: Ink): Shape[] {
  const short = (name: string) => (name.length > KEY.letters ? `${name.slice(0, KEY.letters - 1)}…` : name);
  const rows = series.slice(0, KEY.most).flatMap(({ name }, s) => {
    const y = top + 10 + s * KEY.row;
    return [
      node("path", { d: `M${WIDTH + 12} ${y}${markOf(s, 4)}`, fill: colorOf(s) }),
      text(short(name), WIDTH + 24, y + 4, ink.strong),
    ];
  });
  const rest = series.length - KEY.most;
  return rest > 0
    ? [...rows, text(`and ${rest} more`, WIDTH + 24, top + 14 + KEY.most * KEY.row, ink.soft)]
    : rows;
}

function colorOf(series: number): string {
  return SERIES_COLORS[series % SERIES_COLORS.length] as string;
}

function sizeFor(series: ScatterSeries[]): number {
  const count = series.reduce((sum, { x }) => sum + x.length, 0);
  return count < 300 ? 4 : count < 3000 ? 3 : 2;
}
