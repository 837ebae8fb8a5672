// The toolbox of training as a reader uses it: blocks, augmentation, groups of parameters, sweeps, range tests, teachers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import type { Dataset, Instance, SweepRow } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function check(name: string, body: (g: Instance) => Promise<void>): void {
  test(name, async () => body(await opened));
}

/** Images of 8 × 8 in two classes: bright on the left, or on the right. */
function halves({ rand, arange, data, tensor }: Instance, count: number): Dataset {
  const y = arange(count).rem(2);
  const left = tensor([1, 1, 1, 1, 0, 0, 0, 0]).reshape(1, 1, 1, 8);
  const side = y
    .eq(0)
    .reshape(count, 1, 1, 1)
    .where(left.broadcastTo(count, 1, 8, 8), left.flip(3).broadcastTo(count, 1, 8, 8));
  return data.from(rand([count, 1, 8, 8], { seed: 3, high: 0.3 }).add(side.mul(0.7)), y);
}

check("every layer and ready network builds, and says what it is", async ({ nn }) => {
  const same = { kernel: 3, padding: "same" } as const;
  const images = nn.sequential([
    nn.conv2d({ out: 8, ...same, standardise: true }),
    nn.groupNorm({ groups: 2 }),
    nn.residual(nn.sequential([nn.separableConv2d({ out: 8, ...same }), nn.instanceNorm()])),
    nn.denseBlock([nn.conv2d({ out: 4, ...same }), nn.conv2d({ out: 4, ...same })]),
    nn.parallel([nn.conv2d({ out: 3, kernel: 1 }), nn.conv2d({ out: 5, ...same })]),
    nn.dropout2d({ p: 0.2 }),
    nn.convTranspose2d({ out: 4, kernel: 4, stride: 2, padding: 1 }),
    nn.resize({ scale: 2, mode: "bilinear" }),
    nn.adaptiveAvgPool2d({ size: 4 }),
    nn.relu6(),
    nn.globalMaxPool(),
    nn.reshape({ shape: [2, 2] }),
    nn.rmsNorm(),
  ]);
  assert.deepEqual(images.build([2, 3, 16, 16], { seed: 1 }), [2, 2, 2]);
  const names = Object.keys(images.parameters);
  for (const name of ["2.body.0.depthwise.weight", "3.1.weight", "4.0.bias", "6.weight"])
    assert.ok(names.includes(name), name);
  const signals = nn.sequential([
    nn.embedding({ count: 9, out: 4 }),
    nn.conv1d({ out: 4, kernel: 3, padding: "same" }),
    nn.maxPool1d({ kernel: 2 }),
    nn.globalAvgPool(),
  ]);
  assert.deepEqual(signals.build([2, 7]), [2, 4]);
  const sum = nn.graph({
    a: { layer: nn.dense({ out: 4 }), in: "x" },
    b: { layer: nn.tanh(), in: "a" },
    both: { in: ["a", "b"], join: "add" },
  });
  assert.deepEqual(sum.build([2, 5]), [2, 4]);
  assert.throws(
    () => nn.graph({ a: { in: "b" } }),
    /node a takes b, which does not come before it; there are x/,
  );
  for (const ready of [nn.mlp(), nn.lenet(), nn.resnet(), nn.densenet({ layers: 2 }), nn.mobilenet()]) {
    assert.deepEqual(ready.build([2, 1, 28, 28], { seed: 0 }), [2, 10], ready.kind);
  }
});

check("a summary counts operations and tells receptive fields", async ({ nn }) => {
  const model = nn.sequential([
    nn.conv2d({ out: 6, kernel: 5 }),
    nn.maxPool2d(),
    nn.flatten(),
    nn.dense({ out: 10 }),
  ]);
  const summary = model.summary([1, 1, 28, 28]);
  const [conv, pool, , dense] = summary.layers;
  assert.equal(conv?.multiplyAdds, 6 * 24 * 24 * 25);
  assert.deepEqual(
    [conv, pool, dense].map((layer) => layer?.receptiveField),
    [
      [5, 5],
      [6, 6],
      [28, 28],
    ],
  );
  assert.equal(summary.multiplyAdds, 6 * 24 * 24 * 25 + 864 * 10);
});

