// The pictures of ROC and precision–recall curves: in the page with a point that follows the threshold, and by themselves for a file.

import { SERIES_COLORS } from "./curve-style.ts";
import type { ThresholdCurve, ThresholdsDisplay } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, pictureOf, svg, text } from "./svg.ts";
import { areasOf, countsAt, figureText, thresholdText } from "./thresholds.ts";
import type { UnitPlot } from "./unit-plot.ts";
import { pathOf, unitPlot } from "./unit-plot.ts";
import type { Picture } from "./view.ts";
import { append } from "./view.ts";

type Panel = ThresholdsDisplay["panels"][number];

const LARGEST = 380;
const ON_PAPER = 340;
const LABELS: Record<Panel, { title: string; x: string; y: string }> = {
  roc: { title: "ROC", x: "false positive rate", y: "recall (true positive rate)" },
  precisionRecall: { title: "Precision–recall", x: "recall", y: "precision" },
};

/** Draws the panels; the returned function moves the point. `choose` is told which threshold is under the pointer. */
export function plotThresholds(
  host: HTMLElement,
  display: ThresholdsDisplay,
  signal: AbortSignal,
  choose: (at: number) => void,
): (curve: ThresholdCurve, at: number) => void {
  let now: { curve: ThresholdCurve; at: number } | undefined;
  let width = 0;
  const boxes = display.panels.map((panel) => {
    const box = append(host, "div", "thresholds-panel");
    const picture = append(box, "div", "");
    picture.role = "img";
    const area = append(box, "p", "output-note");
    const follow = (event: PointerEvent) => {
      if (!now || (event.type === "pointermove" && event.pointerType === "touch" && event.buttons === 0))
        return;
      const frame = picture.getBoundingClientRect();
      const plot = unitPlot(width);
      const [x, y] = plot.sharesAt(event.clientX - frame.left, event.clientY - frame.top);
      choose(nearest(now.curve, panel, x, y));
    };
    picture.addEventListener("pointermove", follow, { signal });
    picture.addEventListener("pointerdown", follow, { signal });
    return { panel, box, picture, area };
  });
  const draw = () => {
    if (!now) return;
    const { curve, at } = now;
    for (const { panel, picture, area } of boxes) {
      const plot = unitPlot(width);
      picture.ariaLabel = wordsOf(panel, curve, at);
      picture.replaceChildren(
        elementOf(svg(width, plot.height, shapesOf(plot, display, panel, curve, at, PAGE))),
      );
      area.textContent = curve.lines[panel]?.area ?? "";
    }
  };
  const fit = () => {
    const gap = 16;
    const room = host.clientWidth || 2 * LARGEST;
    const across = display.panels.length > 1 && room >= 560 ? (room - gap) / 2 : room;
    const next = Math.floor(Math.min(LARGEST, across));
    if (next === width) return;
    width = next;
    for (const { box } of boxes) box.style.width = `${width}px`;
    draw();
  };
  fit();
  const resize = new ResizeObserver(fit);
  resize.observe(host);
  signal.addEventListener("abort", () => resize.disconnect());
  return (curve, at) => {
    now = { curve, at };
    draw();
  };
}

