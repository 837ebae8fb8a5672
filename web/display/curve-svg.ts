// A curve as an SVG text: the picture beside the live view in a saved notebook. Plain strings, no DOM.

import { intervalsOf, lastText, pointsOf, valueText } from "./curve.ts";
import { logTicks, namedSeries, seriesColor, ticks, tickText } from "./curve-style.ts";
import type { CurveDisplay } from "./schema.ts";

const WIDTH = 420;
const HEIGHT = 260;
const MARGIN = { left: 52, right: 12, top: 34, bottom: 38 };
const MAX_POINTS = 600;

export function curveSvg(display: CurveDisplay): string {
  const panels = display.panels.map(
    (_, p) => `<g transform="translate(${p * WIDTH} 0)">${panelSvg(display, p)}</g>`,
  );
  const width = WIDTH * Math.max(1, display.panels.length);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" ` +
    `font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>${panels.join("")}</svg>`
  );
}

function panelSvg(display: CurveDisplay, index: number): string {
  const panel = display.panels[index];
  if (!panel) return "";
  const series = panel.series.map((_, s) => thin(pointsOf(display, index, s)));
  const xs = extent(series.flatMap(({ x }) => x));
  const scaled = panel.log ? (v: number) => (v > 0 ? Math.log10(v) : Number.NaN) : (v: number) => v;
  const intervals = panel.series.map((_, s) => intervalsOf(display, index, s));
  const heights = [...series.flatMap(({ y }) => y), ...intervals.flat().flatMap(([, ...ends]) => ends)];
  const ys = padded(extent(heights.map(scaled).filter(Number.isFinite)));
  const x = (v: number) =>
    round(MARGIN.left + ((v - xs[0]) / (xs[1] - xs[0])) * (WIDTH - MARGIN.left - MARGIN.right));
  const y = (v: number) =>
    round(
      HEIGHT -
        MARGIN.bottom -
        ((scaled(v) - ys[0]) / (ys[1] - ys[0])) * (HEIGHT - MARGIN.top - MARGIN.bottom),
    );

  const parts: string[] = [];
  for (const tick of panel.log ? logTicks(10 ** ys[0], 10 ** ys[1]) : ticks(ys[0], ys[1], 5)) {
    parts.push(`<path d="M${MARGIN.left} ${y(tick)}H${WIDTH - MARGIN.right}" stroke="#e3e3e3"/>`);
    parts.push(text(MARGIN.left - 6, y(tick) + 4, tickText(tick, panel), "end"));
  }
  for (const tick of ticks(xs[0], xs[1], 6)) {
    parts.push(text(x(tick), HEIGHT - MARGIN.bottom + 16, valueText(tick, undefined), "middle"));
  }
  for (const mark of display.marks ?? []) {
    const at = x(mark.x);
    parts.push(
      `<path d="M${at} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#777" stroke-dasharray="3"/>`,
    );
  }
  parts.push(text((WIDTH + MARGIN.left) / 2, HEIGHT - 6, display.x.label, "middle"));
  let label = MARGIN.left;
  parts.push(`<g font-weight="bold">${text(label, 18, panel.label, "start")}</g>`);
  label += 14 + 7 * panel.label.length;
  const named = new Set(namedSeries(panel));
  for (const [s, { x: sx, y: sy }] of series.entries()) {
    const color = seriesColor(panel, s);
    const value = panel.ordered || panel.series.length > 2 ? "" : ` ${lastText(display, index, s)}`;
    const name = `${panel.series[s]?.name ?? ""}${value}`;
    if (named.has(s)) {
      parts.push(`<circle cx="${label}" cy="14" r="4" fill="${color}"/>`, text(label + 8, 18, name, "start"));
      label += 22 + 6.5 * name.length;
    }
    for (const [at, low, high] of intervals[s] ?? []) {
      const ends = [low, high].map((end) => `M${round(x(at) - 3)} ${y(end)}h6`).join("");
      const path = `M${x(at)} ${y(low)}V${y(high)}${ends}`;
      if (!path.includes("NaN")) parts.push(`<path d="${path}" stroke="${color}" stroke-opacity="0.6"/>`);
    }
    const points = sx.map((v, i) => `${x(v)} ${y(sy[i] ?? Number.NaN)}`).filter((p) => !p.includes("NaN"));
    if (panel.series[s]?.style === "dots") {
      for (const p of points)
        parts.push(`<circle cx="${p.split(" ")[0]}" cy="${p.split(" ")[1]}" r="3" fill="${color}"/>`);
    } else if (points.length > 0) {
      parts.push(`<path d="M${points.join("L")}" fill="none" stroke="${color}" stroke-width="1.75"/>`);
    }
  }
  return parts.join("");
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  const escaped = content.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#333">${escaped}</text>`;
}

/** Lowest and highest, never equal. */
function extent(values: number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low === high) return [low - 0.5, high + 0.5];
  return [low, high];
}

function padded([low, high]: [number, number]): [number, number] {
  const room = 0.04 * (high - low);
  return [low - room, high + room];
}

/** At most `MAX_POINTS`, evenly chosen, the last one kept. */
function thin({ x, y }: { x: number[]; y: number[] }): { x: number[]; y: number[] } {
  const step = Math.ceil(x.length / MAX_POINTS);
  const keep = (_: number, i: number) => step <= 1 || i % step === 0 || i === x.length - 1;
  return { x: x.filter(keep), y: y.filter(keep) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
