import assert from "node:assert/strict";
import { test } from "node:test";
import { isDisplay, isDisplayUpdate } from "./validate.ts";

const images = { kind: "images", count: 2, channels: 1, height: 2, width: 2, data: new Float32Array(8) };
const box = { image: 1, left: 0, top: 0.5, right: 2, bottom: 1, thing: 0, label: "cat" };
const curve = {
  kind: "curve",
  id: "c",
  x: { label: "step" },
  panels: [{ label: "loss", series: [{ name: "train" }] }],
};
const overlay = {
  kind: "overlay",
  image: { channels: 3, height: 2, width: 2, data: new Uint8ClampedArray(12) },
  map: { height: 1, width: 1, data: new Float32Array(1) },
  signed: true,
};
const roofline = {
  kind: "roofline",
  device: "cpu",
  flops: 1e10,
  bytes: 1e9,
  kernels: [{ kernel: "map", ms: 1, flops: 0, bytes: 8 }],
};

const slider = { type: "slider", label: "rate", min: 1e-4, max: 1, scale: "log", value: 0.1 };
const number = { type: "number", label: "", value: 3 };
const choice = { type: "choice", label: "", options: ["a", "b"], value: 1 };
const text = { type: "text", label: "", value: "", lines: 1 };
const draw = { type: "draw", label: "", size: 28, centre: true, value: { strokes: [] } };
const stroke = { width: 0.1, erases: false, points: [0.1, 0.2, 0.3, 0.4] };
const image = { type: "image", label: "", size: 2, channels: 3, value: null };
const scatter = {
  kind: "scatter",
  x: { label: "x" },
  y: { label: "y" },
  series: [{ name: "a", x: [1], y: [Number.NaN], labels: ["first"] }],
};
const matrix = { kind: "matrix", rows: 1, columns: 2, data: new Float32Array(2), signed: false };
const bars = { kind: "bars", labels: ["a", "b"], values: [1, -2] };
const input = (control: object, more: object = {}) => ({ kind: "input", control, ...more });
const graphBox = { label: "dense", name: "0", notes: ["[1, 4]"], role: "layer" };
const graph = {
  kind: "graph",
  title: "",
  boxes: [graphBox, graphBox],
  edges: [{ from: 0, to: 1, label: "× 2" }],
};

for (const good of [
  input(slider, { id: "a", value: 1 }),
  input({ ...slider, scale: "linear", step: 0.1 }),
  input({ ...number, min: 3, max: 3 }, { value: 3 }),
  input(choice, { value: 0 }),
  input({ type: "checkbox", label: "on", value: true }, { value: false }),
  input(text, { value: "abc" }),
  input(draw, { value: { strokes: [stroke] } }),
  input(image, { value: new Uint8ClampedArray(12) }),
  bars,
  scatter,
  matrix,
  { ...matrix, title: "W", range: [0, 1], rowLabels: ["a"], columnLabels: ["b", "c"] },
  { kind: "html", html: "<b>b</b>", text: "b" },
  { ...bars, range: [0, 1], title: "x" },
  { kind: "text", text: "x" },
  { kind: "table", columns: ["a"], rows: [[1], [null]], note: "1 of 2" },
  images,
  { ...images, boxes: [box], masks: new Int32Array(8) },
  { ...images, range: [0, 1], captions: ["a", "b"], columns: 2, zoom: 4 },
  curve,
  { ...curve, points: [{ panel: 0, series: 0, x: [1], y: [2] }] },
  { ...curve, marks: [{ x: 1, text: "lr 0.1" }] },
  overlay,
  roofline,
  graph,
  { ...curve, panels: [{ label: "norm", log: true, ordered: true, series: [{ name: "0" }] }] },
  { kind: "picture", mime: "image/png", base64: "AAAA", text: "" },
  {
    kind: "error",
    name: "E",
    message: "m",
    frames: [{ cell: "a", count: 1, line: 1, column: 1, text: "x" }],
  },
]) {
  test(`accepts ${JSON.stringify(good).slice(0, 70)}`, () => assert.ok(isDisplay(good)));
}

