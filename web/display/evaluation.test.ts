// The outputs of evaluation without a page: what they say in words, the pictures and tables that are saved, and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { barsView } from "./bars.ts";
import { barsSvg } from "./bars-svg.ts";
import { cellsOf, confusionView } from "./confusion.ts";
import { curveView } from "./curve.ts";
import { curveSvg } from "./curve-svg.ts";
import { bundleOf, displayOfBundle } from "./mime.ts";
import { reliabilityView } from "./reliability.ts";
import type {
  BarsDisplay,
  ConfusionDisplay,
  CurveDisplay,
  Display,
  ReliabilityDisplay,
  ReportDisplay,
  ThresholdsDisplay,
} from "./schema.ts";
import { countsAt, figureText, thresholdsView } from "./thresholds.ts";
import { isDisplay } from "./validate.ts";
import { viewOf } from "./views.ts";

const f32 = (...values: number[]) => Float32Array.from(values);

const confusion: ConfusionDisplay = {
  kind: "confusion",
  classes: ["cat", "<dog>"],
  counts: [6, 2, 1, 11],
  note: "Accuracy 0.850",
};

/** Scores .9 (positive), .6 (negative), .4 (positive). */
const thresholds: ThresholdsDisplay = {
  kind: "thresholds",
  panels: ["roc", "precisionRecall"],
  curves: [
    {
      positive: "ill",
      negative: "well",
      thresholds: f32(Infinity, 0.9, 0.6, 0.4),
      truePositives: f32(0, 1, 1, 2),
      falsePositives: f32(0, 0, 1, 1),
      positives: 2,
      negatives: 1,
      figures: [
        {
          name: "Recall",
          values: f32(0, 0.5, 0.5, 1),
          low: f32(0, 0.1, 0.1, 0.3),
          high: f32(0.6, 0.9, 0.9, 1),
        },
        {
          name: "Precision",
          values: f32(Number.NaN, 1, 0.5, 0.667),
          low: f32(Number.NaN, 0.2, 0.1, 0.2),
          high: f32(Number.NaN, 1, 0.9, 0.9),
        },
      ],
      lines: {
        roc: { x: f32(0, 0, 1, 1), y: f32(0, 0.5, 0.5, 1), area: "AUC 0.5" },
        precisionRecall: { x: f32(0, 0.5, 0.5, 1), y: f32(1, 1, 0.5, 0.667), area: "AP 0.83" },
      },
      start: 2,
    },
  ],
};

const reliability: ReliabilityDisplay = {
  kind: "reliability",
  bins: [
    { from: 0.5, to: 0.6, confidence: 0.55, accuracy: 0.5, interval: [0.2, 0.8], count: 10 },
    { from: 0.9, to: 1, confidence: 0.97, accuracy: 1, count: 30 },
  ],
  note: "Expected calibration error 0.035",
};

const bars: BarsDisplay = {
  kind: "bars",
  labels: ["a", "b"],
  values: [0.9, 0.5],
  range: [0, 1],
  intervals: [[0.8, 0.95], null],
};

const curve: CurveDisplay = {
  kind: "curve",
  id: "c",
  x: { label: "n" },
  panels: [{ label: "accuracy", unit: "%", series: [{ name: "validation" }] }],
  points: [{ panel: 0, series: 0, x: [10, 20], y: [50, 80], low: [30, 70], high: [70, 90] }],
};

const report: ReportDisplay = {
  kind: "report",
  title: "mlp on digits",
  sections: [
    { title: "What was measured", text: ["Seed 1.", "x ".repeat(200)], items: [] },
    { title: "All", text: [], items: [confusion, thresholds, reliability, bars, curve] },
    { title: "A table", text: [], items: [{ kind: "table", columns: ["figure"], rows: [["Accuracy"]] }] },
  ],
};

const svgOf = async (display: Display) => {
  const picture = await (await viewOf(display)).picture?.(display);
  assert.equal(picture?.mime, "image/svg+xml");
  return new TextDecoder().decode(Uint8Array.from(atob(picture?.base64 ?? ""), (c) => c.charCodeAt(0)));
};

