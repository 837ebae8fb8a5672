// The picture of a roofline as a tree of SVG elements: put into the page, where it takes the page's colours and width, or
// written as text for a saved notebook.

import { SERIES_COLORS } from "./curve-style.ts";
import type { Standing } from "./roofline.ts";
import { ceilings, figures, standings, worst } from "./roofline.ts";
import type { RooflineDisplay } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, round, svg, text, textOf } from "./svg.ts";

const HEIGHT = 300;
const MARGIN = { left: 54, right: 14, top: 24, bottom: 40 };
/** A kernel that takes no time is a point, one that takes all has so much more of a radius. */
const RADIUS = [3.5, 14] as const;
/** Powers of ten that an axis has at most. */
const DECADES = 5;
/** Part of the time from which on a kernel has a say in how far the axes reach; others are drawn at the edge if need be. */
const MATTERS = 0.005;
/** Radius from which on a number fits into a point. */
const ROOMY = 7;

const [ARITHMETIC, MEMORY] = SERIES_COLORS;

/** Draws it as wide as `host`, and again when that changes. */
export function plotRoofline(host: HTMLElement, display: RooflineDisplay, signal: AbortSignal): void {
  let width = 0;
  const draw = () => {
    const now = Math.min(host.clientWidth || 480, 720);
    if (now === width) return;
    width = now;
    host.replaceChildren(elementOf(svg(width, HEIGHT, plot(display, width, PAGE))));
  };
  draw();
  const resize = new ResizeObserver(draw);
  resize.observe(host);
  signal.addEventListener("abort", () => resize.disconnect());
}

/** The same by itself, with the names below. */
export function rooflineSvg(display: RooflineDisplay): string {
  const width = 640;
  const lines = worst(standings(display)).map((standing, i) => {
    const kernel = standing.kernel.length > 46 ? `${standing.kernel.slice(0, 46)}…` : standing.kernel;
    return text(`${i + 1}  ${kernel}: ${figures(standing)}`, 12, HEIGHT + 16 * i + 8, PAPER.strong);
  });
  const height = HEIGHT + 16 * lines.length + 8;
  const paper = node("rect", { width: "100%", height: "100%", fill: PAPER.back });
  return textOf(svg(width, height, [paper, ...plot(display, width, PAPER), ...lines]));
}

function plot(display: RooflineDisplay, width: number, ink: Ink): Shape[] {
  const all = standings(display).filter(({ isTimed }) => isTimed);
  const flops = Math.max(display.flops, 1);
  const ridge = flops / Math.max(display.bytes, 1);
  const roof = (intensity: number) => flops * Math.min(1, intensity / ridge);
  const known = all.filter(({ share }) => share >= MATTERS).map(({ intensity }) => intensity);
  const [left, right] = decades([...known, ridge / 10, ridge * 10]);
  // What computes nothing stands at the left edge, as far below the roof as it is from the bandwidth.
  const points = all.map((standing) => {
    const at = Math.min(Math.max(standing.intensity, left), right);
    return { standing, at, speed: standing.reached * roof(at) };
  });
  const heard = points.filter(({ standing }) => standing.share >= MATTERS);
  const [bottom, top] = decades([...heard.map(({ speed }) => speed), 2 * flops, roof(left)]);
  const x = scale(left, right, MARGIN.left, width - MARGIN.right);
  const y = scale(bottom, top, HEIGHT - MARGIN.bottom, MARGIN.top);

  const named = worst(standings(display)).map(({ kernel, ms }) => `${kernel} ${ms}`);
  const labels: Shape[] = [];
  const places: [number, number][] = [];
  const circles = points
    .sort((a, b) => b.standing.share - a.standing.share)
    .map(({ standing, at, speed }) => {
      const radius = RADIUS[0] + (RADIUS[1] - RADIUS[0]) * Math.sqrt(standing.share);
      const [cx, cy] = [x(at), y(Math.min(Math.max(speed, bottom), top))];
      const number = named.indexOf(`${standing.kernel} ${standing.ms}`);
      if (number >= 0) labels.push(label(String(number + 1), cx, cy, radius, places, ink));
      return circle(standing, cx, cy, radius);
    });
  // Where the slope comes in: at the left edge or at the bottom.
  const first = Math.max(left, (ridge * bottom) / flops);
  const path = `M${x(first)} ${y(roof(first))}L${x(ridge)} ${y(flops)}H${x(right)}`;
  const middle = Math.sqrt(first * ridge);
  const words = ceilings(display);
  return [
    ...axes(display, [left, right, bottom, top], x, y, width, ink),
    node("path", { d: path, fill: "none", stroke: ink.strong, "stroke-width": 1.75 }),
    text(words.flops, x(right), y(flops) - 6, ink.strong, "end"),
    text(words.bytes, x(middle) - 8, y(roof(middle)) - 4, ink.strong, "end"),
    ...circles,
    ...labels,
  ];
}