check("layers without options take none", async ({ nn }) => {
  const given = (make: unknown) => () => (make as (options: object) => void)({ out: 3 });
  for (const name of ["prelu", "flatten", "globalAvgPool", "globalMaxPool"] as const)
    assert.throws(given(nn[name]), new RegExp(`${name} has no option out; it has none`));
});

check("transforms are drawn by seed, move masks and boxes along, and can be looked at", async (g) => {
  const { augment, tensor, arange } = g;
  const x = arange(64).cast("f32").div(64).reshape(1, 1, 8, 8);
  const masks = arange(64).reshape(1, 8, 8);
  const boxes = tensor([[[1, 2, 3, 4]]]);
  const turned = augment.apply([augment.horizontalFlip({ p: 1 })], { x, masks, boxes }, { seed: 1 });
  assert.deepEqual(await turned.boxes?.array(), [[[5, 2, 7, 4]]]);
  assert.deepEqual(await turned.masks?.array(), await masks.flip(2).array());
  const list = [augment.rotate({ degrees: 30 }), augment.noise(), augment.randomCrop({ padding: 2 })];
  const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => augment.apply(list, x, { seed }).x.data()));
  assert.deepEqual(a, b);
  assert.notDeepEqual(a, c);
  assert.throws(() => augment.apply([{ kind: "rotate", degrees: 3 }], x), /rotate/);
  assert.throws(
    () => augment.apply([augment.hue()], x),
    /hue: x has shape \[1, 1, 8, 8\]; expected three channels/,
  );
  const shown = await augment
    .preview(halves(g, 6), [...list, augment.mixup()], { count: 2, views: 3 })
    [DISPLAY]();
  assert.ok(shown.kind === "images" && shown.count === 6 && shown.columns === 3);
});

check("a network learns from augmented samples, and several views agree", async (g) => {
  const { nn, augment, optim } = g;
  const train = halves(g, 64);
  const model = nn.sequential([
    nn.conv2d({ out: 4, kernel: 3 }),
    nn.relu(),
    nn.flatten(),
    nn.dense({ out: 2 }),
  ]);
  const list = [augment.verticalFlip(), augment.randomCrop({ padding: 1 }), augment.cutout({ size: 2 })];
  const history = await model.fit(train, {
    epochs: 6,
    batchSize: 16,
    optimizer: optim.adam({ lr: 0.01 }),
    augment: [...list, augment.mixup()],
    ema: 0.9,
    gradientNorms: true,
    seed: 5,
    validation: train,
  });
  assert.ok((history.last?.valAccuracy ?? 0) > 0.9, history.toString());
  assert.deepEqual(history.watched, ["0.weight", "0.bias", "3.weight", "3.bias"]);
  assert.equal(history.points[0]?.norms?.length, 4);
  const probabilities = await augment.predict(model, train, list, { views: 3, seed: 1 });
  const right = await probabilities.argmax(1).eq(train.y).cast("f32").mean().item();
  assert.ok(right > 0.9);
  // Smaller views fit a model of smaller images, and the samples as they are do not.
  const small = nn.sequential([nn.flatten(), nn.dense({ out: 2 })]);
  small.build([1, 1, 4, 4]);
  const views = [augment.centerCrop({ size: 4 })];
  assert.deepEqual((await augment.predict(small, train, views, { views: 2 })).shape, [64, 2]);
  await assert.rejects(augment.predict(small, train, views, { seed: -1 }), /seed is -1/);
  await assert.rejects(
    model.fit(train, { augment: [augment.horizontalFlip({ p: 3 })] }),
    /horizontalFlip: p is 3; expected 0 to 1/,
  );
});