test("a confusion matrix in words names what is mistaken most, and is a table", () => {
  const [head, ...rows] = confusionView.text(confusion).split("\n");
  assert.equal(
    head,
    "Confusion matrix of 20 samples, true classes down, predicted across; most frequent mistakes: cat taken for <dog> (2), <dog> taken for cat (1).",
  );
  assert.deepEqual(
    rows.map((row) => row.split(/ {2,}/)),
    [["true \\ predicted", "cat", "<dog>"], ["cat", "6", "2"], ["<dog>", "1", "11"], ["Accuracy 0.850"]],
  );
  assert.deepEqual(
    cellsOf(confusion).map(({ share }) => share),
    [6 / 8, 2 / 8, 1 / 12, 11 / 12],
  );
  // A class without samples has shares of 0, not of nothing.
  assert.equal(cellsOf({ classes: ["a", "b"], counts: [0, 0, 1, 1] })[0]?.share, 0);
});

test("counts and figures at a threshold are those that came with it", () => {
  const [one] = thresholds.curves;
  assert.ok(one);
  assert.deepEqual(countsAt(one, 2), [1, 1, 1, 0]);
  assert.deepEqual(countsAt(one, 0), [0, 0, 2, 1]);
  const [recall, precision] = one.figures;
  assert.equal(recall && figureText(recall, 2), "0.500 (0.100–0.900)");
  assert.equal(precision && figureText(precision, 0), "undefined");
  assert.match(
    thresholdsView.text(thresholds),
    /^Curves over the threshold\nill: AUC 0\.5; AP 0\.83; at threshold 0\.6: Recall 0\.500 \(0\.100–0\.900\), Precision/,
  );
  const table = thresholdsView.table(thresholds);
  assert.deepEqual(table.rows[0], ["ill", Infinity, 0, 0, 2, 1, 0, null]);
  assert.equal(table.rows.length, 4);
});

test("reliability, bars and curves tell intervals", () => {
  assert.match(
    reliabilityView.text(reliability),
    /0\.50–0\.60: sure 0\.550, right 0\.500 \(0\.200–0\.800\), 10 samples/,
  );
  assert.deepEqual(reliabilityView.table(reliability).rows[1], [0.9, 1, 0.97, 1, null, null, 30]);
  // Intervals are saved with what they are about.
  assert.deepEqual(barsView.table?.(bars), {
    columns: ["", "value", "from", "to"],
    rows: [
      ["a", 0.9, 0.8, 0.95],
      ["b", 0.5, Number.NaN, Number.NaN],
    ],
  });
  assert.deepEqual(curveView.table?.(curve), {
    columns: ["panel", "series", "n", "value", "from", "to"],
    rows: [
      ["accuracy", "validation", 10, 50, 30, 70],
      ["accuracy", "validation", 20, 80, 70, 90],
    ],
  });
  assert.equal(barsView.text(bars), "Bars\na: 0.900 (0.800–0.950)\nb: 0.500");
  assert.equal(barsSvg(bars).match(/<path /g)?.length, 1);
  assert.equal(curveView.text(curve), "Curve\naccuracy, validation: 80 % (70–90)");
  assert.equal(curveSvg(curve).match(/stroke-opacity="0.6"/g)?.length, 2);
});

test("each has a picture without a number that is none, and its texts are escaped", async () => {
  for (const display of [confusion, thresholds, reliability, report]) {
    const svg = await svgOf(display);
    assert.match(svg, /^<svg .*<\/svg>$/s);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity|<dog>/, display.kind);
  }
  assert.match(await svgOf(confusion), /&#60;dog&#62;/);
  // Of five outputs with pictures each is an image; the table is text.
  assert.equal((await svgOf(report)).match(/<image /g)?.length, 5);
  assert.match(await svgOf(report), /Accuracy/);
});

