// The module of host functions as pages call it: each function once, and what it refuses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { hostModule } from "./host.ts";

const host = await hostModule({
  load: (file) => readFile(new URL(`dist/${file}`, `file://${process.cwd()}/`)),
});

const truth = Int32Array.of(0, 0, 1, 1);
const scores = Float32Array.of(0.1, 0.4, 0.35, 0.8);
const table = Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8);

test("figures follow from counts", () => {
  const counts = host.confusionMatrix(truth, Int32Array.of(0, 1, 1, 1), 2);
  assert.deepEqual([...counts], [1, 1, 0, 2]);
  const figures = host.classFigures(counts, 2, undefined);
  assert.equal(figures.accuracy.value, 0.75);
  assert.deepEqual(figures.accuracy.metric, {
    name: "accuracy",
    title: "Accuracy",
    direction: "higher",
    unit: "share",
  });
  assert.equal(figures.accuracy.interval?.method, "clopperPearson");
  assert.equal(figures.accuracy.interval?.methodName, "Clopper–Pearson");
  assert.equal(figures.accuracy.text, "0.750 (95 %: 0.194–0.994, Clopper–Pearson, n = 4)");
  const second = figures.perClass[1];
  assert.ok(second);
  const { tp, fp, fn, tn, support } = second;
  assert.deepEqual({ tp, fp, fn, tn, support }, { tp: 2, fp: 1, fn: 0, tn: 1, support: 2 });
  assert.deepEqual(host.classFigure("f1", "macro", counts, 2, undefined), figures.macro.f1);
  assert.deepEqual(host.classFigure("f1", 1, counts, 2, undefined), second.f1);
  const kappa = host.classFigure("cohenKappa", "quadratic", counts, 2, { method: "bootstrap", seed: 3 });
  assert.equal(kappa.value, 0.5);
  assert.equal(kappa.interval?.method, "bootstrap");
});

test("scores are ranked", () => {
  const curve = host.rocCurve(truth, scores, 1, 1);
  assert.deepEqual(curve, {
    fpr: [0, 0, 0.5, 0.5, 1],
    tpr: [0, 0.5, 0.5, 1, 1],
    thresholds: [Number.POSITIVE_INFINITY, ...[0.8, 0.4, 0.35, 0.1].map(Math.fround)],
  });
  assert.equal(host.rocAuc(truth, scores, 1, 1, undefined).value, 0.75);
  assert.equal(host.rocAuc(truth, table, 2, 0, undefined).value, 0.75);
  assert.equal(host.rocAucMulticlass(truth, table, 2, "ovr", false, undefined).value, 0.75);
  assert.ok("recall" in host.prCurve(truth, table, 2, 1));
  assert.equal(host.averagePrecision(truth, scores, 1, 1, undefined, undefined).value?.toFixed(4), "0.8333");
  assert.equal(host.meanAveragePrecision(truth, table, 2, undefined).value?.toFixed(4), "0.8333");
  assert.deepEqual(host.rocCurve(Int32Array.of(0, 0), scores.slice(0, 2), 1, 1), {
    because: "no sample is of class 1",
  });
  const points = host.operatingPoints(truth, scores, 1, 1, 100, undefined);
  assert.ok("tp" in points);
  assert.deepEqual(points.tp, [0, 1, 1, 2, 2]);
  assert.equal(points.precision.value[0], null);
  assert.deepEqual(points.recall.value, [0, 0.5, 0.5, 1, 1]);
});

test("probabilities are judged", () => {
  assert.equal(host.logLoss(truth, table, 2, undefined).value?.toFixed(6), "0.472288");
  assert.equal(host.brierScore(truth, table, 2, undefined).value?.toFixed(6), "0.316250");
  assert.equal(host.topKAccuracy(truth, table, 2, 1, undefined).value, 0.75);
  const { error, bins } = host.reliability(truth, table, 2, 10, undefined);
  assert.equal(bins.length, 10);
  assert.equal(error.metric.direction, "lower");
});

test("two models are compared", () => {
  const first = Int32Array.of(0, 0, 1, 0);
  const test = host.mcnemar(truth, first, Int32Array.of(1, 1, 1, 0), undefined);
  assert.ok("pValue" in test);
  assert.deepEqual([test.onlyFirst, test.onlySecond, test.pValue.toFixed(9)], [2, 0, "0.500000000"]);
  const delong = host.delongTest(truth, scores, Float32Array.of(0.4, 0.1, 0.35, 0.8), 1, 1, undefined);
  assert.ok("z" in delong);
  assert.equal(delong.difference, 0);
});

test("numbers, folds and duplicates", () => {
  assert.equal(host.regression(Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 4), undefined).r2.value, 0.5);
  assert.equal(host.meanOf(Float64Array.of(1, 2, 3), undefined).interval?.method, "studentT");
  assert.equal(host.proportion(9, 10, undefined)?.method, "clopperPearson");
  assert.equal(host.proportion(0, 0, undefined), null);
  assert.deepEqual([...host.folds(5, 2)], [0, 0, 0, 1, 1]);
  assert.deepEqual([...host.folds(4, 2, undefined, Int32Array.of(7, 7, 9, 9), 1)].sort(), [0, 0, 1, 1]);
  assert.equal(
    host.partition(10, Float64Array.of(0.7, 0.3), undefined, 1).filter((part) => part === 0).length,
    7,
  );
  const images = Float32Array.from({ length: 32 }, (_, at) => Math.sin(at * at));
  const { pairs, found } = host.duplicates(images, images.slice(16), Uint32Array.of(1, 4, 4), 0.99, 5);
  assert.deepEqual([pairs[0], found], [{ first: 1, second: 0, similarity: 1, equal: true }, 1]);
  assert.equal(host.metricTable().length, 20);
});

test("what is wrong is named", () => {
  assert.throws(() => host.rocAuc(truth, Float32Array.of(0.1, Number.NaN, 0, 1), 1, 1, undefined), {
    name: "ArgumentError",
    message: "scores: row 1 has a score that is NaN",
  });
  assert.throws(() => host.confusionMatrix(truth, Int32Array.of(0, 1, 2, 1), 2), {
    message: "confusionMatrix: row 2 has class 2; with 2 classes it is 0 to 1",
  });
  const misspelt = { levle: 0.9 } as object;
  assert.throws(
    () => host.rocAuc(truth, scores, 1, 1, misspelt),
    /certainty has no option levle; did you mean level/,
  );
  assert.throws(() => host.rocAuc(truth, scores, 1, 1, { level: 2 }), /level: 2 is not between 0 and 1/);
});
