// Pictures of numbers: curves that grow while a run goes on, image grids, heat-maps over images. What is made here is
// plain data with a way to be displayed; the page draws it.

import type {
  CurveMark,
  CurvePanel,
  CurvePoints,
  DisplayUpdate,
  ImageBox,
  LiveDisplay,
} from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { StepPoint, TrainEvent } from "./history.ts";
import { Tensor } from "./tensor.ts";

/** Options of a curve. */
export interface CurveOptions {
  /** What stands above it. */
  title?: string;
}

/** Options of an image grid. */
export interface ImagesOptions {
  /** One line of text for each image. */
  captions?: readonly string[];
  /** Images in a row; as many as fit. */
  columns?: number;
  /** The values shown as black and white; the data's own. */
  range?: readonly [low: number, high: number];
  /** Screen pixels for an image pixel; chosen by size. */
  zoom?: number;
  /** Rectangles over the images, [N, M, 4]: left, top, right and bottom in pixels. Empty ones are not drawn. */
  boxes?: Tensor;
  /** The class of each rectangle, [N, M]; those below 0 are not drawn. */
  boxLabels?: Tensor;
  /** What classes are called. */
  classes?: readonly string[];
  /** The thing that each pixel belongs to, [N, H, W], from 1; 0 is none. */
  masks?: Tensor;
}

/** Options of a heat-map over an image. */
export interface OverlayOptions {
  /** What it shows. */
  label?: string;
  /** Whether 0 stands in the middle of the colours; yes if the map has values below 0. */
  signed?: boolean;
  /** A frame over it: left, top, right and bottom in the image's pixels; it may reach beyond the image. */
  box?: readonly [left: number, top: number, right: number, bottom: number];
}

/** A line: y over x, which rises. */
export interface Line {
  name: string;
  x: readonly number[];
  y: readonly number[];
}

/** Options of lines. */
export interface LinesOptions {
  /** What stands above them. */
  title?: string;
  /** What the axis across shows; "x". */
  x?: string;
  /** What the axis up shows; "y". */
  y?: string;
  /** Whether the axis up is logarithmic; no. */
  log?: boolean;
}

/** Options of bars. */
export interface BarsOptions {
  /** What each bar is called; 0, 1, 2 … */
  labels?: readonly string[];
  /** What stands above them. */
  title?: string;
  /** The values at both ends; the values' own, 0 among them. */
  range?: readonly [low: number, high: number];
}

/** Points of one series: y over x. */
export interface Points {
  name: string;
  x: readonly number[];
  y: readonly number[];
  /** What each point is, for the reader who points at it. */
  labels?: readonly string[];
}

/** Options of points. */
export interface ScatterOptions {
  /** What stands above them. */
  title?: string;
  /** What the axis across shows; "x". */
  x?: string;
  /** What the axis up shows; "y". */
  y?: string;
  /** Of a tensor: the class of each point, which gives it its series. */
  labels?: Tensor | readonly number[];
  /** What classes are called. */
  classes?: readonly string[];
}

/** Options of a matrix. */
export interface MatrixOptions {
  /** What stands above it. */
  title?: string;
  /** What each row is called; its number. */
  rows?: readonly string[];
  /** What each column is called; its number. */
  columns?: readonly string[];
  /** Whether 0 stands in the middle of the colours; yes if the matrix has values below 0. */
  signed?: boolean;
  /** The values at the ends of the colours; the matrix's own. */
  range?: readonly [low: number, high: number];
}

/** Something that can be displayed and does no more. */
export interface Displayable {
  [DISPLAY](): LiveDisplay | Promise<LiveDisplay>;
}

/** Pictures. */
export interface Plot {
  /** The curve of a training run: hand it to `display` and to `fit`, and it grows with the run. */
  curve(options?: CurveOptions): Curve;
  /** Lines in one picture. */
  lines(lines: readonly Line[], options?: LinesOptions): Displayable;
  /** A bar for each number, such as the probabilities of some classes: an array, or a tensor [C]; axes of size 1 in front do not matter. */
  bars(values: readonly number[] | Tensor, options?: BarsOptions): Displayable;
  /** Points on a plane: some series, or a tensor [N, 2] such as an embedding. */
  scatter(points: readonly Points[] | Tensor, options?: ScatterOptions): Displayable;
  /** A colour for each value of a matrix, and the value where there is room: rows, or a tensor [H, W]; axes of size 1 in front do not matter. */
  matrix(values: readonly (readonly number[])[] | Tensor, options?: MatrixOptions): Displayable;
  /** HTML, cleaned, in a frame of its own that runs no script and loads nothing. */
  html(html: string): Displayable;
  /** An SVG text as an image. */
  svg(svg: string, options?: { alt?: string }): Displayable;
  /** Images [N, C, H, W] or [C, H, W] or [H, W] as a grid. */
  images(images: Tensor, options?: ImagesOptions): Displayable;
  /** A map [H, W] over an image [C, H, W]; axes of size 1 in front do not matter. */
  overlay(image: Tensor, map: Tensor, options?: OverlayOptions): Displayable;
}