for (const bad of [
  input({ type: "html", label: "<b>" }),
  input({ ...slider, label: "x".repeat(201) }),
  input({ ...slider, label: { toString: "x" } }),
  input({ ...slider, min: Number.NaN }),
  input({ ...slider, max: Number.POSITIVE_INFINITY }),
  input({ ...slider, min: 0 }),
  input({ ...slider, min: 1 }),
  input({ ...slider, value: 2 }),
  input({ ...slider, value: "0.1" }),
  input({ ...slider, step: 0.1 }),
  input({ ...slider, scale: "linear", step: 0 }),
  input(slider, { value: 2 }),
  input(slider, { id: 1 }),
  input(slider, { id: "x".repeat(101) }),
  input({ ...number, min: 4 }),
  input({ ...number, max: "9" }),
  input(number, { value: Number.NaN }),
  input({ ...choice, options: [] }),
  input({ ...choice, options: Array(1001).fill("a") }),
  input({ ...choice, options: ["a", 1] }),
  input({ ...choice, value: 2 }),
  input(choice, { value: 0.5 }),
  input({ type: "checkbox", label: "", value: 1 }),
  input({ ...text, value: "x".repeat(10_001) }),
  input({ ...text, lines: 1e9 }),
  input(text, { value: 1 }),
  input({ ...draw, size: 1e6 }),
  input({ ...draw, size: 0.5 }),
  input({ ...draw, centre: 1 }),
  input({ ...draw, value: undefined }),
  input(draw, { value: { strokes: [{ ...stroke, width: Number.NaN }] } }),
  input(draw, { value: { strokes: [{ ...stroke, points: [0.1] }] } }),
  input(draw, { value: { strokes: [{ ...stroke, points: [0.1, 1e9] }] } }),
  input(draw, { value: { strokes: Array(2001).fill(stroke) } }),
  input(draw, { value: { strokes: Array(2000).fill({ ...stroke, points: Array(12).fill(0) }) } }),
  input({ ...image, size: 300 }),
  input({ ...image, channels: 4 }),
  input({ ...image, value: "data:" }),
  input(image, { value: new Uint8ClampedArray(11) }),
  input(image, { value: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }),
  { ...bars, values: [1] },
  { ...bars, values: ["1", 2] },
  { ...bars, range: [1, 0] },
  { ...bars, range: [0, Number.POSITIVE_INFINITY] },
  { kind: "bars", labels: Array(1001).fill(""), values: Array(1001).fill(0) },
  { ...curve, marks: [{ x: Number.NaN, text: "" }] },
  { ...curve, marks: [{ x: 1, text: 2 }] },
  { ...scatter, series: [{ name: "a", x: [1, 2], y: [1] }] },
  { ...scatter, series: [{ name: "a", x: [1], y: [1], labels: [] }] },
  { ...scatter, x: "x" },
  { ...matrix, data: [1, 2] },
  { ...matrix, rows: 2 },
  { ...matrix, columnLabels: ["a"] },
  { ...matrix, range: [1, 1] },
  undefined,
  "text",
  { kind: "html", html: "<b>" },
  { kind: "text", text: 1 },
  { kind: "text", text: "x", stream: "other" },
  { kind: "table", columns: ["a"], rows: [[1, 2]] },
  { kind: "table", columns: ["a"], rows: [[{}]] },
  { kind: "table", columns: ["a"], rows: [[1]], note: 1 },
  { ...images, data: [0, 0, 0, 0, 0, 0, 0, 0] },
  { ...images, data: new Float32Array(7) },
  { ...graph, edges: [{ from: 1, to: 1 }] },
  { ...graph, edges: [{ from: 0, to: 2 }] },
  { ...graph, boxes: [{ ...graphBox, role: "other" }, graphBox] },
  { ...graph, boxes: new Array(3000).fill(graphBox) },
  { ...graph, boxes: [{ ...graphBox, notes: ["x".repeat(2000)] }, graphBox] },
  { ...curve, panels: [{ label: "norm", log: 1, series: [] }] },
  { ...images, channels: 2 },
  { ...images, width: 1e9, height: 1e9 },
  { ...images, captions: ["a"] },
  { ...images, zoom: -1 },
  { ...images, boxes: [{ ...box, image: 2 }] },
  { ...images, boxes: [{ ...box, left: Number.NaN }] },
  { ...images, boxes: [{ ...box, thing: -1 }] },
  { ...images, masks: new Int32Array(4) },
  { ...images, masks: [0, 0, 0, 0, 0, 0, 0, 0] },
  { ...curve, panels: [{ label: "x", series: [{ name: 1 }] }] },
  { ...curve, points: [{ panel: 0, series: 0, x: [1], y: [] }] },
  { ...overlay, map: { height: 1, width: 1, data: new Float32Array(2) } },
  { ...roofline, bytes: Number.NaN },
  { ...roofline, kernels: [{ kernel: "map", ms: -1, flops: 0, bytes: 8 }] },
  { ...roofline, kernels: [{ kernel: 1, ms: 1, flops: 0, bytes: 8 }] },
  { kind: "picture", mime: "text/html", base64: "AAAA", text: "" },
  { kind: "picture", mime: "image/png", base64: '"><script>', text: "" },
]) {
  test(`refuses ${JSON.stringify(bad)?.slice(0, 90)}`, () => assert.ok(!isDisplay(bad)));
}

test("updates", () => {
  assert.ok(isDisplayUpdate({ type: "points", points: [{ panel: 0, series: 1, x: [1, 2], y: [3, 4] }] }));
  assert.ok(isDisplayUpdate({ type: "replace", display: images }));
  assert.ok(!isDisplayUpdate({ type: "replace", display: { kind: "html" } }));
  assert.ok(!isDisplayUpdate({ type: "points", points: [{ panel: -1, series: 0, x: [], y: [] }] }));
});