test("they come back from a saved file as they were", async () => {
  const gaps: CurveDisplay = {
    ...curve,
    points: [
      { panel: 0, series: 0, x: [1, 2], y: [Number.NaN, Infinity], low: [Number.NaN, 1], high: [1, 2] },
    ],
  };
  for (const display of [confusion, thresholds, reliability, bars, curve, gaps, report]) {
    const saved = JSON.parse(JSON.stringify(await bundleOf(display)));
    assert.ok(typeof saved["text/plain"] === "string" && saved["image/svg+xml"], display.kind);
    assert.deepEqual(displayOfBundle(saved), display);
  }
});

test("what is not in order is refused", () => {
  const [one] = thresholds.curves;
  assert.ok(one);
  const images = {
    kind: "images",
    count: 1,
    channels: 1,
    height: 1,
    width: 1,
    data: new Uint8ClampedArray(1),
  };
  const item = (display: object) => ({ ...report, sections: [{ title: "", text: [], items: [display] }] });
  assert.ok(isDisplay({ ...confusion, samples: { images, cells: [3] } }));
  assert.ok(isDisplay(item({ kind: "text", text: "" })));
  for (const bad of [
    { ...confusion, counts: [1, 2, 3] },
    { ...confusion, counts: [1, 2, 3, -4] },
    { ...confusion, counts: [1, 2, 3, 0.5] },
    { ...confusion, classes: [], counts: [] },
    { ...confusion, classes: Array(101).fill("a"), counts: Array(101 * 101).fill(0) },
    { ...confusion, classes: ["a", "x".repeat(2000)] },
    { ...confusion, classes: ["a", { toString: "b" }] },
    { ...confusion, note: 1 },
    { ...confusion, samples: { images, cells: [4] } },
    { ...confusion, samples: { images, cells: [] } },
    { ...confusion, samples: { images: { ...images, kind: "text", text: "" }, cells: [0] } },
    { ...confusion, samples: { images: { ...images, width: 2 }, cells: [0] } },
    { ...thresholds, curves: [] },
    { ...thresholds, panels: ["html"] },
    { ...thresholds, panels: ["roc", "roc", "roc"] },
    { ...thresholds, curves: [{ ...one, positive: "x".repeat(2000) }] },
    { ...thresholds, curves: [{ ...one, figures: Array(21).fill(one.figures[0]) }] },
    { ...thresholds, intervals: 95 },
    { ...thresholds, curves: Array(101).fill(one) },
    { ...thresholds, curves: [{ ...one, start: 4 }] },
    { ...thresholds, curves: [{ ...one, positives: 1 }] },
    { ...thresholds, curves: [{ ...one, truePositives: [0, 1, 1, 2] }] },
    { ...thresholds, curves: [{ ...one, falsePositives: f32(0, -1, 1, 1) }] },
    { ...thresholds, curves: [{ ...one, figures: [{ ...one.figures[0], low: f32(0) }] }] },
    { ...thresholds, curves: [{ ...one, lines: { roc: { x: f32(0), y: f32(0), area: "" } } }] },
    { ...thresholds, curves: [{ ...one, lines: undefined }] },
    { ...reliability, bins: [{ ...reliability.bins[0], accuracy: 2 }] },
    { ...reliability, bins: [{ ...reliability.bins[0], interval: [1, 0] }] },
    { ...reliability, bins: [{ ...reliability.bins[0], to: 0.1 }] },
    { ...reliability, axes: { x: "only" } },
    { ...bars, intervals: [[0, 1]] },
    { ...bars, intervals: [[1, 0], null] },
    { ...curve, points: [{ panel: 0, series: 0, x: [1], y: [1], low: [] }] },
    item(report),
    item({ kind: "error", name: "", message: "", frames: [] }),
    item({ kind: "input", control: { type: "checkbox", label: "", value: true } }),
    item({ kind: "html", html: "<b>" }),
    { ...report, sections: Array(101).fill(report.sections[0]) },
    { ...report, sections: [{ title: "", text: "all", items: [] }] },
  ])
    assert.ok(!isDisplay(bad), JSON.stringify(bad).slice(0, 200));
});
