// Metrics as a program uses them: what goes in, what they say, what is refused; the lock of a test set; a report.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Display } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import { isDisplay } from "../display/validate.ts";
import { inMemory } from "./file-store.ts";
import type { Dataset, Instance, Model } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu", files: inMemory() });

function check(name: string, body: (g: Instance) => Promise<void>): void {
  test(name, async () => body(await opened));
}

const near = (value: number, expected: number, margin = 1e-6) =>
  assert.ok(Math.abs(value - expected) <= margin, `${value} is not ${expected}`);

/** 2 × 2 images that are bright on one side, in two classes, the second one rare. */
function sides({ rand, tensor, data }: Instance, count = 200, seed = 1, name = "sides"): Dataset {
  const labels = Int32Array.from({ length: count }, (_, i) => (i % 5 === 0 ? 1 : 0));
  const bright = tensor(
    Float32Array.from(labels, (label) => 0.6 * label),
    [count, 1, 1, 1],
  );
  const x = rand([count, 1, 2, 2], { seed }).add(bright);
  return data.from(x, labels, { name, classes: ["left", "right"] });
}

async function trained(g: Instance, train: Dataset): Promise<Model> {
  const model = g.nn.sequential([g.nn.flatten(), g.nn.dense({ out: 2 })]);
  await model.fit(train, { epochs: 10, optimizer: g.optim.adam({ lr: 0.05 }), seed: 1 });
  return model;
}

check("figures by hand, from classes, scores, rows of scores, tensors and data sets", async (g) => {
  const { metrics, tensor } = g;
  const truth = [1, 1, 1, 0, 0, 0, 0, 0];
  const predicted = [1, 1, 0, 1, 0, 0, 0, 0];
  // TP 2, FN 1, FP 1, TN 4.
  near(Number(await metrics.accuracy(predicted, truth)), 6 / 8);
  near(Number(await metrics.precision(predicted, truth)), 2 / 3);
  near(Number(await metrics.recall(predicted, truth)), 2 / 3);
  near(Number(await metrics.specificity(predicted, truth)), 4 / 5);
  near(Number(await metrics.f1(predicted, truth)), 2 / 3);
  near(Number(await metrics.balancedAccuracy(predicted, truth)), (2 / 3 + 4 / 5) / 2);
  near(Number(await metrics.precision(predicted, truth, { positive: 0 })), 4 / 5);
  near(Number(await metrics.recall(predicted, truth, { average: "macro" })), (2 / 3 + 4 / 5) / 2);
  // Kappa: (6/8 − pe) / (1 − pe), pe = 3/8 · 3/8 + 5/8 · 5/8.
  const chance = (9 + 25) / 64;
  near(Number(await metrics.cohenKappa(predicted, truth)), (0.75 - chance) / (1 - chance));
  const scores = [0.9, 0.8, 0.4, 0.7, 0.2, 0.1, 0.3, 0.25];
  near(Number(await metrics.accuracy(scores, truth)), 6 / 8);
  near(Number(await metrics.accuracy(scores, truth, { threshold: 0.35 })), 7 / 8);
  // 15 pairs; one positive (.4) is below one negative (.7).
  near(Number(await metrics.rocAuc(scores, truth)), 14 / 15);
  near(
    Number(await metrics.brierScore(scores, truth)),
    truth.reduce((sum, t, i) => sum + (t - (scores[i] ?? 0)) ** 2, 0) / 8,
  );
  const rows = tensor(scores.map((p) => [1 - p, p]));
  near(Number(await metrics.rocAuc(rows, tensor(Int32Array.from(truth)))), 14 / 15);
  // Logits of the same rank the same, whatever the form.
  const logits = tensor(scores.map((p) => [0, 5 * (p - 0.5)]));
  near(Number(await metrics.rocAuc(logits, truth)), 14 / 15);
  near(Number(await metrics.accuracy(logits, truth)), 6 / 8);
  // Where the threshold of two columns lies is that of the class that is looked for.
  near(Number(await metrics.accuracy(rows, truth, { threshold: 0.35 })), 7 / 8);
  near(Number(await metrics.recall(rows, truth, { threshold: 0.35, positive: 0 })), 4 / 5);
  await assert.rejects(metrics.accuracy(rows, truth, { threshold: Number.NaN }), /threshold is NaN/);
  // So sure that the probability is rounded to 1, or to 0: the order is still that of the scores.
  for (const far of [100, -200]) {
    const sure = scores.map((p) => far + 20.1 * p);
    near(Number(await metrics.rocAuc(sure, truth)), 14 / 15);
    near(Number(await metrics.rocAuc(sure, truth, { positive: 0 })), 14 / 15);
    near(Number(await metrics.rocAuc(tensor(sure.map((score) => [0, score])), truth)), 14 / 15);
    const three = tensor(sure.map((score) => [0, score, 1]));
    near(Number((await metrics.rocCurve(three, truth)).roc[1]?.area), 14 / 15);
    const { roc } = await metrics.rocCurve(sure, truth);
    assert.ok((roc[0]?.x.length ?? 0) > 4);
  }
  const set = g.data.from(g.zeros([8, 1]), truth, { classes: ["well", "ill"] });
  const recall = await metrics.recall(scores, set, { positive: "ill" });
  near(Number(recall), 2 / 3);
  assert.match(String(recall), /^0\.667 \(95 %: 0\.\d{3}–0\.\d{3}, [A-Z].*, n = 3\)$/);
  assert.equal(recall.direction, "higher");
  const mean = await metrics.regression([1, 2, 3], [1, 2, 5]);
  near(Number(mean.meanAbsoluteError), 2 / 3);
  near(Number(mean.rootMeanSquaredError), Math.sqrt(4 / 3));
  assert.ok(isDisplay(mean[DISPLAY]()));
});

