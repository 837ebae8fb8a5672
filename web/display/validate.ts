// Whether untrusted data is a display: shapes agree with lengths, strings are strings, nothing is absurdly large.
// Used for every message of the user worker and for the displays kept in a notebook file.

import type { Control } from "./control.ts";
import { faultOf, isValueOf } from "./control.ts";
import type { CurvePoints, Display, DisplayUpdate, ThresholdCurve } from "./schema.ts";

type Fields = Record<string, unknown>;

const MAX_TEXT = 4_000_000;
const MAX_ELEMENTS = 64_000_000;
const MAX_SIDE = 16_384;
/** Of a graph: more cannot be laid out while somebody waits. */
const MAX_BOXES = 2000;
const MAX_LABEL = 1000;
const MOST_BARS = 1000;
const MOST_ID = 100;
const MOST_CLASSES = 100;
/** Of all curves over thresholds: they are drawn anew whenever one is moved. */
const MOST_POINTS = 10_000;
const MOST_FIGURES = 20;
const MOST_SECTIONS = 100;
const MOST_ITEMS = 50;

export function isDisplay(value: unknown): value is Display {
  if (!isFields(value)) return false;
  switch (value.kind) {
    case "text":
      return isText(value.text) && isOneOf(value.stream, [undefined, "stdout", "stderr"]);
    case "table":
      return isTable(value);
    case "images":
      return isImages(value);
    case "curve":
      return (
        isText(value.id) &&
        isOptional(value.title, isText) &&
        isFields(value.x) &&
        isText(value.x.label) &&
        isArrayOf(value.panels, isPanel) &&
        isOptional(value.points, isPoints) &&
        isOptional(value.marks, isMarks)
      );
    case "overlay":
      return (
        isFields(value.image) &&
        isPixels(value.image, 1) &&
        isFields(value.map) &&
        isPixels({ ...value.map, channels: 1 }, 1) &&
        value.map.data instanceof Float32Array &&
        typeof value.signed === "boolean" &&
        isOptional(value.label, isText) &&
        isOptional(value.box, (box) => isFields(box) && isPlace(box))
      );
    case "roofline":
      return (
        isText(value.device) &&
        isAmount(value.flops) &&
        isAmount(value.bytes) &&
        isArrayOf(value.kernels, isKernel)
      );
    case "bars":
      return isBars(value);
    case "scatter":
      return isScatter(value);
    case "matrix":
      return isMatrix(value);
    case "html":
      return isText(value.html) && isText(value.text);
    case "input":
      return (
        isOptional(value.id, (id) => isText(id) && id.length <= MOST_ID) &&
        faultOf(value.control) === undefined &&
        isOptional(value.value, (set) => isValueOf(value.control as Control, set))
      );
    case "graph":
      return isGraph(value);
    case "confusion":
      return isConfusion(value);
    case "thresholds":
      return (
        isOptional(value.title, isText) &&
        isFew(value.panels, 2, (panel) => isOneOf(panel, ["roc", "precisionRecall"])) &&
        isFew(value.curves, MOST_CLASSES, isThresholdCurve) &&
        value.curves.length > 0 &&
        value.curves.reduce<number>((sum, one) => sum + (one as ThresholdCurve).thresholds.length, 0) <=
          MOST_POINTS &&
        isOptional(value.intervals, isText)
      );
    case "reliability":
      return (
        isOptional(value.title, isText) &&
        isFew(value.bins, MOST_BARS, isBin) &&
        isOptional(value.axes, (axes) => isFields(axes) && isText(axes.x) && isText(axes.y)) &&
        isOptional(value.note, isText)
      );
    case "report":
      return isText(value.title) && isFew(value.sections, MOST_SECTIONS, isSection);
    case "picture":
      return (
        isOneOf(value.mime, ["image/png", "image/jpeg", "image/svg+xml"]) &&
        typeof value.base64 === "string" &&
        /^[A-Za-z0-9+/=\s]*$/.test(value.base64) &&
        isText(value.text)
      );
    case "error":
      return (
        isText(value.name) &&
        isText(value.message) &&
        isArrayOf(value.frames, isFrame) &&
        isOptional(value.causes, (causes) => isArrayOf(causes, isText))
      );
    default:
      return false;
  }
}

export function isDisplayUpdate(value: unknown): value is DisplayUpdate {
  if (!isFields(value)) return false;
  if (value.type === "points") return isPoints(value.points) && isOptional(value.marks, isMarks);
  return value.type === "replace" && isDisplay(value.display);
}

function isTable(value: Fields): boolean {
  const { columns } = value;
  if (!isArrayOf(columns, isText) || !isOptional(value.note, isText)) return false;
  const isCell = (cell: unknown) =>
    cell === null || isText(cell) || isOneOf(typeof cell, ["number", "boolean"]);
  return isArrayOf(
    value.rows,
    (row) => isArrayOf(row, isCell) && (row as unknown[]).length === columns.length,
  );
}

