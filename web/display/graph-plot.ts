// The picture of a graph: dagre says where boxes lie and how arrows run (layers of boxes, few crossings), and we draw them. Graphs come from
// anyone's notebooks, and a layout takes longer than its graph is large: what would hold up the page is a list instead.

import { Graph, layout } from "@dagrejs/dagre";
import { graphView } from "./graph.ts";
import type { GraphBox, GraphDisplay } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, round, svg, text, textOf } from "./svg.ts";

const TITLE = { size: 12, line: 15 };
const NOTE = { size: 11, line: 14 };
const PADDING = { x: 10, y: 6 };
/** A layer's notes that are together no longer stand on one line. */
const SHORT = 34;
/** Down to this much of its size a picture is made to fit; below that it scrolls. */
const LEAST_SCALE = 0.75;
/** Boxes, and rows of boxes that arrows pass: so many are laid out in about a second. */
const MOST_PLACES = 3000;

/** Colours of arrows and boxes beside those of all pictures. */
interface Paint extends Ink {
  fills: Record<GraphBox["role"], string>;
  accent: string;
}

const ON_PAGE: Paint = {
  ...PAGE,
  accent: "var(--accent)",
  fills: {
    input: "var(--panel-strong)",
    layer: "var(--accent-soft)",
    join: "var(--page)",
    value: "var(--panel)",
    output: "var(--accent-soft)",
  },
};
const ON_PAPER: Paint = {
  ...PAPER,
  accent: "#2f5fc4",
  fills: { input: "#eceef2", layer: "#e4ecfb", join: "white", value: "#f6f7f9", output: "#e4ecfb" },
};

/** Draws it, as large as fits the width of `host`, and again when that changes. */
export function plotGraph(host: HTMLElement, display: GraphDisplay, signal: AbortSignal): void {
  const { width, height, shapes } = drawn(display, ON_PAGE);
  const picture = elementOf(svg(width, height, shapes));
  const fit = () => {
    const scale = Math.max(LEAST_SCALE, Math.min(1, (host.clientWidth || width) / width));
    picture.setAttribute("width", String(Math.round(width * scale)));
    picture.setAttribute("height", String(Math.round(height * scale)));
  };
  host.replaceChildren(picture);
  fit();
  const resize = new ResizeObserver(fit);
  resize.observe(host);
  signal.addEventListener("abort", () => resize.disconnect());
}

/** The same by itself. */
export function graphSvg(display: GraphDisplay): string {
  const { width, height, shapes } = drawn(display, ON_PAPER);
  const paper = node("rect", { width: "100%", height: "100%", fill: ON_PAPER.back });
  return textOf(svg(width, height, [paper, ...shapes]));
}

interface Point {
  x: number;
  y: number;
}

interface Drawing {
  width: number;
  height: number;
  shapes: Shape[];
}

function drawn(display: GraphDisplay, paint: Paint): Drawing {
  return placesOf(display) > MOST_PLACES ? listed(display, paint) : laidOut(display, paint);
}

/** How many places a layout has to find. */
function placesOf({ boxes, edges }: GraphDisplay): number {
  const rows = boxes.map(() => 0);
  const inOrder = [...edges].sort((a, b) => a.to - b.to);
  const row = (box: number) => rows[box] ?? 0;
  for (const { from, to } of inOrder) rows[to] = Math.max(row(to), row(from) + 1);
  return inOrder.reduce((sum, { from, to }) => sum + row(to) - row(from), boxes.length);
}

/** Its words, a line for each box. */
function listed(display: GraphDisplay, paint: Paint): Drawing {
  const [, ...lines] = graphView.text(display).split("\n");
  const shapes = lines.map((line, i) => text(line, PADDING.x, (i + 1) * TITLE.line, paint.strong));
  const width = lines.reduce((most, line) => Math.max(most, widthOf(line, NOTE.size, false)), 0);
  return {
    width: Math.ceil(width) + 2 * PADDING.x,
    height: lines.length * TITLE.line + 2 * PADDING.y,
    shapes,
  };
}

