// ROC and precision–recall curves with a threshold that the reader sets, by the pointer on a curve or by the slider: counts and figures
// follow. All figures came with the curve; nothing is computed here. `thresholds-plot.ts` draws the curves and is loaded when one is shown.

import { formatNumber } from "./inspect.ts";
import type { TableDisplay, ThresholdCurve, ThresholdFigure, ThresholdsDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

/** Rows of the table that is saved. */
const MOST_ROWS = 200;

/** True and false positives, false and true negatives at a threshold. */
export function countsAt(
  curve: ThresholdCurve,
  at: number,
): [tp: number, fp: number, fn: number, tn: number] {
  const [tp, fp] = [curve.truePositives[at] ?? 0, curve.falsePositives[at] ?? 0];
  return [tp, fp, curve.positives - tp, curve.negatives - fp];
}

/** "0.953 (0.946–0.959)" */
export function figureText({ values, low, high }: ThresholdFigure, at: number): string {
  const value = values[at] ?? Number.NaN;
  if (Number.isNaN(value)) return "undefined";
  const [from = Number.NaN, to = Number.NaN] = [low[at], high[at]];
  return `${value.toFixed(3)}${Number.isNaN(from + to) ? "" : ` (${from.toFixed(3)}–${to.toFixed(3)})`}`;
}

/** The areas under its lines, in words. */
export function areasOf({ lines }: ThresholdCurve): string {
  return [lines.roc, lines.precisionRecall].flatMap((line) => line?.area ?? []).join("; ");
}

/** A threshold in words; above all scores, nothing is found. */
export function thresholdText(value = Number.NaN): string {
  return Number.isFinite(value) ? formatNumber(Number(value.toPrecision(4))) : "above all scores";
}

export const thresholdsView: { table(display: ThresholdsDisplay): TableDisplay } & View<ThresholdsDisplay> = {
  text({ title = "Curves over the threshold", curves, intervals }) {
    const lines = curves.map((curve) => {
      const { positive, thresholds, start, figures } = curve;
      const told = figures.map((figure) => `${figure.name} ${figureText(figure, start)}`).join(", ");
      return `${positive}: ${areasOf(curve)}; at threshold ${thresholdText(thresholds[start])}: ${told}`;
    });
    return [title, ...lines, ...(intervals === undefined ? [] : [`Intervals, ${intervals}`])].join("\n");
  },

  table({ curves }) {
    const names = curves[0]?.figures.map(({ name }) => name) ?? [];
    const rows = curves.flatMap((curve) => {
      const every = Math.ceil((curve.thresholds.length * curves.length) / MOST_ROWS);
      const shown = [...curve.thresholds.keys()].filter((at) => at % every === 0);
      return shown.map((at) => [
        curve.positive,
        curve.thresholds[at] ?? null,
        ...countsAt(curve, at),
        ...curve.figures.map(({ values }) => (Number.isNaN(values[at]) ? null : (values[at] ?? null))),
      ]);
    });
    return { kind: "table", columns: ["class", "threshold", "TP", "FP", "FN", "TN", ...names], rows };
  },

  render(host, display, signal) {
    const { title, curves } = display;
    if (title) append(host, "p", "curve-title", title);
    const box = append(host, "div", "thresholds-output");
    let curve = curves[0] as ThresholdCurve;
    let at = curve.start;
    const panels = append(box, "div", "thresholds-panels");
    let move: ((curve: ThresholdCurve, at: number) => void) | undefined;

    const controls = append(box, "div", "thresholds-controls");
    if (curves.length > 1) {
      const label = append(controls, "label", "thresholds-class", "Class ");
      const choice = append(label, "select", "");
      for (const { positive } of curves) append(choice, "option", "", positive);
      choice.onchange = () => {
        curve = curves[choice.selectedIndex] as ThresholdCurve;
        slider.max = String(curve.thresholds.length - 1);
        set(curve.start);
      };
    }
    const label = append(controls, "label", "thresholds-slider");
    append(label, "span", "", "Threshold");
    const slider = append(label, "input", "");
    slider.type = "range";
    slider.min = "0";
    slider.step = "1";
    slider.max = String(curve.thresholds.length - 1);
    slider.oninput = () => set(Number(slider.value));
    // The slider says it; an output element would say it once more, and change the slider's name.
    const value = append(label, "span", "thresholds-value");
    value.ariaHidden = "true";

    const below = append(box, "div", "thresholds-below");
    const matrix = append(below, "div", "thresholds-matrix");
    const figures = append(below, "div", "thresholds-figures");
    const set = (to: number) => {
      at = to;
      slider.value = String(at);
      value.textContent = thresholdText(curve.thresholds[at]);
      const words = curve.figures.map((figure) => `${figure.name} ${figureText(figure, at)}`).join(", ");
      slider.setAttribute("aria-valuetext", `${value.textContent}: ${words}`);
      matrix.replaceChildren(matrixOf(curve, at));
      figures.replaceChildren(figuresOf(curve, at, display.intervals));
      move?.(curve, at);
    };
    set(at);
    import("./thresholds-plot.ts").then(
      ({ plotThresholds }) => {
        if (signal.aborted) return;
        move = plotThresholds(panels, display, signal, set);
        move(curve, at);
      },
      () => append(panels, "p", "output-note", "The plot could not be loaded."),
    );
    return undefined;
  },

  async picture(display) {
    const { thresholdsPicture } = await import("./thresholds-plot.ts");
    return thresholdsPicture(display);
  },
};

function matrixOf(curve: ThresholdCurve, at: number): HTMLElement {
  const [tp, fp, fn, tn] = countsAt(curve, at);
  const { positive, negative } = curve;
  const table = document.createElement("table");
  append(table, "caption", "", "true classes down, predicted across");
  const head = append(append(table, "thead", ""), "tr", "");
  append(head, "td", "");
  for (const name of [positive, negative]) append(head, "th", "", name).scope = "col";
  const body = append(table, "tbody", "");
  for (const [name, counts] of [
    [positive, [tp, fn]],
    [negative, [fp, tn]],
  ] as const) {
    const row = append(body, "tr", "");
    append(row, "th", "", name).scope = "row";
    for (const [i, count] of counts.entries()) {
      const isRight = (i === 0) === (name === positive);
      append(row, "td", isRight ? "is-right" : "is-wrong", String(count));
    }
  }
  return table;
}

function figuresOf(curve: ThresholdCurve, at: number, intervals = "not told how"): HTMLElement {
  const table = document.createElement("table");
  append(table, "caption", "", `with intervals, ${intervals}`);
  const body = append(table, "tbody", "");
  for (const figure of curve.figures) {
    const row = append(body, "tr", "");
    append(row, "th", "", figure.name).scope = "row";
    append(row, "td", "", figureText(figure, at));
  }
  return table;
}
