// What is looked at to understand a network: its layers' figures, its graph, its gradients one by one, several networks together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import { inMemory } from "./file-store.ts";
import type { Dataset, Init, Instance, Model } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu", files: inMemory() });

function check(name: string, body: (g: Instance) => Promise<void>): void {
  test(name, async () => body(await opened));
}

/** Points in a plane, in two classes by the side of a line on which they lie. */
function sides({ rand, data }: Instance, count: number, seed = 1): Dataset {
  const x = rand([count, 2], { seed, low: -1, high: 1 });
  return data.from(x, x.sum(1).gt(0).cast("i32"));
}

check("variances stay where the initialisation fits, vanish where it is small", async (g) => {
  const { nn, randn, explain } = g;
  const deep = (init: Init) =>
    nn.sequential(Array.from({ length: 8 }, () => [nn.dense({ out: 200, init }), nn.relu()]).flat());
  const x = randn([64, 200], { seed: 1 });
  const models = {
    he: deep("heNormal"),
    small: deep({ kind: "normal", std: 0.01 }),
    large: deep({ kind: "normal", std: 0.3 }),
  };
  const found = await explain.variances(models, x, { seed: 3 });
  const [he, small, large] = found.networks;
  assert.deepEqual(he?.layers, ["0", "2", "4", "6", "8", "10", "12", "14"]);
  // √2·… through ReLU: the second moment of what a layer is given stays 1, so the deviation of what it makes stays √2.
  for (const value of he?.outputs ?? []) assert.ok(value > 1 && value < 2, `${value}`);
  // 0.01·√(200/2) = 0.1 a layer, 0.3·10 = 3.
  const ratio = (values: number[] = []) => ((values[7] ?? 0) / (values[0] ?? 1)) ** (1 / 7);
  assert.ok(Math.abs(ratio(small?.outputs) - 0.1) < 0.02, `${ratio(small?.outputs)}`);
  assert.ok(Math.abs(ratio(large?.outputs) - 3) < 0.3, `${ratio(large?.outputs)}`);
  assert.ok(Math.abs(1 / ratio(small?.gradients) - 0.1) < 0.02);
  const shown = found[DISPLAY]();
  assert.ok(shown.kind === "curve" && shown.panels.length === 2 && shown.panels.every(({ log }) => log));
  assert.equal(shown.points?.length, 6);
  // Looking has not drawn the weights.
  assert.deepEqual(models.he.parameters, {});
  assert.throws(() => models.small.build([1, 200], { seed: -1 }), /seed/);
  await assert.rejects(explain.variances(nn.relu(), x), /relu has no layer with weights/);
  const alone = await explain.variances(nn.dense({ out: 200, init: "heNormal" }), x);
  assert.ok(Math.abs((alone.networks[0]?.outputs[0] ?? 0) - Math.SQRT2) < 0.2, String(alone));
});

