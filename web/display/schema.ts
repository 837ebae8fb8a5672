// What a value looks like in the page: plain data, one kind per view. The views are listed in `views.ts`.
//
// A value shows itself by a method `[Symbol.for("gradbook.display")]()` that returns a `LiveDisplay` or a promise of one.

import type { Control, ControlValue } from "./control.ts";

/** The method by which a value says how to display it. */
export const DISPLAY = Symbol.for("gradbook.display");

export type Display =
  | TextDisplay
  | TableDisplay
  | ImagesDisplay
  | CurveDisplay
  | OverlayDisplay
  | RooflineDisplay
  | BarsDisplay
  | ScatterDisplay
  | MatrixDisplay
  | HtmlDisplay
  | InputDisplay
  | GraphDisplay
  | ConfusionDisplay
  | ThresholdsDisplay
  | ReliabilityDisplay
  | ReportDisplay
  | PictureDisplay
  | ErrorDisplay;

/** A display that changes after it was shown: `subscribe` is called once and returns how to end it. */
export type LiveDisplay = Display & { subscribe?(push: (update: DisplayUpdate) => void): () => void };

/** More points for a curve, or a display that replaces the one shown. */
export type DisplayUpdate = PointsUpdate | { type: "replace"; display: Display };

export interface PointsUpdate {
  type: "points";
  points: CurvePoints[];
  marks?: CurveMark[];
}

export interface TextDisplay {
  kind: "text";
  text: string;
  /** Where it came from when it was written to the console; absent for a value. */
  stream?: "stdout" | "stderr";
}

export interface TableDisplay {
  kind: "table";
  columns: string[];
  /** One array per row, as long as `columns`. */
  rows: (string | number | boolean | null)[][];
  /** A line below. */
  note?: string;
}

/** `count` images, NCHW in `data`: 1 channel is grey, 3 are RGB, 4 are RGBA. */
export interface ImagesDisplay {
  kind: "images";
  count: number;
  channels: number;
  height: number;
  width: number;
  data: Float32Array | Uint8ClampedArray;
  /** The values shown as black and white; without it the data's own, or 0 to 255 for bytes. */
  range?: [low: number, high: number];
  /** One per image. */
  captions?: string[];
  /** Images per row; without it as many as fit. */
  columns?: number;
  /** Screen pixels per image pixel; without it chosen by size. */
  zoom?: number;
  /** Rectangles over the images, in their pixels. */
  boxes?: ImageBox[];
  /** The thing that each pixel of each image belongs to, [count, height, width]: 0 is none. */
  masks?: Int32Array;
}

export interface ImageBox {
  /** Which image, from 0. */
  image: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Which colour, from 0; that of the mask's thing with the number after. */
  thing: number;
  label?: string;
}

export interface CurveDisplay {
  kind: "curve";
  id: string;
  title?: string;
  x: { label: string };
  panels: CurvePanel[];
  points?: CurvePoints[];
  marks?: CurveMark[];
}

/** Something that happened at a place of the axis across: a line in all panels. */
export interface CurveMark {
  x: number;
  text: string;
}

export interface CurvePanel {
  label: string;
  /** Such as "%"; values are then given in it. */
  unit?: string;
  /** Whether the axis up is logarithmic; what is not above 0 then has no place. */
  log?: boolean;
  /** Whether the series follow each other, as layers do: then so do their colours. */
  ordered?: boolean;
  series: { name: string; style?: "line" | "dots" }[];
}

/** Points to append to one series; `x` rises. */
export interface CurvePoints {
  panel: number;
  series: number;
  x: number[];
  y: number[];
  /** Where the truth may lie, below and above each `y`. */
  low?: number[];
  high?: number[];
}

/** A heat-map over an image. Signed maps have 0 in the middle of a diverging colour scale. */
export interface OverlayDisplay {
  kind: "overlay";
  image: { channels: number; height: number; width: number; data: Float32Array | Uint8ClampedArray };
  map: { height: number; width: number; data: Float32Array };
  signed: boolean;
  label?: string;
  /** A frame over it, in the image's pixels, which may reach beyond it. */
  box?: { left: number; top: number; right: number; bottom: number };
}

/** Kernels against what a device can do, on logarithmic axes: floating-point operations a second over those a byte. */
export interface RooflineDisplay {
  kind: "roofline";
  device: string;
  /** The ceilings: floating-point operations a second, and bytes a second. */
  flops: number;
  bytes: number;
  kernels: RooflineKernel[];
}

export interface RooflineKernel {
  /** What it computes; its name comes first. */
  kernel: string;
  ms: number;
  flops: number;
  bytes: number;
}

/** A bar for each value, from 0. */
export interface BarsDisplay {
  kind: "bars";
  title?: string;
  labels: string[];
  /** As many as `labels`. */
  values: number[];
  /** The values at both ends; without it the values' own, 0 among them. */
  range?: [low: number, high: number];
  /** Where the truth may lie, for each value; null where that is not known. */
  intervals?: ([low: number, high: number] | null)[];
}

/** Points on a plane, each series with a mark and a colour of its own. */
export interface ScatterDisplay {
  kind: "scatter";
  title?: string;
  x: { label: string };
  y: { label: string };
  series: ScatterSeries[];
}

