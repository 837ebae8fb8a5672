// The live plot: one uPlot per panel, redrawn at most once a frame, with the current values beside the names.

import uPlot from "uplot";
import { intervalsOf, lastText, pointsOf, valueText } from "./curve.ts";
import { logTicks, namedSeries, seriesColor, tickText } from "./curve-style.ts";
import type { CurveDisplay, CurveMark, CurvePanel, PointsUpdate } from "./schema.ts";
import { append } from "./view.ts";

/** Where the style sheet does not say another one. */
const HEIGHT = 220;

/** Draws every panel into `grid`; the returned function is told of what was appended to the display. */
export function plotCurve(
  grid: HTMLElement,
  display: CurveDisplay,
  signal: AbortSignal,
): (update: PointsUpdate) => void {
  const panels = display.panels.map((panel, index) => new PanelPlot(grid, display, panel, index));
  let frame = 0;
  const draw = () => {
    frame = 0;
    for (const panel of panels) panel.draw();
  };
  const resize = new ResizeObserver(() => {
    for (const panel of panels) panel.fit();
  });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolor = () => {
    for (const panel of panels) panel.rebuild();
  };
  resize.observe(grid);
  scheme.addEventListener("change", recolor, { signal });
  document.documentElement.addEventListener("theme-change", recolor, { signal });
  signal.addEventListener("abort", () => {
    resize.disconnect();
    cancelAnimationFrame(frame);
    for (const panel of panels) panel.destroy();
  });
  return ({ points, marks }) => {
    for (const { panel } of points) panels[panel]?.invalidate();
    if (marks) for (const panel of panels) panel.invalidate();
    frame ||= requestAnimationFrame(draw);
  };
}

class PanelPlot {
  readonly #host: HTMLElement;
  /** Where the value of a series stands, of those that are named. */
  readonly #values: Map<number, HTMLElement>;
  #plot: uPlot;
  /** Where the value across stands that the pointer is at. */
  readonly #at: HTMLElement;
  #isDirty = false;

  constructor(
    grid: HTMLElement,
    private readonly display: CurveDisplay,
    private readonly panel: CurvePanel,
    private readonly index: number,
  ) {
    const box = append(grid, "div", "curve-panel");
    const head = append(box, "div", "curve-head");
    append(head, "span", "curve-label", panel.label);
    const key = (s: number): [number, HTMLElement] => {
      const entry = append(head, "span", "curve-key");
      entry.style.setProperty("--series-color", seriesColor(panel, s));
      append(entry, "span", "curve-name", panel.series[s]?.name);
      return [s, append(entry, "span", "curve-value", lastText(display, index, s))];
    };
    this.#values = new Map(namedSeries(panel).map(key));
    this.#at = append(head, "span", "curve-at");
    this.#host = append(box, "div", "curve-canvas");
    this.#plot = this.#create();
  }

  invalidate(): void {
    this.#isDirty = true;
  }

  draw(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    // What grows meanwhile leaves a part that the reader has chosen as it is.
    const isPart = this.#isPart();
    this.#plot.setData(this.#data(), !isPart);
    if (isPart) this.#plot.redraw();
    for (const [s, value] of this.#values) value.textContent = lastText(this.display, this.index, s);
  }

  #isPart(): boolean {
    const [x] = this.#plot.data;
    const { min = null, max = null } = this.#plot.scales.x ?? {};
    return min !== null && max !== null && x.length > 1 && (min > (x[0] ?? min) || max < (x.at(-1) ?? max));
  }

  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width === 0 || (width === this.#plot.width && height === this.#plot.height)) return;
    this.#plot.setSize({ width, height });
  }