check("several classes: averages, top k, mean average precision", async (g) => {
  const { metrics } = g;
  const truth = [0, 0, 1, 1, 2, 2];
  const scores = [
    [0.8, 0.1, 0.1],
    [0.3, 0.4, 0.3],
    [0.1, 0.8, 0.1],
    [0.2, 0.7, 0.1],
    [0.1, 0.2, 0.7],
    [0.5, 0.2, 0.3],
  ];
  near(Number(await metrics.recall(scores, truth)), (0.5 + 1 + 0.5) / 3);
  near(Number(await metrics.recall(scores, truth, { average: "micro" })), 4 / 6);
  near(Number(await metrics.topKAccuracy(scores, truth, { k: 2 })), 1, 0.2);
  near(
    Number(await metrics.logLoss(scores, truth)),
    -[0.8, 0.3, 0.8, 0.7, 0.7, 0.3].reduce((sum, p) => sum + Math.log(p), 0) / 6,
    1e-5,
  );
  await assert.rejects(
    metrics.recall(scores, truth, { average: "binary" }),
    /"binary" is for two classes; there are 3/,
  );
  const found = await metrics.perClass(scores, truth, { classes: ["a", "b", "c"] });
  assert.deepEqual(
    found.classes.map(({ name, support, recall }) => [name, support, Number(recall)]),
    [
      ["a", 2, 0.5],
      ["b", 2, 1],
      ["c", 2, 0.5],
    ],
  );
  const bars = await found.bars("precision")[DISPLAY]();
  assert.ok(bars.kind === "bars" && bars.intervals?.length === 3 && isDisplay(bars));
  const matrix = await metrics.confusionMatrix(scores, truth);
  assert.deepEqual(matrix.counts, [
    [1, 1, 0],
    [0, 2, 0],
    [1, 0, 1],
  ]);
  assert.ok(isDisplay(matrix[DISPLAY]()));
  const curves = await metrics.thresholds(scores, truth);
  const shown = curves[DISPLAY]();
  assert.ok(shown.kind === "thresholds" && shown.curves.length === 3 && isDisplay(shown));
  // More classes than can be drawn.
  const many = Array.from({ length: 1500 }, (_, i) => i);
  assert.ok(isDisplay(await (await metrics.perClass(many, many)).bars()[DISPLAY]()));
  // Whatever the level, what is shown says it, and how intervals were found.
  const sure = { level: 0.99 };
  const told = [
    found,
    await metrics.perClass(scores, truth, sure),
    (await metrics.perClass(scores, truth, sure)).bars(),
    await metrics.thresholds(scores, truth, sure),
    await metrics.reliability(scores, truth, sure),
    await metrics.slices(scores, truth, [0, 0, 0, 1, 1, 1], sure),
  ];
  for (const [i, one] of told.entries())
    assert.match(
      JSON.stringify(await one[DISPLAY]()),
      i === 0 ? /95 %: Clopper/ : /99 %: (Clopper|Wilson, or)/,
    );
});