check("the norms of gradients over depth are those of the loss's own gradients", async (g) => {
  const { nn, explain, losses } = g;
  const train = sides(g, 16);
  const model = nn.sequential([nn.dense({ out: 5 }), nn.tanh(), nn.dense({ out: 2 })]);
  model.build([1, 2], { seed: 4 });
  const found = await explain.gradientNorms({ mine: model }, train);
  const { parameters } = model;
  const own = Object.values(parameters);
  const gradients = losses.crossEntropy(model.forward(train.x), train.y).grad(own);
  const squares = await Promise.all(gradients.map((gradient) => gradient.square().sum().item()));
  const norm = (...at: number[]) => Math.sqrt(at.reduce((sum, i) => sum + (squares[i] ?? 0), 0));
  const told = found.networks[0]?.norms ?? [];
  for (const [i, expected] of [norm(0, 1), norm(2, 3)].entries())
    assert.ok(Math.abs((told[i] ?? 0) - expected) < 1e-5 * expected, `${told[i]} ${expected}`);
  // σ′ ≤ 1/4: without skips each layer sends back less, with them the sum of all ways has one that sends everything.
  const block = () => nn.sequential([nn.dense({ out: 32 }), nn.sigmoid()]);
  const deep = (wrap: (body: Model) => Model) =>
    nn.sequential([...Array.from({ length: 12 }, () => wrap(block())), nn.dense({ out: 2 })]);
  const pair = { skips: deep((body) => nn.residual(body)), plain: deep((body) => body) };
  const labels = Array.from({ length: 16 }, (_, i) => i % 2);
  const compared = await explain.gradientNorms(pair, g.data.from(g.randn([16, 32], { seed: 5 }), labels));
  const [kept = 0, lost = 1] = compared.networks.map(({ norms }) => (norms[0] ?? 0) / (norms[11] ?? 1));
  assert.ok(kept > 0.05 && lost < 1e-4, `${kept} ${lost}`);
  const resnets = { skips: nn.resnet({ blocks: 1 }), none: nn.resnet({ blocks: 1, skips: false }) };
  const both = await explain.gradientNorms(resnets, g.randn([2, 3, 16, 16], { seed: 1 }));
  assert.deepEqual(
    both.networks.map(({ name }) => name),
    ["skips", "none"],
  );
  for (const { norms, layers } of both.networks)
    assert.ok(norms.length === layers.length && norms.length > 6);
});

check("norms of gradients are shown layer by layer while a run goes on", async (g) => {
  const { nn, plot } = g;
  const curve = plot.curve();
  const live = curve[DISPLAY]();
  const updates: string[] = [];
  live.subscribe?.((update) => {
    if (update.type === "points")
      updates.push(...update.points.map(({ panel, series }) => `${panel}.${series}`));
    else updates.push(update.display.kind === "curve" ? `${update.display.panels.length} panels` : "");
  });
  const model = nn.sequential([nn.dense({ out: 4 }), nn.relu(), nn.dense({ out: 2 })]);
  const history = await model.fit(sides(g, 32), {
    batchSize: 8,
    gradientNorms: true,
    plot: curve,
    seed: 1,
    epochs: 2,
  });
  assert.deepEqual(history.watched, ["0.weight", "0.bias", "2.weight", "2.bias"]);
  assert.ok(
    updates.indexOf("3 panels") >= 0 && updates.indexOf("3 panels") < updates.indexOf("2.1"),
    `${updates}`,
  );
  const shown = curve[DISPLAY]();
  assert.ok(shown.kind === "curve");
  assert.deepEqual(
    shown.panels[2]?.series.map(({ name }) => name),
    ["0", "2"],
  );
  const first = history.points[0]?.norms ?? [];
  const layer = shown.points?.find(({ panel, series }) => panel === 2 && series === 1);
  assert.ok(Math.abs((layer?.y[0] ?? 0) - Math.hypot(first[2] ?? 0, first[3] ?? 0)) < 1e-6);
});

check("an ensemble's probabilities are the mean of its members'", async (g) => {
  const { nn, ensemble } = g;
  const train = sides(g, 64);
  const make = () => nn.sequential([nn.dense({ out: 6 }), nn.relu(), nn.dense({ out: 2 })]);
  const members: Model[] = [];
  for (const seed of [1, 2, 3]) {
    const model = make();
    await model.fit(train, { epochs: 3, batchSize: 16, seed });
    members.push(model);
  }
  const team = ensemble(members);
  const said = await Promise.all(
    members.map(async (member) => (await member.predict(train)).softmax(1).data()),
  );
  const together = await (await team.predict(train)).data();
  for (const i of [0, 17, 127]) {
    const mean = said.reduce((sum, values) => sum + (values[i] ?? 0), 0) / 3;
    assert.ok(Math.abs((together[i] ?? 0) - mean) < 1e-5, `${together[i]} ${mean}`);
  }
  const score = await team.evaluate(train);
  const compared = await team.compare(train);
  assert.ok(Math.abs((compared.together[2]?.loss ?? 0) - score.loss) < 1e-5);
  assert.equal(compared.together[2]?.accuracy, score.accuracy);
  assert.ok(
    Math.abs((compared.members[1]?.loss ?? 0) - ((await members[1]?.evaluate(train))?.loss ?? 9)) < 1e-5,
  );
  // −log is convex: the loss of the mean is at most the mean of the losses.
  const mean = compared.members.reduce((sum, { loss }) => sum + loss, 0) / 3;
  assert.ok(score.loss <= mean + 1e-6);
  const shown = compared[DISPLAY]();
  assert.ok(shown.kind === "curve" && shown.panels.length === 2 && shown.points?.length === 4);
  const logits = await ensemble(members, { mean: "logits" }).predict(train);
  assert.deepEqual(logits.shape, [64, 2]);
  // It is a model: it can be explained and be part of another.
  assert.deepEqual(nn.sequential([team, nn.softmax()]).forward(train.x).shape, [64, 2]);
  await assert.rejects(team.fit(), /train the members, or use ensemble.kFold/);
  assert.throws(() => ensemble([]), /expected a list of models/);
});