export const IMAGES_OPTIONS = [
  "captions",
  "columns",
  "range",
  "zoom",
  "boxes",
  "boxLabels",
  "classes",
  "masks",
];

export function plot({ wasm }: Context): Plot {
  return {
    curve(options = {}) {
      wasm.checkNames("curve", options, ["title"]);
      return new Curve(options);
    },
    lines(lines, options = {}) {
      wasm.checkNames("lines", options, ["title", "x", "y", "log"]);
      return { [DISPLAY]: () => linesDisplay(lines, options) };
    },
    bars(values, options = {}) {
      wasm.checkNames("bars", options, ["labels", "title", "range"]);
      return { [DISPLAY]: () => barsDisplay(values, options) };
    },
    scatter(points, options = {}) {
      wasm.checkNames("scatter", options, ["title", "x", "y", "labels", "classes"]);
      return later(({ scatterDisplay }) => scatterDisplay(points, options));
    },
    matrix(values, options = {}) {
      wasm.checkNames("matrix", options, ["title", "rows", "columns", "signed", "range"]);
      return later(({ matrixDisplay }) => matrixDisplay(values, options));
    },
    html: (html) => later(({ htmlDisplay }) => htmlDisplay(html)),
    svg(svg, options = {}) {
      wasm.checkNames("svg", options, ["alt"]);
      return later(({ svgDisplay }) => svgDisplay(svg, options));
    },
    images(images, options = {}) {
      wasm.checkNames("images", options, IMAGES_OPTIONS);
      return { [DISPLAY]: () => imagesDisplay(images, options) };
    },
    overlay(image, map, options = {}) {
      wasm.checkNames("overlay", options, ["label", "signed", "box"]);
      return { [DISPLAY]: () => overlayDisplay(image, map, options) };
    },
  };
}

/** What few cells show comes when it is shown. */
function later(
  show: (pictures: typeof import("./pictures.ts")) => LiveDisplay | Promise<LiveDisplay>,
): Displayable {
  return { [DISPLAY]: async () => show(await import("./pictures.ts")) };
}

type Listener = (update: DisplayUpdate) => void;

const LOSS = 0;
const ACCURACY = 1;
const NORMS = 2;
const TRAINING = 0;
const VALIDATION = 1;

/** Points of a whole run's training curve. */
const RESOLUTION = 300;

let curves = 0;

/** The curve of a training run: loss and accuracy over steps, on training and validation samples. */
export class Curve {
  readonly #id = `curve-${++curves}`;
  readonly #listeners = new Set<Listener>();
  readonly #points: CurvePoints[] = [];
  readonly #marks: CurveMark[] = [];
  #hasValidation = false;
  /** The layers whose gradient norms are shown, each with its places among those of the weights. */
  #watched: [layer: string, places: number[]][] = [];

  /** @internal */
  constructor(private readonly options: CurveOptions = {}) {}

  /** @internal A run begins; an earlier one's points go. */
  begin(hasValidation: boolean): void {
    this.#hasValidation = hasValidation;
    this.#points.length = 0;
    this.#marks.length = 0;
    this.#watched = [];
    this.#tell({ type: "replace", display: this.#display() });
  }

  /** @internal Norms of gradients will come for weights of these names. */
  watch(weights: readonly string[]): void {
    const layers = new Map<string, number[]>();
    for (const [i, weight] of weights.entries()) {
      const layer = weight.slice(0, Math.max(0, weight.lastIndexOf("."))) || weight;
      layers.set(layer, [...(layers.get(layer) ?? []), i]);
    }
    this.#watched = [...layers];
    this.#tell({ type: "replace", display: this.#display() });
  }