check("bad input has a reason, never a number that is none", async (g) => {
  const { metrics } = g;
  const one = await metrics.rocAuc([0.1, 0.4, 0.2], [1, 1, 1]);
  assert.equal(one.value, undefined);
  assert.match(String(one), /undefined because/);
  assert.throws(() => Number(one), /undefined because/);
  const empty = await metrics.accuracy([], []);
  assert.match(String(empty), /undefined because there are no samples/);
  // Never predicted: scikit-learn's 0, and a word about it.
  const never = await metrics.precision([0, 0, 0, 0], [0, 1, 0, 1], { classes: ["no", "yes"] });
  assert.equal(never.value, 0);
  assert.match(String(never), /a convention, as class yes was never predicted/);
  assert.match(String(await metrics.rocAuc([], [])), /undefined because/);
  near(Number(await metrics.rocAuc(g.zeros([4]), [0, 1, 0, 1])), 0.5);
  const ties = await metrics.rocAuc([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1]);
  near(Number(ties), 0.5);
  const curve = await metrics.rocCurve([0.1, 0.4], [1, 1]);
  assert.match(String(curve), /undefined because/);
  assert.equal(curve[DISPLAY]().kind, "text");
  for (const [call, message] of [
    [() => metrics.accuracy([1, 0], [1]), /2 predictions \[2\] for 1 labels/],
    [() => metrics.rocAuc([0.1, Number.NaN], [1, 0]), /the score of sample 1 is not a number/],
    [() => metrics.rocAuc([1, 0], [1, 0]), /expected scores/],
    [() => metrics.calibrationError([0.1, 0.8], [1, 0], { bins: 1.5 }), /bins is 1\.5; expected a whole/],
    [() => metrics.reliability([0.1, 0.8], [1, 0], { bins: 0 }), /bins is 0; expected a whole/],
    [() => metrics.accuracy([1, 0], [1, -1]), /the class of sample 1 is -1/],
    [() => metrics.accuracy([[0.1, 0.9], [1]], [1, 0]), /different lengths/],
    [() => metrics.logLoss([[0.1, 0.9]], [2]), /there is a label 2, and scores for 2 classes only/],
    [() => metrics.recall([1, 0], [1, 0], { positive: "x" }), /there is no class x/],
    [() => metrics.accuracy([1, 0], [1, 0], { levle: 1 } as object), /levle/],
    [() => metrics.accuracy([1, 0], [1, 0], { level: 2 }), /level/],
    [() => metrics.accuracy(undefined as never, [1, 0]), /expected predictions/],
    [() => metrics.accuracy([1], undefined as never), /expected labels/],
  ] as const)
    await assert.rejects(call, message);
});

check("two models on the same samples", async ({ metrics }) => {
  const truth = Array.from({ length: 60 }, (_, i) => i % 2);
  const good = truth.map((label, i) => (i % 20 === 0 ? 1 - label : label));
  const bad = truth.map((label, i) => (i % 3 === 0 ? 1 - label : label));
  const found = await metrics.mcnemar(good, bad, truth);
  near(found.difference ?? 0, (20 - 3) / 60);
  assert.ok((found.pValue ?? 1) < 0.001);
  assert.match(String(found), /^McNemar: accuracy of the first less that of the second \+0\.283/);
  const same = await metrics.mcnemar(good, good, truth);
  assert.equal(same.pValue, 1);
  const scores = truth.map((label, i) => 0.3 * label + ((i * 7) % 10) / 10);
  const delong = await metrics.delong(
    scores,
    scores.map((_, i) => ((i * 3) % 10) / 10),
    truth,
  );
  assert.ok((delong.difference ?? 0) > 0 && (delong.pValue ?? 1) < 0.5, String(delong));
});