function laidOut({ boxes, edges }: GraphDisplay, paint: Paint): Drawing {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 18, edgesep: 10, ranksep: 22, marginx: 6, marginy: 6 });
  for (const [i, box] of boxes.entries()) graph.setNode(String(i), sizeOf(box));
  for (const [i, { from, to, label = "" }] of edges.entries()) {
    const size = label
      ? { width: widthOf(label, NOTE.size, false) + 8, height: NOTE.line, labelpos: "c" }
      : {};
    graph.setEdge(String(from), String(to), { ...size }, String(i));
  }
  layout(graph);
  const places = boxes.map((_, i) => graph.node(String(i)) as Point & { width: number; height: number });
  const shapes = edges.flatMap(({ from, to, label }, i) => {
    const edge = graph.edge(String(from), String(to), String(i)) as Partial<Point> & { points: Point[] };
    return arrow(edge, label, paint);
  });
  shapes.push(...boxes.flatMap((box, i) => boxShapes(box, places[i] as (typeof places)[number], paint)));
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { width: Math.ceil(width) || 1, height: Math.ceil(height) || 1, shapes };
}

function boxShapes(box: GraphBox, place: Point & { width: number; height: number }, paint: Paint): Shape[] {
  const { x, y, width, height } = place;
  const frame = node("rect", {
    x: round(x - width / 2),
    y: round(y - height / 2),
    width: round(width),
    height: round(height),
    rx: box.role === "join" ? round(height / 2) : 5,
    fill: paint.fills[box.role],
    stroke: box.role === "layer" || box.role === "output" ? paint.accent : paint.soft,
    "stroke-width": box.role === "output" ? 2 : 1,
  });
  let line = y - height / 2 + PADDING.y + TITLE.size - 1;
  const title = text("", x, line, paint.strong, "middle", { "font-size": TITLE.size });
  title.children = [node("tspan", { "font-weight": "bold" }, [box.label])];
  if (box.name !== undefined) title.children.push(node("tspan", { fill: paint.soft }, [`\u00a0${box.name}`]));
  const notes = notesOf(box).map((note) => {
    line += NOTE.line;
    return text(note, x, line, paint.soft, "middle");
  });
  return [frame, title, ...notes];
}

function arrow(
  { points, x, y }: Partial<Point> & { points: Point[] },
  label: string | undefined,
  paint: Paint,
): Shape[] {
  const [tip, before] = [points.at(-1), points.at(-2)];
  if (!tip || !before) return [];
  const head = headOf(before, tip);
  const shapes = [
    node("path", { d: curve(points), fill: "none", stroke: paint.soft, "stroke-width": 1.25 }),
    node("path", { d: head, fill: paint.soft }),
  ];
  if (label === undefined || x === undefined || y === undefined) return shapes;
  const halo = { stroke: paint.back, "stroke-width": 4, "paint-order": "stroke" };
  return [...shapes, text(label, x, y + 4, paint.accent, "middle", halo)];
}

/** Through the middles of a line's pieces, bent at its corners. */
function curve(points: readonly Point[]): string {
  const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;
  const middle = (a: Point, b: Point) => at({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [first, ...rest] = points;
  const last = rest.pop();
  if (!first || !last) return "";
  const bends = rest.map((corner, i) => `Q${at(corner)} ${middle(corner, rest[i + 1] ?? last)}`);
  return `M${at(first)}${rest[0] ? `L${middle(first, rest[0])}` : ""}${bends.join("")}L${at(last)}`;
}

function headOf(from: Point, tip: Point): string {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const corner = (side: number) =>
    `${round(tip.x - 7 * dx - side * 3.5 * dy)} ${round(tip.y - 7 * dy + side * 3.5 * dx)}`;
  return `M${round(tip.x)} ${round(tip.y)}L${corner(1)}L${corner(-1)}Z`;
}

function notesOf({ notes, role }: GraphBox): string[] {
  const together = notes.join(" · ");
  return role === "layer" && notes.length > 0 && together.length <= SHORT ? [together] : notes;
}

function sizeOf(box: GraphBox): { width: number; height: number } {
  const title =
    widthOf(box.label, TITLE.size, true) + (box.name ? widthOf(`\u00a0${box.name}`, TITLE.size, false) : 0);
  const notes = notesOf(box);
  const width = Math.max(title, ...notes.map((note) => widthOf(note, NOTE.size, false)));
  return { width: width + 2 * PADDING.x, height: TITLE.line + notes.length * NOTE.line + 2 * PADDING.y - 2 };
}

/** Measured where there is a page, otherwise by what sans-serif letters take. */
function widthOf(words: string, size: number, isBold: boolean): number {
  if (typeof document === "undefined") return words.length * size * (isBold ? 0.6 : 0.55);
  pen ??= document.createElement("canvas").getContext("2d") ?? undefined;
  if (!pen) return words.length * size * 0.6;
  pen.font = `${isBold ? "bold " : ""}${size}px sans-serif`;
  return pen.measureText(words).width;
}

let pen: CanvasRenderingContext2D | undefined;