/** The panels side by side, with the counts and figures at the threshold that is set at first. */
export function thresholdsPicture(display: ThresholdsDisplay): Picture {
  const { panels, curves, title, intervals } = display;
  const [curve] = curves as [ThresholdCurve];
  const at = curve.start;
  const plot = unitPlot(ON_PAPER);
  const top = title ? 26 : 4;
  const parts = panels.map((panel, i) =>
    node(
      "g",
      { transform: `translate(${i * ON_PAPER} ${top})` },
      shapesOf(plot, display, panel, curve, at, PAPER),
    ),
  );
  const [tp, fp, fn, tn] = countsAt(curve, at);
  const lines = [
    ...(curves.length > 1 ? curves.map((one) => `${one.positive}: ${areasOf(one)}`) : [areasOf(curve)]),
    `At threshold ${thresholdText(curve.thresholds[at])} for ${curve.positive}: ${tp} true and ${fp} false positives, ${fn} false and ${tn} true negatives`,
    ...curve.figures.map((figure) => `${figure.name} ${figureText(figure, at)}`),
    ...(intervals === undefined ? [] : [`Intervals, ${intervals}`]),
  ];
  const foot = top + plot.height + 14;
  const words = lines.map((line, i) => text(line, 12, foot + 15 * i, PAPER.strong));
  const longest = Math.max(...lines.map(({ length }) => length));
  const width = Math.max(panels.length * ON_PAPER, Math.round(5.7 * longest) + 24);
  const paper = node("rect", { width: "100%", height: "100%", fill: PAPER.back });
  const head = title ? [text(title, 12, 16, PAPER.strong, "start", { "font-weight": "bold" })] : [];
  return pictureOf(svg(width, foot + 15 * lines.length, [paper, ...head, ...parts, ...words]));
}

function wordsOf(panel: Panel, { positive, lines, thresholds, figures }: ThresholdCurve, at: number): string {
  const told = figures.map((figure) => `${figure.name} ${figureText(figure, at)}`).join(", ");
  return `${LABELS[panel].title} curve of ${positive}; ${lines[panel]?.area ?? ""}; at threshold ${thresholdText(thresholds[at])}: ${told}`;
}

function shapesOf(
  plot: UnitPlot,
  { curves }: ThresholdsDisplay,
  panel: Panel,
  chosen: ThresholdCurve,
  at: number,
  ink: Ink,
): Shape[] {
  const path = (curve: ThresholdCurve) =>
    pathOf(
      [...curve.thresholds.keys()].flatMap((i) => {
        const point = pointOf(curve, panel, i);
        return point ? [[plot.x(point[0]), plot.y(point[1])] as const] : [];
      }),
    );
  const dashes = { fill: "none", stroke: ink.soft, "stroke-dasharray": 4 };
  // Who guesses: any share of both kinds is found, or what is found is right as often as there are positives.
  const { positives, negatives } = chosen;
  const share = positives / Math.max(1, positives + negatives);
  const guess =
    panel === "roc"
      ? `M${plot.x(0)} ${plot.y(0)}L${plot.x(1)} ${plot.y(1)}`
      : `M${plot.x(0)} ${plot.y(share)}H${plot.x(1)}`;
  const point = pointOf(chosen, panel, at);
  const [color] = SERIES_COLORS;
  return [
    // Everywhere within the picture is under the pointer.
    node("rect", { width: plot.width, height: plot.height, fill: "transparent" }),
    ...plot.ground(LABELS[panel], ink),
    node("path", { d: guess, ...dashes }),
    ...curves
      .filter((curve) => curve !== chosen)
      .map((curve) =>
        node("path", {
          d: path(curve),
          fill: "none",
          stroke: ink.soft,
          "stroke-width": 1,
          "stroke-opacity": 0.5,
        }),
      ),
    node("path", { d: path(chosen), fill: "none", stroke: color, "stroke-width": 2 }),
    ...(point
      ? [
          node("circle", {
            cx: plot.x(point[0]),
            cy: plot.y(point[1]),
            r: 5.5,
            fill: color,
            stroke: ink.back,
            "stroke-width": 2,
          }),
        ]
      : []),
  ];
}

/** Where a threshold lies in a panel. */
function pointOf({ lines }: ThresholdCurve, panel: Panel, at: number): [x: number, y: number] | undefined {
  const [x = Number.NaN, y = Number.NaN] = [lines[panel]?.x[at], lines[panel]?.y[at]];
  return Number.isFinite(x + y) ? [x, y] : undefined;
}

function nearest(curve: ThresholdCurve, panel: Panel, x: number, y: number): number {
  let best = { at: curve.start, distance: Infinity };
  for (const at of curve.thresholds.keys()) {
    const point = pointOf(curve, panel, at);
    if (!point) continue;
    const distance = Math.hypot(point[0] - x, point[1] - y);
    if (distance < best.distance) best = { at, distance };
  }
  return best.at;
}