check("the members of a K-fold ensemble learn from all but their fold", async (g) => {
  const { nn, ensemble, optim } = g;
  const make = () => nn.sequential([nn.dense({ out: 6 }), nn.relu(), nn.dense({ out: 2 })]);
  const options = { k: 3, epochs: 8, batchSize: 8, optimizer: optim.adam({ lr: 0.02 }), seed: 7 };
  const team = await ensemble.kFold(make, sides(g, 90), options);
  assert.equal(team.members.length, 3);
  // 60 samples in batches of 8, 8 epochs.
  for (const { points, last } of team.histories) {
    assert.equal(points.length, 8 * 8);
    assert.ok((last?.valAccuracy ?? 0) > 0.7);
  }
  const stratified = await ensemble.kFold(make, sides(g, 90), { ...options, epochs: 1, stratified: true });
  assert.equal(stratified.histories.length, 3);
  // One file for all members would let the second go on from the first, and one model would be validated on what it has learnt.
  const resumed = { ...options, checkpoint: "fold.safetensors", resume: true };
  await assert.rejects(ensemble.kFold(make, sides(g, 90), resumed), /kFold.*checkpoint/);
  const same = make();
  await assert.rejects(
    ensemble.kFold(() => same, sides(g, 90), { ...options, epochs: 1 }),
    /kFold: the function must give a new model each time/,
  );
});

check("of one number for each sample an ensemble has the mean, and no probabilities", async (g) => {
  const { nn, ensemble, data, rand } = g;
  const x = rand([40, 2], { seed: 1 });
  const train = data.from(x, x.sum(1, true));
  const options = { k: 2, epochs: 2, batchSize: 10, loss: "mse", seed: 1 } as const;
  const make = () => nn.dense({ out: 1 });
  const wrong = await ensemble.kFold(make, train, options);
  await assert.rejects(wrong.predict(x), /one number for each sample.*write \{ mean: "logits" \}/);
  const team = await ensemble.kFold(make, train, { ...options, mean: "logits" });
  const said = await Promise.all(team.members.map(async (member) => (await member.predict(x)).data()));
  const together = await (await team.predict(x)).data();
  for (const i of [0, 39]) {
    const mean = ((said[0]?.[i] ?? 0) + (said[1]?.[i] ?? 9)) / 2;
    assert.ok(Math.abs((together[i] ?? 0) - mean) < 1e-6, `${together[i]} ${mean}`);
  }
});

