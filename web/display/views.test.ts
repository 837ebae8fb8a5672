// What views say in words and draw without a page: text, tables, curves as SVG, colours, bundles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { diverging, sequential } from "./colormap.ts";
import { csvOf } from "./csv.ts";
import { curveView, valueText } from "./curve.ts";
import { logTicks, namedSeries, seriesColor, ticks } from "./curve-style.ts";
import { curveSvg } from "./curve-svg.ts";
import { graphView } from "./graph.ts";
import { graphSvg } from "./graph-plot.ts";
import { matrixView } from "./matrix.ts";
import { matrixSvg } from "./matrix-plot.ts";
import { displayOfBundle } from "./mime.ts";
import { rangeOf, rgbaOf } from "./pixels.ts";
import { rooflineView, standings, worst } from "./roofline.ts";
import { rooflineSvg } from "./roofline-plot.ts";
import { extents, scatterView } from "./scatter.ts";
import { scatterSvg } from "./scatter-plot.ts";
import type {
  CurveDisplay,
  Display,
  GraphDisplay,
  MatrixDisplay,
  RooflineDisplay,
  ScatterDisplay,
} from "./schema.ts";
import { tableView } from "./table.ts";
import { textPicture } from "./tools.ts";
import { viewOf } from "./views.ts";