function circle(standing: Standing, cx: number, cy: number, r: number): Shape {
  const color = standing.bound === "memory" ? MEMORY : ARITHMETIC;
  const title = node("title", {}, [`${standing.kernel}: ${figures(standing)}`]);
  const look = { fill: color, "fill-opacity": 0.45, stroke: color };
  return node("circle", { cx: round(cx), cy: round(cy), r: round(r), ...look }, [title]);
}

/** A number in or beside a point, lower where another one is in the way. */
function label(
  number: string,
  cx: number,
  cy: number,
  radius: number,
  places: [number, number][],
  ink: Ink,
): Shape {
  const isInside = radius >= ROOMY;
  const at = isInside ? cx : cx + radius + 3;
  let line = cy + 4;
  while (places.some(([px, py]) => Math.abs(px - at) < 12 && Math.abs(py - line) < 12)) line += 4;
  places.push([at, line]);
  const halo = { "font-weight": "bold", stroke: ink.back, "stroke-width": 3, "paint-order": "stroke" };
  return text(number, at, line, ink.strong, isInside ? "middle" : "start", halo);
}

function axes(
  display: RooflineDisplay,
  [left, right, bottom, top]: [number, number, number, number],
  x: (value: number) => number,
  y: (value: number) => number,
  width: number,
  ink: Ink,
): Shape[] {
  const [end, base] = [width - MARGIN.right, HEIGHT - MARGIN.bottom];
  const parts: Shape[] = [];
  const tick = (value: number) => (value >= 1e4 || value < 1e-3 ? value.toExponential(0) : String(value));
  for (const value of powers(bottom, top)) {
    parts.push(node("path", { d: `M${MARGIN.left} ${y(value)}H${end}`, stroke: ink.line }));
    parts.push(text(tick(value / 1e9), MARGIN.left - 6, y(value) + 4, ink.soft, "end"));
  }
  for (const value of powers(left, right)) {
    parts.push(node("path", { d: `M${x(value)} ${MARGIN.top}V${base}`, stroke: ink.line }));
    parts.push(text(tick(value), x(value), base + 15, ink.soft, "middle"));
  }
  const keys: [string, string][] = [
    [MEMORY, "limited by memory"],
    [ARITHMETIC, "by arithmetic"],
  ];
  let key = end;
  for (const [color, words] of keys.reverse()) {
    key -= 12 + 6 * words.length;
    parts.push(
      node("circle", { cx: key, cy: base - 12, r: 4, fill: color, "fill-opacity": 0.6, stroke: color }),
    );
    parts.push(text(words, key + 8, base - 8, ink.soft));
    key -= 12;
  }
  parts.push(
    text(`FLOP a byte on ${display.device}`, (MARGIN.left + end) / 2, HEIGHT - 8, ink.soft, "middle"),
  );
  parts.push(text("GFLOP/s", MARGIN.left - 6, 12, ink.soft, "end"));
  return parts;
}

/** The powers of ten around positive numbers; where they are too many, the lowest are left out. */
function decades(values: number[]): [number, number] {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const high = Math.ceil(Math.max(...logs));
  const low = Math.max(Math.floor(Math.min(...logs)), high - DECADES);
  return [10 ** low, 10 ** Math.max(high, low + 1)];
}

function powers(low: number, high: number): number[] {
  const [first, last] = [low, high].map((value) => Math.round(Math.log10(value))) as [number, number];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

/** A logarithmic scale. */
function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  return (value) => round(from + ((Math.log10(value) - first) / (last - first)) * (to - from));
}