check("back-propagation is followed step by step, by the core's own rules", async (g) => {
  const { tensor, explain } = g;
  const [w, x, b] = [tensor([0.5, -1]), tensor([2, 1]), tensor(0.25)];
  const z = w.mul(x).sum().add(b);
  const a = z.sigmoid();
  const loss = a.sub(1).square();
  const found = await explain.backprop(loss, { w, x, b, z, a });
  const step = (name: string) => found.steps.find((step) => step.name === name);
  const close = (got: readonly number[] | undefined, expected: readonly number[]) => {
    assert.equal(got?.length, expected.length);
    for (const [i, value] of expected.entries())
      assert.ok(Math.abs((got?.[i] ?? 9) - value) < 1e-6, `${got} ${expected}`);
  };
  // By hand: z = 1 − 1 + 0.25, a = σ(z), ∂a/∂z = a (1 − a), ∂loss/∂a = 2 (a − 1).
  const sigma = 1 / (1 + Math.exp(-0.25));
  const atZ = 2 * (sigma - 1) * sigma * (1 - sigma);
  close(step("z")?.value, [0.25]);
  close(step("a")?.gradient, [2 * (sigma - 1)]);
  close(step("a")?.inputs[0]?.local, [sigma * (1 - sigma)]);
  close(step("z")?.gradient, [atZ]);
  close(step("w")?.gradient, [2 * atZ, atZ]);
  close(step("x")?.gradient, [0.5 * atZ, -atZ]);
  close(step("b")?.gradient, [atZ]);
  assert.equal(step("z")?.formula.replace(/v\d+/, "v"), "v + b");
  // In the order of the backward pass: what arrives at a node was handed on before.
  assert.equal(found.steps[0]?.name, "out");
  const order = found.steps.map(({ name }) => name);
  assert.ok(order.indexOf("a") < order.indexOf("z") && order.indexOf("z") < order.indexOf("w"));
  for (const { inputs } of found.steps) for (const { name } of inputs) assert.ok(order.includes(name), name);
  const table = await found.table[DISPLAY]();
  assert.ok(table.kind === "table" && table.rows.some((row) => row[0] === "a" && row[4] === "z"));
  const picture = found[DISPLAY]() as LiveDisplay;
  assert.ok(picture.kind === "graph" && picture.edges.some(({ label }) => label?.startsWith("× ")));
  // Nothing of the reader's was read: gradients can still be taken.
  close(Array.from(await loss.grad(w).data()), [2 * atZ, atZ]);
});

check(
  "what is used twice gets the sum of what both hand on, and a matrix is no single derivative",
  async (g) => {
    const { tensor, explain } = g;
    const [x, w] = [
      tensor([[1, 2]]),
      tensor([
        [1, 0, 2],
        [0, 1, -1],
      ]),
    ];
    const h = x.matmul(w).relu();
    const loss = h.mul(h).mean();
    const { steps } = await explain.backprop(loss, { x, w, h });
    const at = (name: string) => steps.find((step) => step.name === name);
    assert.ok(at("h")?.formula.startsWith("relu("), at("h")?.formula);
    const product = steps.find(({ formula }) => formula.startsWith("matmul"));
    assert.ok(product?.inputs.every(({ local, passed }) => local === undefined && passed.length > 1));
    // h = [1, 2, 0]; ∂loss/∂h = 2h/3, in two equal parts.
    const squared = steps.find(({ formula }) => formula === "h · h");
    assert.equal(squared?.inputs.length, 2);
    const sum = [0, 1, 2].map(
      (i) => (squared?.inputs[0]?.passed[i] ?? 0) + (squared?.inputs[1]?.passed[i] ?? 0),
    );
    assert.deepEqual(
      sum.map((v) => Number(v.toFixed(5))),
      (at("h")?.gradient ?? []).map((v) => Number(v.toFixed(5))),
    );
    assert.deepEqual(
      (at("h")?.gradient ?? []).map((v) => Number(v.toFixed(4))),
      [0.6667, 1.3333, 0],
    );
    await assert.rejects(
      explain.backprop(h, { x }),
      /backprop: expected one f32 number, such as a loss; got Tensor f32 \[1, 3\]/,
    );
    let deep = tensor(1);
    for (let i = 0; i < 60; i++) deep = deep.sin();
    await assert.rejects(
      explain.backprop(deep),
      /computed in 61 steps; a picture that can be read has at most 40/,
    );
    await assert.rejects(explain.backprop(loss, { other: tensor(1) }), /does not depend on other/);
    // What is detached gets nothing; the other use does.
    const cut = await explain.backprop(x.detach().mul(x).sum(), { x });
    const handed = cut.steps.find(({ formula }) => formula === "x · x")?.inputs;
    assert.deepEqual(
      handed?.map(({ passed }) => passed),
      [[1, 2]],
    );
    const large = g.randn([100, 100], { seed: 1 });
    await assert.rejects(explain.backprop(large.mean(), { large }), /at most 4096 can be looked at/);
  },
);

