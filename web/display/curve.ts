// A live curve: panels such as loss and accuracy, each with its series. uPlot draws it and is loaded when one is shown;
// `curve-svg.ts` draws the picture that is saved.

import { formatNumber } from "./inspect.ts";
import type { CurveDisplay, CurvePanel, PointsUpdate } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const curveView: View<CurveDisplay> = {
  text(display) {
    const lines = display.panels.flatMap((panel, p) =>
      panel.series.map(({ name }, s) => `${panel.label}, ${name}: ${lastText(display, p, s)}`),
    );
    const marks = (display.marks ?? []).slice(-5).map(({ x, text }) => `${display.x.label} ${x}: ${text}`);
    return [display.title ?? "Curve", ...lines, ...marks].join("\n");
  },

  render(host, display, signal) {
    const box = append(host, "div", "curve-output");
    box.role = "img";
    box.ariaLabel = curveView.text(display);
    if (display.title) append(box, "p", "curve-title", display.title);
    const grid = append(box, "div", "curve-panels");
    let draw: ((update: PointsUpdate) => void) | undefined;
    import("./curve-plot.ts").then(
      ({ plotCurve }) => {
        if (!signal.aborted) draw = plotCurve(grid, display, signal);
      },
      () => append(grid, "p", "output-note", "The plot could not be loaded."),
    );
    return {
      append(update) {
        draw?.(update);
        box.ariaLabel = curveView.text(display);
      },
    };
  },

  async picture(display) {
    const { curveSvg } = await import("./curve-svg.ts");
    return svgPicture(curveSvg(display));
  },

  table(display) {
    const { points = [], panels } = display;
    const hasEnds = points.some(({ low, high }) => low && high);
    const number = (list: number[] | undefined, i: number) => list?.[i] ?? Number.NaN;
    return {
      columns: ["panel", "series", display.x.label, "value", ...(hasEnds ? ["from", "to"] : [])],
      rows: panels.flatMap(({ label, series }, p) =>
        series.flatMap(({ name }, s) =>
          points
            .filter(({ panel, series }) => panel === p && series === s)
            .flatMap(({ x, y, low, high }) =>
              x.map((at, i) => {
                const ends = hasEnds ? [number(low, i), number(high, i)] : [];
                return [label, name, at, number(y, i), ...ends];
              }),
            ),
        ),
      ),
    };
  },
};

/** The points of one series, in order. */
export function pointsOf(display: CurveDisplay, panel: number, series: number): { x: number[]; y: number[] } {
  const found = display.points?.filter((p) => p.panel === panel && p.series === series) ?? [];
  return { x: found.flatMap((p) => p.x), y: found.flatMap((p) => p.y) };
}

/** Where the truth may lie, for those points of a series of which that is known. */
export function intervalsOf(
  { points = [] }: CurveDisplay,
  panel: number,
  series: number,
): [x: number, low: number, high: number][] {
  return points
    .filter((p) => p.panel === panel && p.series === series && p.low && p.high)
    .flatMap(({ x, low, high }) =>
      x.map((at, i): [number, number, number] => [at, low?.[i] ?? Number.NaN, high?.[i] ?? Number.NaN]),
    )
    .filter((interval) => interval.every(Number.isFinite));
}

/** The last value of a series with its unit. */
export function lastText(display: CurveDisplay, panel: number, series: number): string {
  const { x, y } = pointsOf(display, panel, series);
  const value = y.at(-1);
  if (value === undefined) return "–";
  const [at, low, high] = intervalsOf(display, panel, series).at(-1) ?? [];
  const known = display.panels[panel];
  const words = valueText(value, known);
  return at === undefined || at !== x.at(-1)
    ? words
    : `${words} (${valueText(low ?? value, undefined)}–${valueText(high ?? value, undefined)})`;
}

export function valueText(value: number, panel: CurvePanel | undefined): string {
  const text = Math.abs(value) >= 1e-3 ? formatNumber(Number(value.toPrecision(4))) : value.toExponential(2);
  return panel?.unit ? `${value === 0 ? "0" : text} ${panel.unit}` : value === 0 ? "0" : text;
}