function isImages(value: Fields): boolean {
  const { count, range, captions } = value;
  return (
    isSize(count) &&
    isPixels(value, count) &&
    isOptional(range, (r) => isArrayOf(r, isNumber) && (r as unknown[]).length === 2) &&
    isOptional(captions, (c) => isArrayOf(c, isText) && (c as unknown[]).length === count) &&
    isOptional(value.columns, isSize) &&
    isOptional(value.zoom, (zoom) => isNumber(zoom) && zoom > 0 && zoom <= 64) &&
    isOptional(value.boxes, (boxes) => isArrayOf(boxes, (box) => isBox(box, count))) &&
    isOptional(
      value.masks,
      (masks) =>
        masks instanceof Int32Array &&
        masks.length === count * (value.height as number) * (value.width as number),
    )
  );
}

function isBars({ title, labels, values, range, intervals }: Fields): boolean {
  return (
    isOptional(title, isText) &&
    isArrayOf(labels, isText) &&
    isArrayOf(values, isNumber) &&
    labels.length === values.length &&
    labels.length <= MOST_BARS &&
    isOptional(range, isRange) &&
    isOptional(
      intervals,
      (list) =>
        isArrayOf(list, (one) => one === null || isInterval(one)) &&
        (list as unknown[]).length === labels.length,
    )
  );
}

/** Two numbers, the second not below the first. */
function isInterval(value: unknown): boolean {
  if (!isArrayOf(value, isNumber) || value.length !== 2) return false;
  const [low = Number.NaN, high = Number.NaN] = value;
  return Number.isFinite(high - low) && low <= high;
}

function isConfusion({ title, classes, counts, note, samples }: Fields): boolean {
  if (!isArrayOf(classes, isName) || !isBetween(classes.length, 1, MOST_CLASSES)) return false;
  const cells = classes.length ** 2;
  return (
    isOptional(title, isText) &&
    isArrayOf(counts, isSize) &&
    counts.length === cells &&
    isOptional(note, isText) &&
    isOptional(
      samples,
      (some) =>
        isFields(some) &&
        isFields(some.images) &&
        some.images.kind === "images" &&
        isImages(some.images) &&
        isArrayOf(some.cells, (cell) => isSize(cell) && cell < cells) &&
        (some.cells as unknown[]).length === some.images.count,
    )
  );
}

function isName(name: unknown): name is string {
  return isText(name) && name.length <= MAX_LABEL;
}

function isThresholdCurve(value: unknown): boolean {
  if (!isFields(value) || !(value.thresholds instanceof Float32Array)) return false;
  const { positives, negatives, start, lines, figures } = value;
  const { length } = value.thresholds;
  const isList = (list: unknown) => list instanceof Float32Array && list.length === length;
  const isCounts = (list: unknown, most: unknown) =>
    isList(list) && (list as Float32Array).every((count) => count >= 0 && count <= (most as number));
  return (
    isName(value.positive) &&
    isName(value.negative) &&
    isBetween(length, 1, MOST_POINTS) &&
    isSize(positives) &&
    isSize(negatives) &&
    isCounts(value.truePositives, positives) &&
    isCounts(value.falsePositives, negatives) &&
    isSize(start) &&
    start < length &&
    isFields(lines) &&
    [lines.roc, lines.precisionRecall].every((one) =>
      isOptional(one, (line) => isFields(line) && isList(line.x) && isList(line.y) && isText(line.area)),
    ) &&
    isFew(
      figures,
      MOST_FIGURES,
      (figure) =>
        isFields(figure) && isName(figure.name) && [figure.values, figure.low, figure.high].every(isList),
    )
  );
}

function isBin(value: unknown): boolean {
  const isShare = (share: unknown) => isNumber(share) && share >= 0 && share <= 1;
  return (
    isFields(value) &&
    [value.from, value.to, value.confidence, value.accuracy].every(isShare) &&
    (value.from as number) < (value.to as number) &&
    isOptional(value.interval, isInterval) &&
    isSize(value.count)
  );
}

/** A report holds outputs, but no other report, nothing to set and no links into cells. */
function isSection(value: unknown): boolean {
  return (
    isFields(value) &&
    isText(value.title) &&
    isArrayOf(value.text, isText) &&
    isFew(
      value.items,
      MOST_ITEMS,
      (item) => isFields(item) && !isOneOf(item.kind, ["report", "input", "error"]) && isDisplay(item),
    )
  );
}

function isScatter({ title, x, y, series }: Fields): boolean {
  const isAxis = (axis: unknown) => isFields(axis) && isText(axis.label);
  const isSeries = (one: unknown) =>
    isFields(one) &&
    isText(one.name) &&
    isArrayOf(one.x, isNumber) &&
    isArrayOf(one.y, isNumber) &&
    one.x.length === one.y.length &&
    isOptional(one.labels, (labels) => isTexts(labels, (one.x as unknown[]).length));
  return isOptional(title, isText) && isAxis(x) && isAxis(y) && isArrayOf(series, isSeries);
}