check("pictures of networks show layers, skips, branches and what joins them", async (g) => {
  const { nn, tensor, explain } = g;
  const same = { kernel: 3, padding: "same" } as const;
  const model = nn.sequential([
    nn.conv2d({ out: 4, ...same }),
    nn.identity(),
    nn.residual(nn.sequential([nn.conv2d({ out: 4, ...same }), nn.relu()])),
    nn.denseBlock([nn.conv2d({ out: 2, ...same }), nn.conv2d({ out: 2, ...same })]),
    nn.parallel([nn.conv2d({ out: 3, kernel: 1 }), nn.identity()]),
    nn.globalAvgPool(),
    nn.dense({ out: 10 }),
  ]);
  const { boxes, edges, title } = model.graph([1, 3, 8, 8]);
  const named = boxes.map(({ label, name }) => (name === undefined ? label : `${label} ${name}`));
  assert.deepEqual(named, [
    "input",
    "conv2d 0",
    "identity 1",
    "conv2d 2.body.0",
    "relu 2.body.1",
    "+",
    "conv2d 3.0",
    "concat",
    "conv2d 3.1",
    "concat",
    "conv2d 4.0",
    "identity 4.1",
    "concat",
    "globalAvgPool 5",
    "dense 6",
  ]);
  const into = (to: string, nth = 0) => {
    const place = named.flatMap((name, i) => (name === to ? [i] : []))[nth];
    return edges.filter((edge) => edge.to === place).map(({ from }) => named[from]);
  };
  assert.deepEqual(into("+"), ["relu 2.body.1", "identity 1"]);
  assert.deepEqual(into("concat"), ["+", "conv2d 3.0"]);
  assert.deepEqual(into("concat", 2).sort(), ["conv2d 4.0", "identity 4.1"]);
  assert.deepEqual(into("identity 4.1"), ["concat"]);
  assert.deepEqual(boxes[1]?.notes, ["[1, 4, 8, 8]", "112 parameters"]);
  assert.match(title, /^sequential: 10 layers, \d+ parameters$/);
  assert.deepEqual(model.parameters, {});
  const graph = nn.graph({
    a: { layer: nn.dense({ out: 4 }), in: "x" },
    b: { layer: nn.tanh(), in: "a" },
    both: { in: ["a", "b"], join: "mul" },
  });
  assert.match(String(graph.graph([1, 4])), /·; \[1, 4\]; from dense, tanh/);
  // A layer in two places, one of them inside of another block, learns once.
  const twice = nn.dense({ out: 4 });
  const tied = nn.sequential([twice, nn.residual(nn.sequential([twice, nn.relu()]))]);
  assert.match(tied.graph([1, 4]).title, /3 layers, 20 parameters/);
  tied.build([1, 4], { seed: 1 });
  assert.match(tied.graph([1, 4]).title, /3 layers, 20 parameters/);
  // One layer, and a ready network.
  assert.equal(nn.relu().graph([1, 4]).boxes.length, 2);
  const resnet = nn.resnet({ blocks: 3 }).graph([1, 3, 32, 32]);
  assert.equal(resnet.boxes.filter(({ label }) => label === "+").length, 9);
  const x = tensor([1, 2]);
  const shown = explain.graph(x.mul(2).exp().sum(), { x });
  assert.deepEqual(
    shown.boxes.map(({ label, notes }) => [label, ...notes].join(" ")),
    ["x [2]", "v1 = x · 2 [2]", "v2 = exp(v1) [2]", "out = sum(v2) [1]"],
  );
});