  rebuild(): void {
    this.#plot.destroy();
    this.#plot = this.#create();
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #create(): uPlot {
    const style = getComputedStyle(this.#host);
    const ink = style.getPropertyValue("--ink-soft").trim();
    const grid = { stroke: style.getPropertyValue("--line").trim(), width: 1 };
    const font = `11px ${style.getPropertyValue("--font-ui").trim() || "sans-serif"}`;
    const axis = { stroke: ink, grid, ticks: { ...grid, size: 4 }, font, labelFont: font, labelSize: 18 };
    const options: uPlot.Options = {
      width: this.#host.clientWidth || 320,
      height: this.#host.clientHeight || HEIGHT,
      padding: [8, 18, 0, 0],
      scales: {
        x: { time: false },
        y: this.panel.log ? { distr: 3 } : { range: this.#reach },
      },
      legend: { show: false },
      // A drag across shows a part, a double click all of it.
      cursor: { points: { size: 6 }, drag: { x: true, y: false } },
      axes: [
        { ...axis, label: this.display.x.label, size: 28 },
        { ...axis, size: 52, ...this.#ticks() },
      ],
      series: [{}, ...this.panel.series.map((_, s) => this.#series(s))],
      hooks: {
        setCursor: [(plot) => this.#showAt(plot.cursor.idx)],
        draw: [
          (plot) => drawMarks(plot, this.display.marks ?? [], ink, font),
          (plot) => {
            for (const s of this.panel.series.keys())
              drawIntervals(plot, intervalsOf(this.display, this.index, s), seriesColor(this.panel, s));
          },
        ],
      },
    };
    return new uPlot(options, this.#data(), this.#host);
  }

  /** From the lowest end of an interval to the highest, with some room; without intervals as uPlot does. */
  readonly #reach = (_plot: uPlot, low: number, high: number): uPlot.Range.MinMax => {
    if (low === null || high === null) return [null, null];
    const intervals = this.panel.series.flatMap((_, s) => intervalsOf(this.display, this.index, s));
    if (intervals.length === 0) return uPlot.rangeNum(low, high, 0.1, true);
    let [from, to] = [low, high];
    for (const [, least, most] of intervals) [from, to] = [Math.min(from, least), Math.max(to, most)];
    const room = 0.05 * (to - from || 1);
    return [from - room, to + room];
  };

  #ticks(): uPlot.Axis {
    const values: uPlot.Axis.DynamicValues = (_, splits) => splits.map((v) => tickText(v, this.panel));
    if (!this.panel.log) return { values };
    return {
      values,
      splits: (_plot, _axis, low, high) => logTicks(low, high),
      filter: (_, splits) => splits,
    };
  }

  #series(index: number): uPlot.Series {
    const color = seriesColor(this.panel, index);
    const isDots = this.panel.series[index]?.style === "dots";
    return {
      stroke: color,
      width: isDots ? 0 : 1.75,
      spanGaps: true,
      points: isDots ? { show: true, size: 7, fill: color, stroke: color } : { size: 5, fill: color },
      ...(isDots ? { paths: () => null } : {}),
    };
  }

  /** All series over the union of their x, as uPlot wants them. */
  #data(): uPlot.AlignedData {
    const series = this.panel.series.map((_, s) => pointsOf(this.display, this.index, s));
    const placed = (y: number[]) => (this.panel.log ? y.map((value) => (value > 0 ? value : null)) : y);
    return uPlot.join(series.map(({ x, y }) => [x, placed(y)] as uPlot.AlignedData));
  }

  /** The values under the pointer, or the last ones when it is elsewhere. */
  #showAt(position: number | null | undefined): void {
    const x = typeof position === "number" ? this.#plot.data[0]?.[position] : undefined;
    this.#at.textContent = typeof x === "number" ? `${this.display.x.label} ${valueText(x, undefined)}` : "";
    for (const [s, value] of this.#values) {
      const y = typeof position === "number" ? this.#plot.data[s + 1]?.[position] : undefined;
      value.textContent =
        typeof y === "number" ? valueText(y, this.panel) : lastText(this.display, this.index, s);
    }
  }
}

/** Upright lines with ends. */
function drawIntervals(plot: uPlot, intervals: readonly [number, number, number][], color: string): void {
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = devicePixelRatio;
  const half = 3 * devicePixelRatio;
  for (const [x, low, high] of intervals) {
    const at = plot.valToPos(x, "x", true);
    const [from, to] = [plot.valToPos(low, "y", true), plot.valToPos(high, "y", true)];
    ctx.beginPath();
    ctx.moveTo(at, from);
    ctx.lineTo(at, to);
    for (const end of [from, to]) {
      ctx.moveTo(at - half, end);
      ctx.lineTo(at + half, end);
    }
    ctx.stroke();
  }
  ctx.restore();
}

/** Dashed lines with their texts, as far as these have room. */
function drawMarks(plot: uPlot, marks: readonly CurveMark[], ink: string, font: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.font = font.replace(/\d+px/, `${11 * devicePixelRatio}px`);
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  let free = Number.NEGATIVE_INFINITY;
  for (const { x, text } of marks) {
    const at = Math.round(plot.valToPos(x, "x", true));
    if (!(at >= bbox.left && at <= bbox.left + bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(text).width + 8 * devicePixelRatio;
    if (at < free) continue;
    const left = Math.min(at + 4 * devicePixelRatio, bbox.left + bbox.width - width);
    ctx.fillText(text, left, bbox.top + 2 * devicePixelRatio);
    free = left + width;
  }
  ctx.restore();
}