check("a pretrained body stays, its head learns, and a student follows", async (g) => {
  const { nn, optim } = g;
  const train = halves(g, 64);
  const make = () => nn.sequential([nn.flatten(), nn.dense({ out: 8 }), nn.relu(), nn.dense({ out: 2 })]);
  const teacher = make();
  const options = { epochs: 10, batchSize: 16, optimizer: optim.sgd({ lr: 0.1 }), seed: 1 };
  await teacher.fit(train, options);
  const body = await teacher.parameters["1.weight"]?.data();
  const head = await teacher.parameters["3.weight"]?.data();
  await teacher.fit(train, {
    ...options,
    groups: [
      { params: "1.*", frozen: true },
      { params: "3.*", lrScale: 0.5, l2: 0.01 },
    ],
  });
  assert.deepEqual(await teacher.parameters["1.weight"]?.data(), body);
  assert.notDeepEqual(await teacher.parameters["3.weight"]?.data(), head);
  await assert.rejects(
    teacher.fit(train, { groups: [{ params: "9.*" }] }),
    /no weight is called 9\.\*; there are 1\.weight/,
  );
  const student = make();
  await student.fit(train, { ...options, teacher: { model: teacher, temperature: 2, alpha: 1 } });
  assert.ok(((await student.evaluate(train)).accuracy ?? 0) > 0.9);
  await assert.rejects(
    student.fit(train, { loss: "mse", teacher: { model: teacher } }),
    /with a teacher the loss is the plain cross-entropy; leave out loss/,
  );
});

check("two tasks are learnt by one network", async (g) => {
  const { nn, data, losses, optim, rand } = g;
  const x = await rand([64, 4], { seed: 2 }).evaluate();
  const label = x.slice(1, 0, 1).gt(0.5).cast("f32");
  const sum = x.sum(1, true);
  const train = data.from(x, g.concat([label, sum], 1));
  const model = nn.sequential([
    nn.dense({ out: 16 }),
    nn.relu(),
    nn.parallel([nn.dense({ out: 2 }), nn.dense({ out: 1 })]),
  ]);
  const loss = losses.tasks([
    { outputs: 2, loss: "crossEntropy" },
    { outputs: 1, loss: losses.mse, weight: 2 },
  ]);
  await model.fit(train, { epochs: 40, batchSize: 16, loss, optimizer: optim.adam({ lr: 0.02 }), seed: 1 });
  const y = await model.predict(x);
  const right = await y.slice(1, 0, 2).argmax(1).eq(label.squeeze(1).cast("i32")).cast("f32").mean().item();
  assert.ok(right > 0.9, `${right}`);
  assert.ok((await losses.mse(y.slice(1, 2, 3), sum).item()) < 0.05);
});

check("a range test suggests a rate and leaves the weights", async (g) => {
  const { nn, optim } = g;
  const model = nn.sequential([nn.flatten(), nn.dense({ out: 2 })]);
  model.build([1, 1, 8, 8], { seed: 1 });
  const before = await model.parameters["1.weight"]?.data();
  const found = await model.lrRangeTest(halves(g, 64), {
    from: 1e-5,
    to: 100,
    steps: 60,
    optimizer: optim.sgd(),
    seed: 1,
  });
  assert.ok(found.suggestion !== undefined && found.suggestion > 1e-4 && found.suggestion < 50);
  assert.equal(found[DISPLAY]().kind, "curve");
  assert.deepEqual(await model.parameters["1.weight"]?.data(), before);
  await assert.rejects(
    model.lrRangeTest(halves(g, 64), { epochs: 3 } as object),
    /lrRangeTest has no option epochs; its options are batchSize/,
  );
});