function isMatrix({ title, rows, columns, data, signed, range, rowLabels, columnLabels }: Fields): boolean {
  return (
    isOptional(title, isText) &&
    isPixels({ channels: 1, height: rows, width: columns, data }, 1) &&
    data instanceof Float32Array &&
    typeof signed === "boolean" &&
    isOptional(range, isRange) &&
    isOptional(rowLabels, (labels) => isTexts(labels, rows as number)) &&
    isOptional(columnLabels, (labels) => isTexts(labels, columns as number))
  );
}

function isTexts(value: unknown, count: number): boolean {
  return isArrayOf(value, isText) && value.length === count;
}

/** Two numbers, the first below the second. */
function isRange(value: unknown): boolean {
  if (!isArrayOf(value, isNumber) || value.length !== 2) return false;
  const [low = Number.NaN, high = Number.NaN] = value;
  return Number.isFinite(high - low) && low < high;
}

function isBox(value: unknown, count: number): boolean {
  return (
    isFields(value) &&
    isSize(value.image) &&
    value.image < count &&
    isSize(value.thing) &&
    isPlace(value) &&
    isOptional(value.label, isText)
  );
}

function isPlace({ left, top, right, bottom }: Fields): boolean {
  return [left, top, right, bottom].every((side) => Number.isFinite(side));
}

function isPixels(value: Fields, count: number): boolean {
  const { channels, height, width, data } = value;
  return (
    isOneOf(channels, [1, 3, 4]) &&
    isSide(height) &&
    isSide(width) &&
    (data instanceof Float32Array || data instanceof Uint8ClampedArray) &&
    data.length <= MAX_ELEMENTS &&
    data.length === count * (channels as number) * height * width
  );
}

function isPanel(value: unknown): boolean {
  return (
    isFields(value) &&
    isText(value.label) &&
    isOptional(value.unit, isText) &&
    [value.log, value.ordered].every((flag) => isOneOf(flag, [undefined, false, true])) &&
    isArrayOf(
      value.series,
      (s) => isFields(s) && isText(s.name) && isOneOf(s.style, [undefined, "line", "dots"]),
    )
  );
}

function isPoints(value: unknown): value is CurvePoints[] {
  return isArrayOf(
    value,
    (p) =>
      isFields(p) &&
      isSize(p.panel) &&
      isSize(p.series) &&
      isArrayOf(p.x, isNumber) &&
      isArrayOf(p.y, isNumber) &&
      (p.x as unknown[]).length === (p.y as unknown[]).length &&
      [p.low, p.high].every((list) =>
        isOptional(
          list,
          (l) => isArrayOf(l, isNumber) && (l as unknown[]).length === (p.y as unknown[]).length,
        ),
      ),
  );
}

function isMarks(value: unknown): boolean {
  return isArrayOf(value, (mark) => isFields(mark) && Number.isFinite(mark.x) && isText(mark.text));
}

function isKernel(value: unknown): boolean {
  return (
    isFields(value) &&
    isText(value.kernel) &&
    isAmount(value.ms) &&
    isAmount(value.flops) &&
    isAmount(value.bytes)
  );
}

/** A graph has an order: arrows come from boxes before. */
function isGraph({ title, boxes, edges }: Fields): boolean {
  const isFlat = (list: unknown) => Array.isArray(list) && list.length <= MAX_BOXES;
  const isName = (name: unknown) => isText(name) && name.length <= MAX_LABEL;
  return (
    isText(title) &&
    isFlat(boxes) &&
    isFlat(edges) &&
    isArrayOf(
      boxes,
      (box) =>
        isFields(box) &&
        isName(box.label) &&
        isOptional(box.name, isName) &&
        isArrayOf(box.notes, isName) &&
        isOneOf(box.role, ["input", "layer", "join", "value", "output"]),
    ) &&
    isArrayOf(
      edges,
      (edge) =>
        isFields(edge) &&
        isSize(edge.from) &&
        isSize(edge.to) &&
        edge.from < edge.to &&
        edge.to < (boxes as unknown[]).length &&
        isOptional(edge.label, isName),
    )
  );
}

function isFrame(value: unknown): boolean {
  return (
    isFields(value) &&
    isText(value.cell) &&
    isSize(value.count) &&
    isSize(value.line) &&
    isSize(value.column) &&
    isText(value.text)
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isAmount(value: unknown): boolean {
  return isNumber(value) && Number.isFinite(value) && value >= 0;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isBetween(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

function isSide(value: unknown): value is number {
  return isSize(value) && value > 0 && value <= MAX_SIDE;
}

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.includes(value);
}

function isOptional(value: unknown, test: (value: unknown) => boolean): boolean {
  return value === undefined || test(value);
}

function isFew(value: unknown, most: number, test: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.length <= most && value.every(test);
}

function isArrayOf<T>(value: unknown, test: (item: unknown) => item is T): value is T[];
function isArrayOf(value: unknown, test: (item: unknown) => boolean): boolean;
function isArrayOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= 1_000_000 && value.every(test);
}