check("the receptive field is framed where the gradient is", async (g) => {
  const { nn, explain, rand, tensor } = g;
  const model = nn.sequential([
    nn.conv2d({ out: 2, kernel: 3, padding: "same" }),
    nn.avgPool2d({ kernel: 2 }),
    nn.conv2d({ out: 2, kernel: 3 }),
    nn.globalAvgPool(),
  ]);
  model.build([1, 1, 20, 16], { seed: 1 });
  const summary = model.summary([1, 1, 20, 16]);
  const last = summary.layers.find(({ path }) => path === "2");
  assert.deepEqual(
    [last?.receptiveField, last?.fieldStride, last?.fieldStart],
    [
      [8, 8],
      [2, 2],
      [-1, -1],
    ],
  );
  const found = explain.receptiveField(model, rand([3, 1, 20, 16], { seed: 2 }));
  const shown = await found[DISPLAY]();
  assert.ok(shown.kind === "overlay" && shown.label === "receptive field of 2: at most 8 × 8");
  // Without activations every pixel of the field counts, and no other: the map is not 0 just within the frame.
  const { box, map } = shown;
  assert.ok(box);
  const lit = Array.from(map.data, (value, i) => (value > 0 ? [i % 16, Math.floor(i / 16)] : [])).filter(
    ({ length }) => length > 0,
  );
  const reach = [0, 1].map((side) => lit.map((at) => at[side] as number));
  assert.deepEqual(
    [
      Math.min(...(reach[0] ?? [])),
      Math.min(...(reach[1] ?? [])),
      Math.max(...(reach[0] ?? [])) + 1,
      Math.max(...(reach[1] ?? [])) + 1,
    ],
    [box.left, box.top, box.right, box.bottom],
  );
  const several = await explain
    .receptiveField(model, rand([1, 1, 20, 16], { seed: 2 }), { layer: [0, 2] })
    [DISPLAY]();
  assert.ok(several.kind === "images" && several.count === 2 && several.boxes?.length === 2);
  assert.deepEqual(several.captions, ["0: at most 3 × 3", "2: at most 8 × 8"]);
  const framed = await g.plot.overlay(tensor([[1]]), tensor([[1]]), { box: [0, 0, 1, 1] })[DISPLAY]();
  assert.ok(framed.kind === "overlay" && framed.box?.right === 1);
});