check("slices, mistakes and leaked images are found", async (g) => {
  const { metrics } = g;
  const set = sides(g);
  const model = await trained(g, set);
  const scores = await model.predict(set);
  const size = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? "small" : "large"));
  const slices = await metrics.slices(scores, set, size, { name: "size" });
  assert.deepEqual(
    slices.slices.map(({ name, n }) => [name, n]),
    [
      ["small", 100],
      ["large", 100],
    ],
  );
  near((Number(slices.slices[0]?.measure) + Number(slices.slices[1]?.measure)) / 2, Number(slices.all));
  const ranges = await metrics.slices(
    scores,
    set,
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.deepEqual(
    ranges.slices.map(({ n }) => n),
    [40, 40, 40, 40, 40],
  );
  // Equal values are never in two parts, and what is no number is a part of its own.
  const heaped = Array.from({ length: 200 }, (_, i) => (i < 120 ? 0 : i % 20 === 0 ? Number.NaN : i));
  const heaps = await metrics.slices(scores, set, heaped);
  assert.deepEqual(
    heaps.slices.map(({ name, n }) => [name, n]).filter(([name]) => /^(0|NaN)/.test(String(name))),
    [
      ["0", 120],
      ["NaN", 4],
    ],
  );
  assert.equal(
    heaps.slices.reduce((sum, { n }) => sum + n, 0),
    200,
  );
  const names = Array.from({ length: 200 }, (_, i) => `${i}`);
  assert.ok(isDisplay((await metrics.slices(scores, set, names))[DISPLAY]()));
  await assert.rejects(
    metrics.slices(scores, set, size, { figure: "constructor" }),
    /there is no figure constructor; there are accuracy/,
  );
  const worst = await metrics.worstMistakes(scores, set, { n: 4 });
  const truth = await set.y.data();
  const predicted = await scores.argmax(1).data();
  assert.ok(worst.numbers.length > 0);
  for (const at of worst.numbers) assert.notEqual(truth[at], predicted[at]);
  const shown = await worst[DISPLAY]();
  assert.ok(shown.kind === "images" && /taken for/.test(shown.captions?.[0] ?? ""));
  const other = g.data.from(
    g.concat([set.take(3).x, g.rand([5, 1, 2, 2], { seed: 9 })]),
    [0, 0, 0, 0, 0, 0, 0, 0],
    { name: "other" },
  );
  const leaked = await metrics.leakage(set, other);
  assert.ok(leaked.equal === 3 && leaked.images >= 3, String(leaked));
  const pairs = await leaked[DISPLAY]();
  assert.ok(pairs.kind === "report" && isDisplay(pairs));
  const [shownPairs] = pairs.sections[0]?.items ?? [];
  assert.ok(shownPairs?.kind === "images" && shownPairs.width === 4);
  const none = await metrics.leakage(set, sides(g, 5, 7, "new"), { similarity: 1 });
  assert.equal((await none[DISPLAY]()).kind, none.found === 0 ? "text" : "report");
  await assert.rejects(
    metrics.leakage(set, g.data.from(g.zeros([1, 3]), [0])),
    /expected images of the same shape/,
  );
});