  /** @internal */
  show(event: TrainEvent): void {
    const points: CurvePoints[] = [];
    const add = (panel: number, series: number, x: number, y: number | undefined) => {
      if (y !== undefined && Number.isFinite(y)) points.push({ panel, series, x: [x], y: [y] });
    };
    if (event.kind === "steps") {
      // Means over a few steps, so that a run of any length is a few hundred points.
      const few = Math.max(1, Math.ceil(event.steps / RESOLUTION));
      for (let start = 0; start < event.points.length; start += few) {
        const some = event.points.slice(start, start + few);
        const mean = average(some);
        const step = some.at(-1)?.step ?? event.step;
        add(LOSS, TRAINING, step, mean?.loss);
        add(ACCURACY, TRAINING, step, percent(mean?.accuracy));
        for (const [layer, [, places]] of this.#watched.entries())
          add(NORMS, layer, step, meanNorm(some, places));
      }
    } else if (event.kind === "begin") {
      if (event.watched) this.watch(event.watched);
    } else if (event.kind === "epoch") {
      add(LOSS, VALIDATION, event.step, event.valLoss);
      add(ACCURACY, VALIDATION, event.step, percent(event.valAccuracy));
    }
    if (event.kind === "lrChange") {
      const mark = { x: event.step, text: `lr ${Number(event.lr.toPrecision(3))}` };
      this.#marks.push(mark);
      this.#tell({ type: "points", points, marks: [mark] });
    }
    if (points.length === 0) return;
    this.#points.push(...points);
    this.#tell({ type: "points", points });
  }

  [DISPLAY](): LiveDisplay {
    return {
      ...this.#display(),
      subscribe: (push) => {
        this.#listeners.add(push);
        return () => this.#listeners.delete(push);
      },
    };
  }

  #display(): Extract<LiveDisplay, { kind: "curve" }> {
    const series = [
      { name: "training" },
      ...(this.#hasValidation ? [{ name: "validation", style: "line" as const }] : []),
    ];
    return {
      kind: "curve",
      id: this.#id,
      ...(this.options.title !== undefined && { title: this.options.title }),
      x: { label: "step" },
      panels: [
        { label: "loss", series },
        { label: "accuracy", unit: "%", series },
        ...(this.#watched.length > 0 ? [this.#norms()] : []),
      ],
      points: this.#joined(),
      ...(this.#marks.length > 0 && { marks: [...this.#marks] }),
    };
  }

  #norms(): CurvePanel {
    const series = this.#watched.map(([name]) => ({ name }));
    return { label: "norm of the gradient, by layer", log: true, ordered: true, series };
  }

  /** All points so far, one entry a series. */
  #joined(): CurvePoints[] {
    const joined = new Map<string, CurvePoints>();
    for (const { panel, series, x, y } of this.#points) {
      const key = `${panel}.${series}`;
      const all = joined.get(key) ?? { panel, series, x: [], y: [] };
      all.x.push(...x);
      all.y.push(...y);
      joined.set(key, all);
    }
    return [...joined.values()];
  }

  #tell(update: DisplayUpdate): void {
    for (const listener of this.#listeners) listener(update);
  }
}

function average(points: readonly StepPoint[]): { loss: number; accuracy?: number } | undefined {
  if (points.length === 0) return undefined;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const accuracies = points.flatMap(({ accuracy }) => accuracy ?? []);
  return {
    loss: mean(points.map(({ loss }) => loss)),
    ...(accuracies.length > 0 && { accuracy: mean(accuracies) }),
  };
}

/** The mean over steps of the norm of the gradient for a layer's weights, some of all. */
function meanNorm(points: readonly StepPoint[], places: readonly number[]): number | undefined {
  const told = points.flatMap(({ norms }) =>
    norms ? Math.hypot(...places.map((i) => norms[i] ?? Number.NaN)) : [],
  );
  return told.length === 0 ? undefined : told.reduce((sum, norm) => sum + norm, 0) / told.length;
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : 100 * share;
}

export function linesDisplay(lines: readonly Line[], options: LinesOptions): LiveDisplay {
  const { title, x = "x", y = "y", log } = options;
  return {
    kind: "curve",
    id: `curve-${++curves}`,
    ...(title !== undefined && { title }),
    x: { label: x },
    panels: [{ label: y, ...(log && { log }), series: lines.map(({ name }) => ({ name, style: "line" })) }],
    points: lines.map((line, series) => ({ panel: 0, series, x: [...line.x], y: [...line.y] })),
  };
}

async function barsDisplay(
  values: readonly number[] | Tensor,
  { labels, title, range }: BarsOptions,
): Promise<LiveDisplay> {
  if (values instanceof Tensor && values.shape.slice(0, -1).some((size) => size !== 1))
    throw argumentError(`bars: a tensor of shape [${values.shape.join(", ")}]; expected [C]`);
  const numbers = Array.from(values instanceof Tensor ? await floats(values) : values);
  if (labels && labels.length !== numbers.length)
    throw argumentError(`bars: ${labels.length} labels for ${numbers.length} values`);
  return {
    kind: "bars",
    ...(title !== undefined && { title }),
    labels: labels?.map(String) ?? numbers.map((_, i) => String(i)),
    values: numbers,
    ...(range && { range: [range[0], range[1]] }),
  };
}

export async function imagesDisplay(images: Tensor, options: ImagesOptions): Promise<LiveDisplay> {
  const [count, channels, height, width] = atLeast(images, 4, "images", "[N, C, H, W]") as [
    number,
    number,
    number,
    number,
  ];
  if (![1, 3, 4].includes(channels)) {
    throw argumentError(`images: ${channels} channels; expected 1 (grey), 3 (RGB) or 4 (RGBA)`);
  }
  const { captions, columns, range, zoom } = options;
  if (captions && captions.length !== count)
    throw argumentError(`images: ${captions.length} captions for ${count} images`);
  return {
    kind: "images",
    count,
    channels,
    height,
    width,
    data: await floats(images),
    ...(captions && { captions: [...captions] }),
    ...(columns !== undefined && { columns }),
    ...(range && { range: [range[0], range[1]] }),
    ...(zoom !== undefined && { zoom }),
    ...(options.boxes && { boxes: await boxesOf(options.boxes, options, count) }),
    ...(options.masks && { masks: await masksOf(options.masks, [count, height, width]) }),
  };
}

async function boxesOf(
  boxes: Tensor,
  { boxLabels, classes }: ImagesOptions,
  count: number,
): Promise<ImageBox[]> {
  const [images = 0, most = 0, sides] = boxes.shape;
  if (boxes.rank !== 3 || images !== count || sides !== 4)
    throw argumentError(`images: boxes of shape [${boxes.shape.join(", ")}]; expected [${count}, M, 4]`);
  if (boxLabels && boxLabels.shape.join() !== [count, most].join())
    throw argumentError(
      `images: boxLabels of shape [${boxLabels.shape.join(", ")}]; expected [${count}, ${most}]`,
    );
  const [places, labels] = await Promise.all([floats(boxes), boxLabels?.data()]);
  return Array.from({ length: count * most }, (_, i): ImageBox => {
    const [left = 0, top = 0, right = 0, bottom = 0] = places.subarray(4 * i, 4 * i + 4);
    const place = { image: Math.floor(i / most), left, top, right, bottom, thing: i % most };
    const label = labels?.[i];
    return label === undefined ? place : { ...place, label: classes?.[label] ?? String(label) };
  }).filter(({ left, top, right, bottom }, i) => right > left && bottom > top && (labels?.[i] ?? 0) >= 0);
}

async function masksOf(masks: Tensor, shape: number[]): Promise<Int32Array> {
  if (masks.shape.join() !== shape.join())
    throw argumentError(`images: masks of shape [${masks.shape.join(", ")}]; expected [${shape.join(", ")}]`);
  return Int32Array.from((await masks.data()) as ArrayLike<number>);
}

export async function overlayDisplay(
  image: Tensor,
  map: Tensor,
  options: OverlayOptions,
): Promise<LiveDisplay> {
  const [channels, height, width] = atLeast(image, 3, "overlay", "an image [C, H, W]") as [
    number,
    number,
    number,
  ];
  const [mapHeight, mapWidth] = atLeast(map, 2, "overlay", "a map [H, W]") as [number, number];
  const [pixels, values] = await Promise.all([floats(image), floats(map)]);
  return {
    kind: "overlay",
    image: { channels, height, width, data: pixels },
    map: { height: mapHeight, width: mapWidth, data: values },
    signed: options.signed ?? values.some((value) => value < 0),
    ...(options.label !== undefined && { label: options.label }),
    ...(options.box && { box: boxOf(options.box) }),
  };
}

function boxOf([left, top, right, bottom]: readonly [number, number, number, number]) {
  return { left, top, right, bottom };
}

/** @internal The last `rank` sizes, ones put in front; what stands before them must be of size 1. */
export function atLeast(tensor: Tensor, rank: number, what: string, expected: string): number[] {
  if (!(tensor instanceof Tensor)) throw argumentError(`${what}: expected a tensor ${expected}`);
  const { shape } = tensor;
  const extra = shape.slice(0, Math.max(0, shape.length - rank));
  if (shape.length < 2 || extra.some((size) => size !== 1)) {
    throw argumentError(`${what}: a tensor of shape [${shape.join(", ")}]; expected ${expected}`);
  }
  const sizes = shape.slice(-rank);
  return [...Array<number>(rank - sizes.length).fill(1), ...sizes];
}

/** @internal */
export async function floats(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.data();
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}