check("sizes of feature maps follow the formula, and what does not fit says what would", async (g) => {
  const { nn, data, zeros } = g;
  // LeNet on 28: 28 → (28 − 5 + 4)/1 + 1 = 28 → 14 → 10 → 5.
  const lenet = [
    { name: "conv1", kernel: 5, padding: 2 },
    { name: "pool1", kernel: 2, stride: 2 },
    { name: "conv2", kernel: 5 },
    { name: "pool2", kernel: 2, stride: 2 },
  ];
  const { maps, output } = nn.featureMaps(28, lenet);
  assert.deepEqual(
    maps.map(({ output }) => output[0]),
    [28, 14, 10, 5],
  );
  assert.deepEqual(
    maps.map(({ receptiveField }) => receptiveField[0]),
    [5, 6, 14, 16],
  );
  assert.deepEqual(output, [5, 5]);
  assert.deepEqual(
    nn.featureMaps(
      [10, 6],
      [
        { kernel: 3, padding: "full" },
        { kernel: [1, 3], dilation: 2 },
      ],
    ).output,
    [12, 4],
  );
  // Backwards from 1: pool2 needs 2, conv2 6, pool1 12, conv1 12 + 5 − 1 − 4 = 12.
  assert.throws(
    () => nn.featureMaps(8, lenet),
    /featureMaps: conv2 reaches over 5 × 5, and is given 4 × 4: it does not fit; all of these need an image of at least 12 × 12/,
  );
  assert.deepEqual(nn.featureMaps(12, lenet).output, [1, 1]);
  assert.throws(
    () => nn.featureMaps(8, [{ kernel: 3, stride: 2, padding: "same" }]),
    /padding is "same" with a stride of 2 × 2/,
  );
  assert.throws(
    () => nn.featureMaps(8, [{ kernel: 0 }]),
    /window 1: kernel is 0; expected a whole number from 1/,
  );
  assert.throws(
    () => nn.featureMaps(8, [{ kernel: 3, strides: 2 } as never]),
    /featureMaps: window 1.*strides.*stride/s,
  );
  assert.throws(() => nn.featureMaps(8, [null as never]), /window 1: kernel is undefined/);
  const network = () =>
    nn.sequential([
      nn.conv2d({ out: 4, kernel: 5 }),
      nn.maxPool2d(),
      nn.conv2d({ out: 4, kernel: [3, 5] }),
      nn.flatten(),
      nn.dense({ out: 2 }),
    ]);
  // (N − 4)/2 ≥ 3 and ≥ 5.
  const message =
    /2 \(conv2d\).*does not fit.*; the smallest input that fits the network is \[1, 3, 10, 14\]/s;
  assert.throws(() => network().build([1, 3, 9, 9]), message);
  assert.throws(() => network().summary([1, 3, 9, 9]), message);
  assert.throws(() => network().graph([1, 3, 9, 9]), message);
  await assert.rejects(network().fit(data.from(zeros([4, 3, 9, 9]), [0, 1, 0, 1])), message);
  assert.deepEqual(network().build([1, 3, 10, 14]), [1, 2]);
  assert.throws(() => network().build([1, 3, 9, 13]), /is \[1, 3, 10, 14\]/);
  assert.throws(() => network().summary([1, 3, 0, 0]), /does not fit|size of 0|is empty/);
  // What has its weights takes one size, and what did not fit were other images.
  const built = network();
  built.build([1, 3, 20, 20]);
  const silent = (error: Error) => /does not fit/.test(error.message) && !/smallest/.test(error.message);
  assert.throws(() => built.summary([1, 3, 9, 9]), silent);
  const [whole, small] = [20, 9].map((size) => data.from(zeros([2, 3, size, size]), [0, 1]));
  assert.ok(whole && small);
  await assert.rejects(network().fit(whole, { epochs: 1, validation: small }), silent);
});