export interface ScatterSeries {
  name: string;
  x: number[];
  y: number[];
  /** What each point is, for the reader who points at it. */
  labels?: string[];
}

/** A matrix, row by row, with a colour for each value. Signed ones have 0 in the middle of a diverging colour scale. */
export interface MatrixDisplay {
  kind: "matrix";
  title?: string;
  rows: number;
  columns: number;
  data: Float32Array;
  signed: boolean;
  /** The values at the ends of the colours; without it the data's own. */
  range?: [low: number, high: number];
  rowLabels?: string[];
  columnLabels?: string[];
}

/** A document of anybody's: it is cleaned, and shown in a frame that runs no script and loads nothing. */
export interface HtmlDisplay {
  kind: "html";
  html: string;
  /** The same in words. */
  text: string;
}

/** Something that the reader sets. */
export interface InputDisplay {
  kind: "input";
  /** What the cell's worker calls it; absent once that worker is gone, and in files. */
  id?: string;
  control: Control;
  /** What the reader set it to: theirs, so a worker never says it. Absent as long as it is what the cell says. */
  value?: ControlValue;
}

/** What is computed from what: boxes and arrows, laid out from top to bottom. */
export interface GraphDisplay {
  kind: "graph";
  /** What it shows, in words. */
  title: string;
  /** Each comes after those that it gets something from. */
  boxes: GraphBox[];
  edges: GraphEdge[];
}

export interface GraphBox {
  /** What it is or does. */
  label: string;
  /** What it is called, if that is something else. */
  name?: string;
  /** Shapes, counts, values. */
  notes: string[];
  role: "input" | "layer" | "join" | "value" | "output";
}

export interface GraphEdge {
  /** Places among the boxes. */
  from: number;
  to: number;
  label?: string;
}

/** How often samples of each class were taken for each class. */
export interface ConfusionDisplay {
  kind: "confusion";
  title?: string;
  classes: string[];
  /** [K, K], row by row: true classes down, predicted ones across. */
  counts: number[];
  /** A line below. */
  note?: string;
  /** Some of the images, and the place in `counts` where each belongs. */
  samples?: { images: ImagesDisplay; cells: number[] };
}

/** What follows from where a threshold is set: points of curves, counts and figures that belong together. */
export interface ThresholdsDisplay {
  kind: "thresholds";
  title?: string;
  panels: ("roc" | "precisionRecall")[];
  /** One for each class that was told from all others. */
  curves: ThresholdCurve[];
  /** How the intervals of the figures were found, such as "95 %: Wilson". */
  intervals?: string;
}

export interface ThresholdCurve {
  /** What is looked for, and what all else is called. */
  positive: string;
  negative: string;
  /** From the highest, at which nothing is found, to the lowest. All lists are as long as it. */
  thresholds: Float32Array;
  truePositives: Float32Array;
  falsePositives: Float32Array;
  /** Samples of each kind. */
  positives: number;
  negatives: number;
  /** Such as recall; NaN where one is undefined. */
  figures: ThresholdFigure[];
  /** Its line in each panel. */
  lines: { [K in ThresholdsDisplay["panels"][number]]?: ThresholdLine };
  /** Where the threshold is set at first. */
  start: number;
}

export interface ThresholdLine {
  /** A place for each threshold; NaN where there is none. */
  x: Float32Array;
  y: Float32Array;
  /** The area below it, in words. */
  area: string;
}

export interface ThresholdFigure {
  name: string;
  values: Float32Array;
  low: Float32Array;
  high: Float32Array;
}

/** How often a model is right, by how sure it was. */
export interface ReliabilityDisplay {
  kind: "reliability";
  title?: string;
  /** Those with samples, from unsure to sure. */
  bins: ReliabilityBin[];
  /** What the axes show: by default how sure the model was, and the share that was right. */
  axes?: { x: string; y: string };
  /** A line below. */
  note?: string;
}

export interface ReliabilityBin {
  /** Its edges, from 0 to 1. */
  from: number;
  to: number;
  /** The mean of what the model said, and the share that was right. */
  confidence: number;
  accuracy: number;
  interval?: [low: number, high: number];
  count: number;
}

/** Outputs with headings and text between them. */
export interface ReportDisplay {
  kind: "report";
  title: string;
  sections: ReportSection[];
}

export interface ReportSection {
  title: string;
  /** Paragraphs. */
  text: string[];
  items: ReportItem[];
}

/** What can stand in a report: what neither asks the reader nor points into cells. */
export type ReportItem = Exclude<Display, ReportDisplay | InputDisplay | ErrorDisplay>;

/** An image file, base64: what a saved notebook holds beside a live view. SVG is shown as an image, never as a document. */
export interface PictureDisplay {
  kind: "picture";
  mime: "image/png" | "image/jpeg" | "image/svg+xml";
  base64: string;
  /** What it shows, in words. */
  text: string;
}

export interface ErrorDisplay {
  kind: "error";
  name: string;
  message: string;
  /** Where in a cell, innermost first; empty if unknown. */
  frames: ErrorFrame[];
  /** Messages of the causes, outermost first. */
  causes?: string[];
}

export interface ErrorFrame {
  /** The cell's id, and its count when it ran: `[3]`. */
  cell: string;
  count: number;
  line: number;
  column: number;
  /** The text of the line. */
  text: string;
}