check("groups stay together, settings are chosen inside folds, and more samples help", async (g) => {
  const { metrics, nn, optim } = g;
  const set = sides(g, 120);
  const groups = Array.from({ length: 120 }, (_, i) => `g${i % 7}`);
  const numbered = g.data.from(
    g.arange(120).cast("f32").reshape(120, 1),
    Int32Array.from({ length: 120 }, () => 0),
  );
  const folds = await numbered.groupKFold(3, groups, { seed: 1 });
  const held: number[] = [];
  for (const { train, validation } of folds) {
    const [a, b] = [await train.x.data(), await validation.x.data()];
    const inTraining = new Set(Array.from(a, (i) => groups[i]));
    assert.ok(Array.from(b).every((i) => !inTraining.has(groups[i])));
    held.push(...b);
  }
  assert.deepEqual(
    held.sort((a, b) => a - b),
    Array.from({ length: 120 }, (_, i) => i),
  );
  await assert.rejects(numbered.groupKFold(8, groups), /k is 8; it must be a whole number from 2 to 7/);
  const make = () => nn.sequential([nn.flatten(), nn.dense({ out: 2 })]);
  const nested = await metrics.nested(
    set,
    { lr: [1e-6, 0.05] },
    async ({ lr }, { train, validation }) => {
      const model = make();
      await model.fit(train, { epochs: 30, optimizer: optim.adam({ lr }), seed: 1 });
      return metrics.balancedAccuracy(await model.predict(validation), validation);
    },
    { outer: 3, inner: 2, seed: 1 },
  );
  assert.deepEqual(
    nested.folds.map(({ chosen }) => chosen.lr),
    [0.05, 0.05, 0.05],
  );
  near(Number(nested.score), nested.folds.reduce((sum, { outer }) => sum + outer, 0) / 3, 1e-9);
  assert.ok(nested.score.interval);
  const curve = await metrics.learningCurve(make, set, sides(g, 300, 5), {
    sizes: [10, 120],
    epochs: 10,
    seed: 1,
  });
  assert.deepEqual(
    curve.points.map(({ size, validation }) => [size, validation.n]),
    [
      [10, 300],
      [120, 300],
    ],
  );
  assert.ok(isDisplay(curve[DISPLAY]()));
});

check("a report says all of it, and how often a locked set was opened", async (g) => {
  const [train, , held] = await sides(g, 400, 2, "report sides").stratifiedSplit(undefined, { seed: 3 });
  assert.ok(train && held);
  const model = await trained(g, train);
  const exam = held.locked();
  const report = await model.report(exam, {
    train,
    external: { elsewhere: sides(g, 50, 8, "elsewhere") },
    slices: { parity: Array.from({ length: exam.length }, (_, i) => i % 2) },
    note: "Made by a test.",
  });
  const display = report[DISPLAY]();
  assert.ok(isDisplay(structuredClone(display)));
  const titles = display.sections.map(({ title }) => title);
  for (const title of [
    "What was measured",
    "How good",
    "Class by class",
    "Worst mistakes",
    "Parts of the samples",
    "On other samples",
  ])
    assert.ok(titles.includes(title), title);
  const setting = display.sections[0]?.text.join("\n") ?? "";
  assert.match(
    setting,
    /It learnt from report sides, 280 samples \(stratified split 0\.7 \/ 0\.15 \/ 0\.15, seed 3: part 1\): 10 epochs in batches of 32, adam, seed 1\./,
  );
  assert.match(
    setting,
    /Measured on report sides, 60 samples \(stratified split .* part 3\), in 2 classes\./,
  );
  assert.match(setting, /The test set is locked, and was opened once, by report\./);
  assert.match(setting, /Computed on the CPU\.\nMade by a test\./);
  const predicted = await model.predict(held);
  near(Number(report.measures.accuracy), Number(await g.metrics.accuracy(predicted, held)));
  const kinds = display.sections.flatMap(({ items }) => items.map(({ kind }: Display) => kind));
  for (const kind of ["table", "bars", "confusion", "thresholds", "reliability"] as const)
    assert.ok(kinds.includes(kind), kind);
  const team = await g.ensemble.kFold(
    () => g.nn.sequential([g.nn.flatten(), g.nn.dense({ out: 2 })]),
    train,
    { k: 2, epochs: 2, seed: 1 },
  );
  const together = await team.report(held);
  assert.match(
    together[DISPLAY]().sections[0]?.text.join() ?? "",
    /2 that decide together, 20 parameters\..*2 folds, seed 1: all but fold 1.*all but fold 2/,
  );
  near(Number(together.measures.accuracy), (await team.evaluate(held)).accuracy ?? 0, 1e-6);
  // One that fails halfway opens nothing, and what was learnt from is no way around a lock.
  const next = sides(g, 30, 6, "next").locked();
  await assert.rejects(model.report(next, { slices: { wrong: [1, 2] } }), /2 values of the attribute for 30/);
  assert.deepEqual(next.openings, []);
  await assert.rejects(model.report(next, { train: exam }), /report sides was opened before/);
  assert.deepEqual(next.openings, []);
  // The second opening is refused, whoever asks, and told if it is allowed.
  await assert.rejects(
    model.report(held.locked()),
    /report: the locked test set report sides was opened before \(report\)/,
  );
  const { warn } = console;
  console.warn = () => {};
  try {
    const again = await model.report(exam.reopen("a label was wrong"));
    assert.match(
      again[DISPLAY]().sections[0]?.text.join() ?? "",
      /opened 2 times: first by report; again by report: a label was wrong/,
    );
  } finally {
    console.warn = warn;
  }
});