check("a sweep tries every combination, and goes on where it ended", async ({ sweep }) => {
  // As JSON the last two values would be alike.
  const grid = { lr: [0.1, 0.01], depth: [1, 2, Number.POSITIVE_INFINITY, Number.NaN] };
  const rows: SweepRow<typeof grid>[] = [];
  const tried: number[] = [];
  const experiment =
    (fails: boolean) =>
    async ({ lr, depth }: { lr: number; depth: number }) => {
      tried.push(depth);
      if (fails && tried.length === 6) throw new Error("the cable");
      if (depth === 1) throw Object.assign(new Error("NaN"), { name: "DivergedError" });
      return { loss: lr * (Number.isFinite(depth) ? depth : 9) };
    };
  await assert.rejects(sweep(grid, experiment(true), { resume: rows }), /the cable/);
  assert.equal(rows.length, 5);
  const whole = await sweep(grid, experiment(false), { resume: rows });
  assert.deepEqual(tried, [1, 2, Infinity, NaN, 1, 2, 2, Infinity, NaN]);
  assert.equal(rows.length, 8);
  assert.deepEqual([rows[0]?.scores, rows[4]?.scores], [{ loss: NaN }, { loss: NaN }]);
  assert.ok(whole.done);
  assert.deepEqual(whole.best("loss").point, { lr: 0.01, depth: 2 });
  const table = whole[DISPLAY]();
  assert.ok(table.kind === "table" && table.rows.length === 8 && table.columns.join() === "lr,depth,loss");
  assert.equal(table.note, "8 of 8 points");
  const lines = await whole.plot({ x: "depth", y: "loss" })[DISPLAY]();
  assert.ok(lines.kind === "curve" && lines.panels[0]?.series.length === 2);
});

check("the row of a stopped run is left out", async (g) => {
  const half = await g.sweep({ lr: [1, 2, 3] }, async ({ lr }) => {
    if (lr === 2) g.stop();
    return lr;
  });
  assert.deepEqual([half.rows.length, half.done, String(half).split("\n")[0]], [1, false, "1 of 3 points"]);
});

check("schedules are seen before they are used", async ({ optim }) => {
  const { lrs } = optim.preview({ kind: "step", every: 2, gamma: 0.5 }, { total: 5 });
  assert.deepEqual(lrs, [1, 1, 0.5, 0.5, 0.25]);
});

check("losses reduce as they are told, distil and compare", async ({ losses, tensor, zeros }) => {
  const [output, target] = [tensor([[1, 2]]), tensor([[3, 5]])];
  assert.equal(await losses.mse(output, target).item(), 6.5);
  assert.equal(await losses.mse(output, target, { reduction: "sum" }).item(), 13);
  assert.deepEqual(await losses.l1(output, target, { reduction: "none" }).array(), [[2, 3]]);
  const labels = tensor([1], [1], "i32");
  const plain = await losses.crossEntropy(output, labels).item();
  assert.equal(await losses.distillation(output, output, labels, { alpha: 0 }).item(), plain);
  assert.ok(Math.abs(await losses.distillation(output, output, labels, { alpha: 1 }).item()) < 1e-6);
  // By hand, smooth 1: 1 − (1/1.5 + 2/2.5)/2.
  const dice = await losses.dice(zeros([1, 2]), labels).item();
  assert.ok(Math.abs(dice - (1 - (1 / 1.5 + 2 / 2.5) / 2)) < 1e-6, `${dice}`);
});

check("statistics are recomputed over a set", async (g) => {
  const { nn, data, tensor, zeros } = g;
  const model = nn.sequential([nn.batchNorm(), nn.dense({ out: 1 })]);
  await model.recomputeStatistics(data.from(tensor([[1], [3], [10], [20]]), zeros([4, 1])), { batchSize: 2 });
  assert.deepEqual(await model.parameters["0.running_mean"]?.array(), [8.5]);
});

check(
  "maxima are put back where they were, and fields of view lie within the theoretical ones",
  async (g) => {
    const { arange, nn, explain, rand } = g;
    const x = arange(16).cast("f32").reshape(1, 1, 4, 4);
    const { values, indices } = x.maxPool2dWithIndices();
    const back = values.maxUnpool2d(indices, [4, 4]);
    assert.deepEqual(await back.array(), await x.mul(back.gt(0).cast("f32")).array());
    assert.equal(await back.sum().item(), 5 + 7 + 13 + 15);
    const model = nn.sequential([nn.conv2d({ out: 4, kernel: 3 }), nn.conv2d({ out: 4, kernel: 3 })]);
    model.build([1, 1, 15, 15], { seed: 2 });
    const { map } = explain.receptiveField(model, rand([2, 1, 15, 15], { seed: 1 }));
    const seen = await map.gt(0).cast("i32").sum().item();
    assert.ok(seen > 0 && seen <= 25, `${seen}`);
  },
);