check(
  "a network of several inputs learns from data sets of several inputs, and is saved with them",
  async (g) => {
    const { nn, data, rand, optim, losses, concat } = g;
    const image = await rand([96, 1, 4, 4], { seed: 1 }).evaluate();
    const age = await rand([96, 1], { seed: 2 }).evaluate();
    // Neither input alone says it.
    const y = image.mean([1, 2, 3]).add(age.squeeze(1)).gt(1).cast("i32");
    const make = () =>
      nn.graph(
        {
          pixels: { layer: nn.flatten(), in: "image" },
          both: { layer: nn.dense({ out: 8 }), in: ["pixels", "age"] },
          out: { layer: nn.sequential([nn.relu(), nn.dense({ out: 2 })]), in: "both" },
        },
        { inputs: { image: [1, 4, 4], age: [1] } },
      );
    const model = make();
    const train = data.from({ image, age }, y);
    assert.deepEqual(train.x.shape, [96, 17]);
    await model.fit(train, { epochs: 60, batchSize: 16, optimizer: optim.adam({ lr: 0.02 }), seed: 1 });
    assert.ok(((await model.evaluate(train)).accuracy ?? 0) > 0.93);
    const one = await model.forward({ age, image }).data();
    assert.deepEqual(
      await (await model.predict({ image, age })).data(),
      await (await model.predict(train)).data(),
    );
    await model.save("two.safetensors");
    const [loaded, filled] = [await nn.load("two.safetensors"), await make().load("two.safetensors")];
    for (const again of [loaded, filled]) assert.deepEqual(await again.forward({ image, age }).data(), one);
    // By hand from the parts: the order of names does not matter, nor does that of what is declared.
    const [w, b] = [model.parameters["both.weight"], model.parameters["both.bias"]];
    const [v, c] = [model.parameters["out.1.weight"], model.parameters["out.1.bias"]];
    assert.ok(w && b && v && c);
    const hidden = concat([image.flatten(1), age], 1)
      .matmul(w.t())
      .add(b)
      .relu();
    const byHand = await hidden.matmul(v.t()).add(c).data();
    for (const [i, value] of byHand.entries()) assert.ok(Math.abs(value - (one[i] ?? 9)) < 1e-4);
    assert.throws(() => model.forward({ image }), /forward: got the inputs image; expected age, image/);
    assert.throws(
      () => model.forward({ image: image.reshape(96, 16), age }),
      /image has shape \[96, 16\]; expected \[N, 1, 4, 4\]/,
    );
    assert.throws(() => nn.relu().forward({ image }), /the model has one input/);
    assert.throws(() => nn.relu().forward([1, 2] as never), /forward: expected a tensor .*; got an array/);
    assert.throws(() => model.forward(train as never), /forward: expected a tensor .*; got a data set/);
    // As many numbers in another order.
    const mistaken = data.from({ years: image, picture: age }, y).take(5);
    await assert.rejects(
      model.fit(mistaken),
      /fit: data set data has the inputs picture \[1\], years \[1, 4, 4\]; expected age \[1\], image \[1, 4, 4\]/,
    );
    await assert.rejects(model.evaluate(mistaken), /evaluate: .* expected age/);
    await assert.rejects(model.predict(mistaken), /predict: .* expected age/);
    assert.throws(() => train.concat(data.from({ years: image, picture: age }, y)), /concat: .* and picture/);
    await model.evaluate(train.shuffle({ seed: 1 }).map((x) => x.mul(1)));
    assert.throws(() => data.from({ image, age: age.slice(0, 0, 3) }, y), /image has 96 samples, age has 3/);
    await assert.rejects(
      model.predict(image),
      /the inputs age \[1\], image \[1, 4, 4\] are packed as \[N, 17\]/,
    );
    const { boxes } = model.graph();
    assert.deepEqual(
      boxes.map(({ label, role }) => `${label} ${role}`),
      [
        "age input",
        "image input",
        "flatten layer",
        "concat join",
        "dense layer",
        "relu layer",
        "dense layer",
      ],
    );
    assert.deepEqual(boxes[1]?.notes, ["[1, 1, 4, 4]"]);
    assert.equal(model.summary().parameters, model.summary([1, 17]).parameters);
    assert.throws(() => nn.relu().summary(), /summary: expected an input shape with the batch axis/);
    // Several outputs beside several inputs: heads side by side, each with its loss.
    const heads = nn.graph(
      {
        pixels: { layer: nn.flatten(), in: "image" },
        body: { layer: nn.sequential([nn.dense({ out: 8 }), nn.relu()]), in: ["pixels", "age"] },
        kind: { layer: nn.dense({ out: 2 }), in: "body" },
        sum: { layer: nn.dense({ out: 1 }), in: "body" },
        heads: { in: ["kind", "sum"] },
      },
      { inputs: { image: [1, 4, 4], age: [1] } },
    );
    const sum = image.mean([1, 2, 3]).unsqueeze(1).add(age);
    const loss = losses.tasks([
      { outputs: 2, loss: "crossEntropy" },
      { outputs: 1, loss: "mse" },
    ]);
    const both = data.from({ image, age }, concat([y.cast("f32").unsqueeze(1), sum], 1));
    const history = await heads.fit(both, {
      epochs: 30,
      batchSize: 16,
      loss,
      optimizer: optim.adam({ lr: 0.02 }),
      seed: 1,
    });
    assert.ok((history.last?.loss ?? 9) < (history.epochs[0]?.loss ?? 0) / 2);
  },
);
