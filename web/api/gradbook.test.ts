// The package in Node, on the CPU: what a reader writes in a cell, and what it says when it is wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DisplayUpdate, LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Displayable, Instance, Tensor } from "./index.ts";
import { createGradbook, serve } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function with_(body: (g: Instance) => Promise<void>): () => Promise<void> {
  return async () => body(await opened);
}

function named(name: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
    assert.match(error.message, message);
    return true;
  };
}

async function shown(value: Displayable): Promise<LiveDisplay> {
  return value[DISPLAY]();
}

/** Points on a line through two clusters, with a class each. */
function clusters(g: Instance, count = 64) {
  const x = g.randn([count, 2], { seed: 1 });
  const y = g.arange(count).rem(2);
  const shift = y.cast("f32").mul(4).sub(2).unsqueeze(1);
  return g.data.from(x.add(shift), y, { name: "clusters", classes: ["left", "right"] });
}

function mlp({ nn }: Instance) {
  return nn.sequential([nn.dense({ out: 8 }), nn.relu(), nn.dense({ out: 2 })]);
}

test(
  "tensors are made, combined and read",
  with_(async ({ tensor, zeros, arange, concat, stack }) => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual(x.shape, [2, 2]);
    assert.deepEqual(await x.matmul(x).add(1).array(), [
      [8, 11],
      [16, 23],
    ]);
    assert.equal(await x.mean().item(), 2.5);
    assert.deepEqual(await x.sum(0).array(), [4, 6]);
    assert.deepEqual(await x.max([-1], true).array(), [[2], [4]]);
    assert.deepEqual(await x.gt(2).array(), [
      [false, false],
      [true, true],
    ]);
    assert.deepEqual(await x.argmax(1).data(), Int32Array.of(1, 1));
    assert.deepEqual(await x.gt(2).where(x, 0).array(), [
      [0, 0],
      [3, 4],
    ]);
    assert.deepEqual(await arange(6).reshape(2, -1).t().array(), [
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    assert.deepEqual(concat([x, zeros([1, 2])]).shape, [3, 2]);
    assert.deepEqual(stack([x, x, x], 1).shape, [2, 3, 2]);
    assert.deepEqual(await tensor(Int32Array.of(7, 8)).data(), Int32Array.of(7, 8));
    assert.deepEqual(await tensor([true, false]).array(), [true, false]);
  }),
);

test(
  "gradients have gradients",
  with_(async ({ tensor }) => {
    const x = tensor([1, 2, 3]);
    const slope = x.pow(3).sum().grad(x);
    const curvature = slope.sum().grad(x);
    assert.deepEqual(await slope.array(), [3, 12, 27]);
    assert.deepEqual(await curvature.array(), [6, 12, 18]);
    assert.throws(
      () => slope.sum().grad(x),
      named("GradientError", /a tensor that was read on the way is a leaf/),
    );
    assert.throws(() => x.grad(x), named("GradientError", /shape \[3\]/));
  }),
);

test(
  "mistakes are named where they are made",
  with_(async ({ tensor, zeros, nn, optim, data, randn }) => {
    assert.throws(
      () => zeros([2, 3]).matmul(zeros([2, 2])),
      named("ShapeError", /matmul.*\[2, 3\].*\[2, 2\]/),
    );
    assert.throws(
      () => zeros([2]).add(zeros([3])),
      named("ShapeError", /add: shapes \[2\] and \[3\] do not broadcast/),
    );
    assert.throws(() => zeros([2]).add(zeros([2]).cast("i32")), named("DTypeError", /add/));
    assert.throws(() => tensor([[1, 2], [3]]), named("ArgumentError", /1 values where others have 2/));
    assert.throws(
      () => zeros([2, -1]),
      named("ArgumentError", /zeros: the shape \[2, -1\] has a size of -1/),
    );
    assert.throws(() => tensor([1], [2]), named("ShapeError", /1 values for shape \[2\]/));
    assert.throws(
      () => nn.conv2d({ out: 8, kernal: 3 } as never),
      named("ArgumentError", /conv2d has no option kernal; did you mean kernel\?.*out, kernel, stride/),
    );
    assert.throws(
      () => optim.adam({ learningRate: 1 } as never),
      named("ArgumentError", /adam has no option learningRate/),
    );
    assert.throws(() => optim.sgd({ lr: -1 }), named("ArgumentError", /sgd: lr is -1/));
    assert.throws(() => data.from([[Number.NaN]], [0]), named("DataError", /x holds NaN in sample 0/));
    assert.throws(() => data.from(zeros([0, 2]), tensor([], [0], "i32")), named("DataError", /empty/));
    assert.throws(() => data.from([[1], [2]], [0]), named("DataError", /x has 2 samples, y has 1/));
    assert.throws(() => randn([2], { seed: -5 }), named("ArgumentError", /seed is -5/));
    assert.throws(() => nn.sequential([3 as never]), named("ArgumentError", /element 0 is not a layer/));
  }),
);

test(
  "training errors name the set, the option or the layer",
  with_(async (g) => {
    const model = mlp(g);
    const set = clusters(g);
    await assert.rejects(
      model.fit(set, { epoch: 3 } as never),
      named("ArgumentError", /fit has no option epoch; did you mean epochs\?/),
    );
    await assert.rejects(model.fit(set, { epochs: 0 }), named("ArgumentError", /epochs is 0/));
    await assert.rejects(model.fit([] as never), named("ArgumentError", /must be a data set/));
    const labels = g.data.from([[1, 2]], [7], { name: "seven" });
    await assert.rejects(
      model.fit(labels),
      named("DataError", /seven: there is a label 7; the model tells 2 classes apart/),
    );
    const images = g.data.from(g.zeros([4, 3, 8, 8]), [0, 1, 0, 1]);
    const net = g.nn.sequential([g.nn.flatten(), g.nn.conv2d({ out: 2, kernel: 3 })]);
    await assert.rejects(
      net.fit(images),
      named("ArgumentError", /layer 1 \(conv2d\).*expected \[N, C, H, W\]/),
    );
  }),
);

test(
  "a check names the op that made NaN or infinity, and changes nothing",
  with_(async ({ tensor }) => {
    const x = tensor([4, -1, 0, 2]);
    const y = x.mul(2).log().sum();
    await assert.rejects(
      y.check(),
      named(
        "NotFiniteError",
        /^log: 1 NaN and 1 infinite of 4 elements \[4\].*mul f32\[4\] between -2 and 8$/,
      ),
    );
    assert.deepEqual(await y.grad(x).array(), [0.25, -1, Number.POSITIVE_INFINITY, 0.5]);
    const fine = x.exp();
    assert.equal(await fine.check(), fine);
    await assert.rejects(tensor([Number.NaN]).check(), named("NotFiniteError", /^leaf: 1 NaN/));
  }),
);

test(
  "what does not fit into memory is an error, and everything goes on",
  with_(async ({ full, tensor }) => {
    await assert.rejects(
      full([1 << 15, 1 << 15], 1)
        .exp()
        .data(),
      named("OutOfMemoryError", /bytes/),
    );
    assert.deepEqual(await tensor([1]).neg().array(), [-1]);
  }),
);

test(
  "a network learns, its curve grows, and a seed repeats it",
  with_(async (g) => {
    const set = clusters(g);
    const [train, validation] = set.split(0.75, { seed: 3 });
    const curve = g.plot.curve({ title: "clusters" });
    const updates: DisplayUpdate[] = [];
    const live = await shown(curve);
    assert.equal(live.kind, "curve");
    live.subscribe?.((update) => updates.push(update));
    const epochs: number[] = [];
    const options = { epochs: 10, batchSize: 16, optimizer: g.optim.adam({ lr: 0.05 }), seed: 5 };
    const model = mlp(g);
    const history = await model.fit(train, {
      ...options,
      validation,
      plot: curve,
      onEpoch: ({ epoch }) => void epochs.push(epoch),
    });
    assert.equal(history.points.length, 30);
    assert.deepEqual(epochs, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.ok((history.last?.valAccuracy ?? 0) > 0.9, String(history));
    assert.ok(updates.some((update) => update.type === "points"));
    assert.equal(history.seed, 5);
    const twin = mlp(g);
    assert.equal(twin.summary([1, 2]).parameters, 42);
    const again = await twin.fit(train, options);
    assert.deepEqual(
      again.points.map(({ loss }) => loss),
      history.points.map(({ loss }) => loss),
    );
    const score = await model.evaluate(validation);
    assert.ok(Math.abs(score.loss - (history.last?.valLoss ?? 0)) < 1e-5);
    assert.deepEqual((await model.predict(validation)).shape, [16, 2]);
    assert.deepEqual(Object.keys(model.parameters), ["0.weight", "0.bias", "2.weight", "2.bias"]);
  }),
);

test(
  "a run without a seed shows the one it drew; onEpoch ends it",
  with_(async (g) => {
    const history = await mlp(g).fit(clusters(g), { epochs: 500, onEpoch: () => false });
    assert.ok(history.stopped && history.epochs.length < 500);
    assert.ok(Number.isInteger(history.seed));
    assert.match(String(history), new RegExp(`seed ${history.seed}, stopped`));
  }),
);

test(
  "stop ends a run and keeps weights",
  with_(async (g) => {
    const model = mlp(g);
    const run = model.fit(clusters(g), { epochs: 1_000_000, batchSize: 4 });
    setTimeout(() => g.stop(), 100);
    const history = await run;
    assert.ok(history.stopped);
    assert.equal((await (model.parameters["0.weight"] as Tensor).data()).length, 16);
  }),
);

test(
  "a plain function is a model; its exceptions come through",
  with_(async (g) => {
    const x = g.randn([64, 3], { seed: 2 });
    const y = x.matmul(g.tensor([[1], [-2], [0.5]])).add(0.25);
    const line = g.data.from(x, y);
    const history = await g.fit((x, { w, b }) => x.matmul(w).add(b), line, {
      params: { w: g.zeros([3, 1]), b: g.zeros([1]) },
      loss: (output, target) => output.sub(target).square().mean(),
      optimizer: g.optim.sgd({ lr: 0.1 }),
      epochs: 40,
    });
    const { w, b } = history.model.parameters as { w: Tensor; b: Tensor };
    assert.deepEqual(
      Array.from(await w.data(), (v) => Math.round(v * 100) / 100),
      [1, -2, 0.5],
    );
    assert.ok(Math.abs((await b.item()) - 0.25) < 0.01);
    const failure = new Error("no such thing");
    const broken = g.fit(() => {
      throw failure;
    }, line);
    await assert.rejects(broken, (error) => error === failure);
  }),
);

test(
  "explanations lie over the image",
  with_(async (g) => {
    const { nn } = g;
    const model = nn.sequential([
      nn.conv2d({ out: 4, kernel: 3 }),
      nn.relu(),
      nn.flatten(),
      nn.dense({ out: 3 }),
    ]);
    const image = g.rand([1, 12, 12], { seed: 4 });
    for (const map of [
      g.explain.saliency(model, image, { target: 1 }),
      g.explain.gradCam(model, image, { target: 1 }),
      g.explain.occlusion(model, image),
    ]) {
      const display = await shown(map);
      assert.ok(display.kind === "overlay");
      assert.deepEqual([display.map.height, display.map.width, display.image.channels], [12, 12, 1]);
      assert.ok(display.map.data.some((value) => value !== 0));
    }
    assert.throws(() => g.explain.saliency(model, image, { target: 3 }), named("ArgumentError", /class 3|3/));
    assert.throws(
      () => g.explain.gradCam(model, image, { layer: 9 }),
      named("ArgumentError", /no layer is called 9/),
    );
  }),
);

test(
  "MNIST is loaded from the files beside the program",
  with_(async (g) => {
    const { train, test } = await g.data.mnist();
    assert.deepEqual([train.length, test.length], [8000, 2000]);
    assert.deepEqual(train.x.shape, [8000, 1, 28, 28]);
    assert.deepEqual(train.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const mean = await train.x.mean().item();
    assert.ok(Math.abs(mean - 0.1307) < 0.002, String(mean));
    const grid = await shown(train.images(12));
    assert.ok(grid.kind === "images" && grid.count === 12 && grid.captions?.length === 12);
    const elsewhere = await createGradbook({ baseUrl: new URL("./nowhere/", baseUrl), device: "cpu" }).catch(
      (error) => error,
    );
    assert.match(String(elsewhere), /nowhere/);
  }),
);

test(
  "values are shown as text",
  with_(async ({ tensor, zeros, nn }) => {
    assert.deepEqual(await shown(tensor([[1, 2.5]])), {
      kind: "text",
      text: "Tensor f32 [1, 2]\n[[  1, 2.5]]",
    });
    assert.match(((await shown(zeros([100, 100]))) as { text: string }).text, /…/);
    const table = nn.sequential([nn.flatten(), nn.dense({ out: 10 })]).summary([1, 1, 28, 28]);
    assert.equal(table.parameters, 7850);
    const display = await shown(table);
    assert.ok(display.kind === "table");
    assert.deepEqual(display.rows.at(-1), ["total", "", "", 7850, 15_680, ""]);
  }),
);

test("a port carries everything", async () => {
  const { port1, port2 } = new MessageChannel();
  await serve(port2, { baseUrl, device: "cpu" });
  const g = await createGradbook({ baseUrl, port: port1 });
  assert.equal(await g.tensor([1, 2, 3]).sum().item(), 6);
  const history = await mlp(g).fit(clusters(g), { epochs: 2 });
  assert.equal(history.epochs.length, 2);
  port1.close();
  port2.close();
});

test(
  "what nobody holds is given back",
  with_(async (g) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const settle = async () => {
      for (let i = 0; i < 5; i++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await g.tensor([1]).neg().data();
    };
    const x = await g.ones([128, 128]).evaluate();
    const use = async (rounds: number) => {
      for (let i = 0; i < rounds; i++) await x.matmul(x).relu().evaluate();
      await settle();
      return g.counters().liveBytes as number;
    };
    const before = await use(50);
    const after = await use(400);
    const one = 128 * 128 * 4;
    assert.ok(after <= before + 20 * one, `${before} bytes before, ${after} after`);
  }),
);

test(
  "an option that nobody reads is refused, however deep it lies",
  with_(async (g) => {
    const { nn, data } = g;
    const few = data.from([[1], [2]], [0, 1]);
    const model = nn.sequential([nn.dense({ out: 2 })]);
    // biome-ignore lint/suspicious/noThenProperty: it is what the option is called
    const warmup = <T>(schedule: T) => ({ kind: "warmup" as const, steps: 1, then: schedule });
    for (const [options, path] of [
      [{ epoch: 1 }, /fit has no option epoch\b/],
      [
        { earlyStopping: { patiense: 3 } },
        /fit has no option earlyStopping\.patiense; did you mean patience\?/,
      ],
      [
        { earlyStopping: { patience: "3" } },
        /fit: earlyStopping\.patience is "3"; .*expected a whole number/,
      ],
      [{ schedule: { gamma: 1 } }, /fit: schedule is {"gamma":1}; kind must be given/],
      [{ schedule: { kind: "stepp" } }, /unknown variant stepp, expected one of constant, step/],
      [{ schedule: { kind: "constant", gamma: 1 } }, /fit has no option schedule\.gamma/],
      [{ schedule: warmup({ kind: "constant", power: 2 }) }, /schedule\.then\.power/],
      [{ schedule: warmup({ kind: "cosine", tmax: 2 }) }, /tmax/],
      [{ loss: { kind: "mse", beta: 1 } }, /fit has no option loss\.beta/],
    ] as const) {
      await assert.rejects(model.fit(few, options as object), named("ArgumentError", path));
    }
    assert.throws(
      () => (nn.relu as (options: object) => unknown)({ slope: 1 }),
      named("ArgumentError", /relu has no option slope/),
    );
    assert.throws(() => nn.leakyRelu({ slop: 1 } as never), named("ArgumentError", /slop/));
    assert.throws(() => g.randn([2], { sed: 1 } as never), named("ArgumentError", /did you mean seed/));
    await model.fit(few, {
      batchSize: 1,
      weightDecay: 0.01,
      earlyStopping: { patience: 2, minDelta: 0, restoreBest: true },
      loss: { kind: "focal", gamma: 1 },
    });
    for (const schedule of [
      { kind: "polynomialCourse", alpha: 0.5 },
      { kind: "cosineRestarts", t0: 1, tMult: 2, etaMin: 0 },
      {
        kind: "oneCycle",
        pctStart: 0.4,
        anneal: "linear",
        divFactor: 10,
        finalDivFactor: 100,
        threePhase: true,
      },
      { kind: "plateau", factor: 0.5, patience: 1, threshold: 0 },
      warmup({ kind: "cosine", tMax: 2 } as const),
    ] as const) {
      assert.equal((await model.fit(few, { epochs: 2, schedule })).epochs.length, 2, schedule.kind);
    }
    const layers = [
      nn.conv2d({ out: 2, kernel: 3, padding: "same", paddingMode: "reflect" }),
      nn.maxPool2d({ kernel: 2, dilation: 2, ceilMode: true }),
      nn.dropout({ p: 0.9, form: "course" }),
      nn.gelu({ approximate: true }),
    ];
    assert.deepEqual(nn.sequential(layers).build([1, 1, 8, 8], { seed: 1 }).slice(0, 2), [1, 2]);
    g.optim.sgd({ momentum: 0.9, form: "course", decoupled: true, weightDecay: 0.1 });
    g.optim.rmsprop({ form: "course" });
  }),
);

test(
  "a loop over time runs, has gradients, and tells what is wrong with a step",
  with_(async ({ tensor, scan }) => {
    const start = tensor([1, 2]);
    const xs = tensor([
      [1, 1],
      [2, 0],
      [0, 3],
    ]);
    const step = (h: Tensor, x: Tensor) => [h.mul(2).add(x), h] as const;
    const [last, before] = scan(start, xs, step);
    const gradient = last.sum().grad(start);
    assert.deepEqual([...(await last.data())], [16, 23]);
    assert.deepEqual([...(await before.data())], [1, 2, 3, 5, 8, 10]);
    assert.deepEqual([...(await gradient.data())], [8, 8]);
    const [[end]] = scan([start], [xs], ([h], [x]) => [[(h as Tensor).add(x as Tensor)], []], {
      reverse: true,
    });
    assert.deepEqual([...(await (end as Tensor).data())], [4, 6]);
    const mistake = () => {
      throw new RangeError("mine");
    };
    assert.throws(() => scan(start, xs, mistake), RangeError);
    assert.throws(() => scan(start, xs, (h) => [h.repeat(2), h]), named("ShapeError", /carry 0 begins as/));
    assert.throws(() => scan(start, start.sum(), step), named("ShapeError", /xs 0 is a number/));
  }),
);

test(
  "values are sorted, with where they were",
  with_(async ({ tensor }) => {
    const x = tensor([3, 1, NaN, 2]);
    const { values, indices } = x.sort();
    assert.deepEqual([...(await values.data())], [1, 2, 3, NaN]);
    assert.deepEqual([...(await indices.data())], [1, 3, 0, 2]);
    assert.deepEqual([...(await x.isfinite().where(x, 0).topk(2).values.data())], [3, 2]);
  }),
);