const lightness = ([r, g, b]: readonly [number, number, number]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const steps = Array.from({ length: 101 }, (_, i) => i / 100);

const curve: CurveDisplay = {
  kind: "curve",
  id: "fit",
  x: { label: "step <n>" },
  panels: [{ label: "Accuracy", unit: "%", series: [{ name: "train" }, { name: "a & b", style: "dots" }] }],
  points: [
    { panel: 0, series: 0, x: [0, 10, 20], y: [10, Number.NaN, 97.456] },
    { panel: 0, series: 1, x: [20], y: [0] },
  ],
};

test("the sequential scale rises in lightness, the diverging one falls to both sides", () => {
  for (const [i, t] of steps.slice(1).entries()) {
    assert.ok(lightness(sequential(t)) >= lightness(sequential(steps[i] ?? 0)));
    assert.ok(lightness(diverging(t)) <= lightness(diverging(steps[i] ?? 0)));
    assert.ok(lightness(diverging(-t)) <= lightness(diverging(-(steps[i] ?? 0))));
  }
  assert.deepEqual(sequential(Number.NaN), sequential(0));
});

test("pixels: planes interleave, values outside the range are clipped, NaN stands out", () => {
  const data = new Float32Array([0, 1, 2, 3, -1, Number.NaN]);
  const rgba = rgbaOf({ channels: 3, height: 1, width: 2, data }, 0, [0, 2]);
  assert.deepEqual([...rgba.slice(0, 4)], [0, 255, 0, 255]);
  assert.deepEqual([...rgba.slice(4)], [255, 0, 255, 255]);
  assert.deepEqual([...rgbaOf({ channels: 1, height: 1, width: 1, data }, 1, [0, 2])], [128, 128, 128, 255]);
});

test("the range shown is the data's own, and never empty", () => {
  assert.deepEqual(rangeOf(new Float32Array([3, -1, Number.NaN])), [-1, 3]);
  assert.deepEqual(rangeOf(new Float32Array([3, -1, -Infinity, Infinity])), [-1, 3]);
  assert.deepEqual(rangeOf(new Float32Array([2, 2])), [1.5, 2.5]);
  const [low, high] = rangeOf(new Float32Array([1e30]));
  assert.ok(low < high);
  assert.deepEqual(rangeOf(new Float32Array([Number.NaN])), [0, 1]);
  assert.deepEqual(rangeOf(new Uint8ClampedArray([7])), [0, 255]);
});

test("a table in words is aligned, with as many decimals as its column needs", () => {
  const text = tableView.text({
    kind: "table",
    columns: ["digit", "recall"],
    rows: [
      ["7", 0.5],
      ["10", 0.975],
    ],
    note: "2 of 10",
  });
  assert.equal(text, "digit  recall\n7      0.500\n10     0.975\n2 of 10");
});

test("a curve in words gives the last value of each series", () => {
  assert.equal(curveView.text(curve), "Curve\nAccuracy, train: 97.46 %\nAccuracy, a & b: 0 %");
  assert.equal(valueText(0.000012, undefined), "1.20e-5");
});

test("a curve as SVG escapes its texts and leaves NaN out", () => {
  const svg = curveSvg(curve);
  assert.doesNotMatch(svg, /NaN|<n>|a & b/);
  assert.match(svg, /step &#60;n&#62;/);
  assert.match(curveSvg({ ...curve, points: [] }), /^<svg/);
});

const roofline: RooflineDisplay = {
  kind: "roofline",
  device: "cpu",
  // 10 operations a byte at the ridge.
  flops: 1e10,
  bytes: 1e9,
  kernels: [
    { kernel: "conv x[1] <y>, then { made }", ms: 4, flops: 2e7, bytes: 1e5 },
    { kernel: "map [2] { r0 }", ms: 2, flops: 0, bytes: 1e6 },
    { kernel: "sum [2] { r0 }", ms: 1, flops: 1e6, bytes: 4e6 },
    { kernel: "gather 0 rows", ms: 0, flops: 0, bytes: 0 },
  ],
};

test("kernels stand against the ceiling that is nearer, and those that lose most time come first", () => {
  const all = standings(roofline);
  assert.deepEqual(
    all.map(({ name, bound, reached, lost }) => [name, bound, reached, lost]),
    [
      ["conv", "arithmetic", 0.5, 2],
      ["map", "memory", 0.5, 1],
      // Out of a cache: four times the bandwidth of memory.
      ["sum", "memory", 4, 0],
      ["gather", "memory", 0, 0],
    ],
  );
  assert.deepEqual(
    worst(all).map(({ name }) => name),
    ["conv", "map"],
  );
  const [head, first] = rooflineView.text(roofline).split("\n");
  assert.equal(head, "Kernels on cpu, which does 10 GFLOP/s and moves 1 GB/s");
  assert.equal(first, `4 ms, 57 % of the time, 50 % of the arithmetic: ${roofline.kernels[0]?.kernel}`);
});

test("a roofline as SVG has a point for each kernel that took time, and no number that is none", () => {
  const svg = rooflineSvg(roofline);
  assert.doesNotMatch(svg, /NaN|Infinity|<y>/);
  assert.equal(svg.match(/<title>/g)?.length, 3);
  assert.match(svg, /conv x\[1\] &#60;y&#62;, then/);
  const empty = rooflineSvg({ ...roofline, flops: 0, bytes: 0, kernels: [] });
  assert.doesNotMatch(empty, /NaN|Infinity/);
});

test("ticks are round and inside the range", () => {
  assert.deepEqual(
    ticks(0, 1, 5),
    [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1].map((t) => Number(t.toFixed(1))),
  );
  assert.deepEqual(ticks(-3, 12, 4), [0, 5, 10]);
  assert.deepEqual(ticks(2, 2, 4), [2]);
});

test("a bundle of another program shows its picture, else its HTML, else its text", () => {
  assert.equal(displayOfBundle({ "text/html": "<b>", "text/plain": "b" }).kind, "html");
  assert.equal(
    displayOfBundle({ "text/html": "<b>", "image/png": "iVBORw0=", "text/plain": "b" }).kind,
    "picture",
  );
  assert.equal(displayOfBundle({ "image/png": "iVBORw0=\n", "text/plain": "plot" }).kind, "picture");
  assert.equal(displayOfBundle({ "image/png": '"><script>', "text/plain": "plot" }).kind, "text");
  assert.equal(displayOfBundle({ "application/vnd.gradbook.display+json": { kind: "html" } }).kind, "text");
  const deep: unknown = JSON.parse(`${"[".repeat(1e5)}${"]".repeat(1e5)}`);
  assert.equal(displayOfBundle({ "application/vnd.gradbook.display+json": deep }).kind, "text");
});

const graph: GraphDisplay = {
  kind: "graph",
  title: "two <ways>",
  boxes: [
    { label: "input", notes: ["[1, 4]"], role: "input" },
    { label: "dense", name: "0.body", notes: ["[1, 4]", "20 parameters"], role: "layer" },
    { label: "+", notes: [], role: "join" },
  ],
  edges: [
    { from: 0, to: 1 },
    { from: 0, to: 2, label: "× 2" },
    { from: 1, to: 2 },
  ],
};

test("a graph in words says what comes from what, its picture has all boxes and arrows", () => {
  assert.equal(
    graphView.text(graph),
    "two <ways>\ninput, [1, 4]\ndense 0.body, [1, 4], 20 parameters, from input\n+, from input (× 2) and dense 0.body",
  );
  const svg = graphSvg(graph);
  assert.equal(svg.match(/<rect /g)?.length, 4);
  assert.equal(svg.match(/<path /g)?.length, 6);
  assert.ok(svg.includes("[1, 4] · 20 parameters") && svg.includes("× 2"));
  assert.ok(!svg.includes("NaN"), svg);
});

test("a graph of many boxes is laid out, in their order from top to bottom", () => {
  const boxes = Array.from({ length: 200 }, (_, i) => ({
    label: `layer ${i}`,
    notes: [],
    role: "layer" as const,
  }));
  const skips = boxes.flatMap((_, i) => [{ from: i, to: i + 1 }, ...(i % 3 ? [] : [{ from: i, to: i + 3 }])]);
  const edges = skips.filter(({ to }) => to < boxes.length);
  const svg = graphSvg({ kind: "graph", title: "", boxes, edges });
  const lines = [...svg.matchAll(/<rect x="[-\d.]+" y="([-\d.]+)"/g)].map(([, y]) => Number(y));
  assert.equal(lines.length, 200);
  for (const { from, to } of edges) assert.ok((lines[from] ?? 0) < (lines[to] ?? 0));
});

test("a graph whose layout would take long is a list", () => {
  const boxes = Array.from({ length: 80 }, (_, i) => ({ label: `v${i}`, notes: [], role: "value" as const }));
  const edges = boxes.flatMap((_, to) => Array.from({ length: to }, (_, from) => ({ from, to })));
  const svg = graphSvg({ kind: "graph", title: "all to all", boxes, edges });
  assert.equal(svg.match(/<rect /g)?.length, 1);
  assert.equal(svg.match(/<text /g)?.length, 80);
  assert.ok(svg.includes("v2, from v0 and v1"));
});

test("a logarithmic panel leaves out what is not above 0, and one in order names some of many", () => {
  assert.deepEqual(logTicks(0.02, 3), [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]);
  assert.deepEqual(logTicks(1e-6, 1e6).at(0), 1e-6);
  const panel = {
    label: "norm",
    log: true,
    ordered: true,
    series: Array.from({ length: 30 }, (_, i) => ({ name: `l${i}` })),
  };
  assert.deepEqual(namedSeries(panel), [0, 6, 12, 17, 23, 29]);
  assert.notEqual(seriesColor(panel, 0), seriesColor(panel, 29));
  const points = [{ panel: 0, series: 0, x: [1, 2, 3], y: [10, 0, 0.001] }];
  const svg = curveSvg({ kind: "curve", id: "log", x: { label: "layer" }, panels: [panel], points });
  assert.ok(!svg.includes("NaN") && svg.includes(">l29<") && !svg.includes(">l1<"), svg);
  assert.equal(svg.match(/stroke-width="1.75"/g)?.length, 1);
});

const matrix: MatrixDisplay = {
  kind: "matrix",
  title: "W <1>",
  rows: 2,
  columns: 3,
  data: new Float32Array([1, -2, 0, Number.NaN, 0.5, 2]),
  signed: true,
  rowLabels: ["a", "b"],
};

test("a matrix is a table in words, and colours around 0 as a picture; what is no number stands out", () => {
  assert.equal(matrixView.text(matrix), "W <1>\n   0    1     2\na  1    -2.0  0\nb  NaN  0.5   2");
  const svg = matrixSvg(matrix);
  assert.match(svg, /W &#60;1&#62;/);
  assert.equal(svg.match(/fill="rgb\(255,0,255\)"/g)?.length, 1);
  // White is 0, and the ends are the scale's own.
  for (const value of [0, 1, -1]) assert.ok(svg.includes(`fill="rgb(${diverging(value).join()})"`));
  assert.equal(matrixView.valueAt?.(matrix, "cells", 0.4, 0.1), "[0, 1] · a: -2");
  assert.match(matrixView.text({ ...matrix, rows: 20, columns: 20, data: new Float32Array(400) }), /20 × 20/);
  // Masked scores leave the others their colours.
  const masked = { ...matrix, data: new Float32Array([-Infinity, 1, 2, 3, 4, 5]) };
  assert.equal(
    new Set(
      matrixSvg(masked)
        .match(/fill="rgb[^"]*"/g)
        ?.slice(0, 6),
    ).size,
    6,
  );
});

const scatter: ScatterDisplay = {
  kind: "scatter",
  x: { label: "first" },
  y: { label: "second" },
  series: [
    { name: "a & b", x: [0, 1, Number.NaN], y: [0, 1, 2], labels: ["near", "far", "none"] },
    { name: "one", x: [1], y: [0] },
  ],
};

test("points have a mark each, those that are no numbers none, and answer to the pointer", () => {
  const svg = scatterSvg(scatter);
  assert.doesNotMatch(svg, /NaN|a & b/);
  const marks = [...svg.matchAll(/<path d="([^"]*)" [^>]*fill-opacity/g)].map(
    ([, d]) => d?.match(/M/g)?.length,
  );
  assert.deepEqual(marks, [2, 1]);
  const [[left, right], [low, high]] = extents(scatter);
  const at = (x: number, y: number) =>
    scatterView.valueAt?.(scatter, "points", (x - left) / (right - left), (high - y) / (high - low));
  assert.equal(at(0, 0), "a & b · near: 0, 0");
  assert.equal(at(1, 0), "one: 1, 0");
  assert.equal(at(0.5, 0.5), undefined);
  for (const x of [[], [1e17], [1e308, -1e308], [Number.NaN], [-Infinity, 3]])
    assert.doesNotMatch(scatterSvg({ ...scatter, series: [{ name: "", x, y: x }] }), /NaN|Infinity/);
});

test("numbers leave as comma-separated values, whatever their names hold", () => {
  const table = {
    columns: ["a,b", 'say "c"'],
    rows: [[1, null] as [number, null], ["x\ny", true] as [string, boolean]],
  };
  assert.equal(csvOf(table), '"a,b","say ""c"""\r\n1,\r\n"x\ny",true\r\n');
  assert.equal(
    csvOf({
      columns: ["=a"],
      rows: [["=HYPERLINK(1)"], ["@x"], ["+1+x"], ["-1.5"], [-2], [Number.NEGATIVE_INFINITY]],
    }),
    "'=a\r\n'=HYPERLINK(1)\r\n'@x\r\n'+1+x\r\n-1.5\r\n-2\r\n-Infinity\r\n",
  );
  assert.equal(
    csvOf(curveView.table?.(curve) ?? table),
    "panel,series,step <n>,value\r\nAccuracy,train,0,10\r\nAccuracy,train,10,NaN\r\nAccuracy,train,20,97.456\r\nAccuracy,a & b,20,0\r\n",
  );
});

test("a table of very many rows is written, as saving needs it", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [i / 2]);
  assert.match(tableView.text({ kind: "table", columns: ["x"], rows }), /^x\n0.0\n0.5\n/);
});

test("words are a picture, too: a line each, cut where nobody reads on", () => {
  const svg = textPicture("a <b>\n  c\n");
  assert.equal(svg.match(/<text /g)?.length, 2);
  assert.match(svg, /a &#60;b&#62;/);
  assert.match(textPicture("x\n".repeat(500)), /100 more lines/);
});

test("values under the pointer are those of the pixel there", async () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const images: Display = { kind: "images", count: 2, channels: 3, height: 2, width: 2, data };
  assert.equal((await viewOf(images)).valueAt?.(images, "1", 0.6, 0.4), "[0, 1]: 13, 17, 21");
  const overlay: Display = {
    kind: "overlay",
    image: { channels: 1, height: 4, width: 4, data: data.slice(0, 16) },
    map: { height: 2, width: 2, data: data.slice(20) },
    signed: false,
  };
  assert.equal((await viewOf(overlay)).valueAt?.(overlay, "map", 0.99, 0.3), "[1, 3]: map 21, image 7");
});
