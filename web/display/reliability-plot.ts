// The picture of a reliability diagram: a bar for each bin up to the share that was right, with its interval, the gap to how sure the model was, and
// below it how many samples the bin has.

import { SERIES_COLORS } from "./curve-style.ts";
import type { ReliabilityDisplay } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, pictureOf, round, svg, text } from "./svg.ts";
import { unitPlot } from "./unit-plot.ts";
import type { Picture } from "./view.ts";

const LARGEST = 380;
const COUNTS = 70;
const [RIGHT, GAP] = SERIES_COLORS;

/** Draws it as wide as `host`, and again when that changes. */
export function plotReliability(host: HTMLElement, display: ReliabilityDisplay, signal: AbortSignal): void {
  let width = 0;
  const draw = () => {
    const now = Math.min(host.clientWidth || LARGEST, LARGEST);
    if (now === width) return;
    width = now;
    const { height, shapes } = drawn(display, width, PAGE);
    host.replaceChildren(elementOf(svg(width, height, shapes)));
  };
  draw();
  const resize = new ResizeObserver(draw);
  resize.observe(host);
  signal.addEventListener("abort", () => resize.disconnect());
}

/** The same by itself. */
export function reliabilityPicture(display: ReliabilityDisplay): Picture {
  const { title = "Reliability", note } = display;
  const { height, shapes } = drawn(display, LARGEST, PAPER);
  const whole = height + 26 + (note === undefined ? 0 : 20);
  return pictureOf(
    svg(Math.max(LARGEST, 6.2 * (note?.length ?? 0)), whole, [
      node("rect", { width: "100%", height: "100%", fill: PAPER.back }),
      text(title, 8, 16, PAPER.strong, "start", { "font-weight": "bold" }),
      node("g", { transform: "translate(0 24)" }, shapes),
      ...(note === undefined ? [] : [text(note, 8, whole - 8, PAPER.strong)]),
    ]),
  );
}

function drawn(
  { bins, axes }: ReliabilityDisplay,
  width: number,
  ink: Ink,
): { height: number; shapes: Shape[] } {
  const plot = unitPlot(width);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const [top, base] = [plot.height + 16, plot.height + COUNTS];
  const shapes = [
    ...plot.ground(
      { title: "", x: axes?.x ?? "how sure the model was", y: axes?.y ?? "share that was right" },
      ink,
    ),
    ...legend(plot.x(0), ink),
    ...bins.flatMap(({ from, to, confidence, accuracy, interval, count }) => {
      const [left, right] = [plot.x(from) + 1, plot.x(to) - 1];
      const bar = { x: left, width: Math.max(1, right - left) };
      const between = [
        plot.y(Math.max(accuracy, confidence)),
        plot.y(Math.min(accuracy, confidence)),
      ] as const;
      const middle = round((left + right) / 2);
      const tall = round((base - top) * (count / most));
      const words = `${from.toFixed(2)} to ${to.toFixed(2)}: sure ${confidence.toFixed(3)}, right ${accuracy.toFixed(3)}, ${count} samples`;
      return [
        node("g", {}, [
          node("title", {}, [words]),
          node("rect", {
            ...bar,
            y: plot.y(accuracy),
            height: round(plot.y(0) - plot.y(accuracy)),
            fill: RIGHT,
            "fill-opacity": 0.75,
          }),
          node("rect", {
            ...bar,
            y: between[0],
            height: round(between[1] - between[0]),
            fill: GAP,
            "fill-opacity": 0.3,
            stroke: GAP,
          }),
          ...(interval
            ? [
                node("path", {
                  d: `M${middle} ${plot.y(interval[0])}V${plot.y(interval[1])}M${middle - 3} ${plot.y(interval[0])}h6M${middle - 3} ${plot.y(interval[1])}h6`,
                  stroke: ink.strong,
                  "stroke-width": 1.5,
                  fill: "none",
                }),
              ]
            : []),
          node("rect", { ...bar, y: round(base - tall), height: tall, fill: ink.soft, "fill-opacity": 0.6 }),
        ]),
      ];
    }),
    node("path", {
      d: `M${plot.x(0)} ${plot.y(0)}L${plot.x(1)} ${plot.y(1)}`,
      stroke: ink.strong,
      "stroke-dasharray": 4,
      fill: "none",
    }),
    node("path", { d: `M${plot.x(0)} ${base}H${plot.x(1)}`, stroke: ink.line }),
    text(
      `samples (at most ${most.toLocaleString("en")})`,
      (plot.x(0) + plot.x(1)) / 2,
      base + 14,
      ink.soft,
      "middle",
    ),
  ];
  return { height: base + 20, shapes };
}

function legend(left: number, ink: Ink): Shape[] {
  const keys: [string, string][] = [
    [RIGHT, "observed share, its interval"],
    [GAP, "gap"],
  ];
  let at = left;
  return keys.flatMap(([color, words]) => {
    const shapes = [
      node("rect", { x: at, y: 6, width: 9, height: 9, fill: color, "fill-opacity": 0.75 }),
      text(words, at + 13, 14, ink.soft),
    ];
    at += 30 + 5.6 * words.length;
    return shapes;
  });
}