check("a report of large photographs has their images, small enough to be kept in a notebook", async (g) => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 4);
  const set = g.data.from(g.rand([40, 3, 150, 200], { seed: 1 }), labels, { name: "photographs" });
  const model = g.nn.sequential([g.nn.globalAvgPool(), g.nn.flatten(), g.nn.dense({ out: 4 })]);
  const report = await model.report(set, { train: set });
  const display = report[DISPLAY]();
  assert.ok(isDisplay(display));
  const items = display.sections.flatMap(({ items }) => items);
  const images = items.flatMap((item) =>
    item.kind === "images" ? item : item.kind === "confusion" ? (item.samples?.images ?? []) : [],
  );
  assert.equal(images.length, 3);
  for (const { count, channels, height, width, data } of images) {
    assert.equal(data.length, count * channels * height * width);
    assert.ok(data.length <= 80_000 && height >= 20, `${count} of ${height} × ${width}`);
  }
});

check("each epoch tells the figures that fit was asked for, as the same model does afterwards", async (g) => {
  const { metrics, nn, optim, plot } = g;
  const [train, validation] = await sides(g, 300, 4, "epochs").stratifiedSplit([0.6, 0.4], { seed: 1 });
  assert.ok(train && validation);
  const model = nn.sequential([nn.flatten(), nn.dense({ out: 2 })]);
  const curve = plot.curve();
  const told: number[] = [];
  const history = await model.fit(train, {
    epochs: 6,
    optimizer: optim.adam({ lr: 0.03 }),
    seed: 1,
    validation,
    plot: curve,
    metrics: ["balancedAccuracy", "f1"],
    onEpoch: ({ metrics = {} }) => told.push(Number(metrics.balancedAccuracy?.validation)),
  });
  assert.equal(told.length, 6);
  const last = history.last?.metrics;
  const scores = await model.predict(validation);
  near(
    Number(last?.balancedAccuracy?.validation),
    Number(await metrics.balancedAccuracy(scores, validation)),
  );
  near(Number(last?.f1?.validation), Number(await metrics.f1(scores, validation)));
  assert.equal(told.at(-1), Number(last?.balancedAccuracy?.validation));
  assert.equal(last?.f1?.training.n === undefined, false);
  assert.match(String(history), /Balanced accuracy 0\.\d{3} \(95 %/);
  const shown = curve[DISPLAY]();
  assert.ok(shown.kind === "curve" && isDisplay(structuredClone({ ...shown, subscribe: undefined })));
  assert.deepEqual(
    shown.panels.map(({ label }) => label),
    ["loss", "accuracy", "Balanced accuracy", "F1"],
  );
  const points = shown.points?.find(({ panel, series }) => panel === 2 && series === 1);
  assert.deepEqual(points?.y, told);
  // Without being asked for they are not there.
  const plain = await model.fit(train, { epochs: 1, seed: 1 });
  assert.equal(plain.last?.metrics, undefined);
  await assert.rejects(
    model.fit(train, { metrics: ["rocAuc" as "f1"] }),
    /fit: metrics has rocAuc; what epochs can count is accuracy/,
  );
});
