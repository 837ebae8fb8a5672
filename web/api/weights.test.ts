// Weights in files, checkpoints and trained networks, through the package in Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import { inMemory } from "./file-store.ts";
import type { Instance, Tensor } from "./index.ts";
import { createGradbook } from "./index.ts";
import { saveOwn } from "./tensor-files.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const files = inMemory();
const open = () => createGradbook({ baseUrl, device: "cpu", files });
const opened = open();

const bits = async (tensors: Record<string, Tensor>) =>
  Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [
      name,
      tensor.shape,
      tensor.dtype,
      Array.from(await tensor.data()),
    ]),
  );

function network({ nn }: Instance) {
  return nn.sequential([
    nn.dense({ out: 5 }),
    nn.batchNorm(),
    nn.relu(),
    nn.dropout({ p: 0.2 }),
    nn.dense({ out: 2 }),
  ]);
}

function samples(g: Instance, count = 60) {
  const x = g.randn([count, 3], { seed: 3 });
  return g.data.from(x, x.sum(1).gt(0).cast("i32"), { name: "sides" });
}

for (const name of ["net.safetensors", "net.npz"]) {
  test(`a model's weights come back from ${name}`, async () => {
    const g = await opened;
    const model = network(g);
    await model.fit(samples(g), { epochs: 1, seed: 4 });
    const saved = await model.save(name, name.endsWith("npz") ? {} : { metadata: { note: "first" } });
    assert.match(saved.toString(), new RegExp(`^${name}: 8 tensors, \\d kB$`));

    // In another program, into a model that is built alike.
    const other = await open();
    const again = network(other);
    if (name.endsWith("npz")) again.build([1, 3]);
    await again.load(name);
    assert.deepEqual(await bits(again.parameters), await bits(model.parameters));
    const { metadata } = await other.files.load(name);
    assert.equal(metadata.note, name.endsWith("npz") ? undefined : "first");
  });
}

test("a network is built from its file, and learns on", async () => {
  const g = await opened;
  const model = network(g);
  await model.fit(samples(g), { epochs: 1, seed: 4 });
  await model.save("whole.safetensors");
  const again = await g.nn.load("whole.safetensors");
  const x = g.randn([4, 3], { seed: 9 });
  assert.deepEqual(await again.forward(x).array(), await model.forward(x).array());
  const { epochs } = await again.fit(samples(g), { epochs: 1, seed: 5 });
  assert.equal(epochs.length, 1);
});

test("a layer that stands twice is one only where the reader makes the model", async () => {
  const g = await opened;
  const twice = () => {
    const [shared, relu] = [g.nn.dense({ out: 3 }), g.nn.relu()];
    return g.nn.sequential([shared, relu, shared, relu]);
  };
  const model = twice();
  const x = g.randn([2, 3], { seed: 1 });
  const expected = await model.forward(x).array();
  await model.save("twice.safetensors");
  await assert.rejects(g.nn.load("twice.safetensors"), /does not say how its network is built/);
  const again = twice();
  again.build([1, 3]);
  await again.load("twice.safetensors");
  assert.deepEqual(await again.forward(x).array(), expected);

  // What has no parameters may stand as often as it likes.
  const relu = g.nn.relu();
  const deep = g.nn.sequential([g.nn.dense({ out: 3 }), relu, g.nn.dense({ out: 2 }), relu]);
  const deeper = await deep.forward(x).array();
  await deep.save("deep.safetensors");
  assert.deepEqual(await (await g.nn.load("deep.safetensors")).forward(x).array(), deeper);
});

test("a block that is not known is refused", async () => {
  const g = await opened;
  const layer = { kind: "dense", options: { out: 1 }, input: [1, 1] };
  const metadata = { gradbook: JSON.stringify({ block: "sequentiel", parts: [layer] }) };
  await g.files.save(
    "odd.safetensors",
    { "0.weight": g.zeros([1, 1]), "0.bias": g.zeros([1]) },
    { metadata },
  );
  await assert.rejects(g.nn.load("odd.safetensors"), /sequentiel is no block of layers/);
});

test("tensors of every type are saved; half of the bits are the nearest numbers", async () => {
  const g = await opened;
  const all = {
    f: g.tensor([[0.5, -1e-9, 3.0000001]]),
    i: g.tensor(Int32Array.of(1, -2)),
    u: g.tensor(Uint32Array.of(1, 4294967295)),
    b: g.tensor([1, 0]).gt(0),
    scalar: g.tensor(7),
  };
  for (const name of ["all.safetensors", "all.npz"]) {
    await g.files.save(name, all);
    const { tensors } = await g.files.load(name);
    const sorted = Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)));
    const expected = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
    assert.deepEqual(await bits(sorted), await bits(expected), name);
  }
  await g.files.save("half.npz", { f: g.tensor([1, 1.0001, 1000.3]) }, { half: true });
  const { tensors } = await g.files.load("half.npz");
  assert.deepEqual(await tensors.f?.array(), [1, 1, 1000.5]);
});

test("what does not fit says so, and changes nothing", async () => {
  const g = await opened;
  const model = network(g);
  model.build([1, 3], { seed: 1 });
  const before = await bits(model.parameters);
  await g.files.save("other.npz", { "0.weight": g.zeros([5, 3]) });
  const missing = /there is no tensor 0\.bias; there are 0\.weight/;
  await assert.rejects(model.load("other.npz"), missing);
  assert.deepEqual(await bits(model.parameters), before);
  await assert.rejects(network(g).load("other.npz"), /no parameters yet/);
  await model.save("three.safetensors");
  const narrow = g.nn.dense({ out: 4 });
  await assert.rejects(narrow.load("three.safetensors"), /there is no tensor weight; there are 0\.bias/);
  assert.deepEqual(narrow.parameters, {});
  await assert.rejects(g.nn.load("other.npz"), /does not say how its network is built/);
  await assert.rejects(network(g).save("x.npz"), /no parameters yet/);
  await assert.rejects(g.files.load("nowhere.npz"), /there is no file nowhere\.npz; there are .*other\.npz/);
  for (const name of ["../x.npz", "a/b", ".x", "", "x\n", "y".repeat(121)])
    await assert.rejects(
      g.files.save(name, { x: g.zeros([1]) }),
      /is no name of a file/,
      JSON.stringify(name),
    );
});

test("a request that cannot be met is refused before anything is sent", async () => {
  const g = await opened;
  const x = g.zeros([1]);
  const before = await g.files.list();
  await assert.rejects(async () => g.files.save("x.npy", { x }), /x\.npy: an NPY file holds one array/);
  const noted = async () => g.files.save("x.NPZ", { x }, { metadata: { note: "lost" } });
  await assert.rejects(noted, /x\.NPZ: NPZ keeps tensors and nothing else/);
  const model = network(g);
  for (const [checkpoint, message] of [
    ["run.npz", /run\.npz: NPZ keeps tensors and nothing else/],
    ["run.npy", /run\.npy: an NPY file/],
    ["../run.safetensors", /is no name of a file/],
  ] as const) {
    await assert.rejects(model.fit(samples(g), { epochs: 1, checkpoint }), message);
    await assert.rejects(model.fit(samples(g), { epochs: 1, checkpoint, resume: true }), message);
  }
  assert.deepEqual(model.parameters, {});
  assert.deepEqual(await g.files.list(), before);
});

test("tensors may have any name but two", async () => {
  const g = await opened;
  const x = g.ones([1]);
  for (const name of [":metadata", "__proto__"])
    await assert.rejects(g.files.save("x.safetensors", { [name]: x }), /a tensor cannot be called/, name);
  // Other programs may call them so.
  const [f32, metadata] = [
    Float32Array.of(5),
    JSON.stringify({ file: "odd.safetensors", metadata: { a: "b" }, half: false }),
  ];
  const names = [":metadata", "__proto__", "constructor", ""];
  await saveOwn(
    baseUrl,
    files,
    metadata,
    names.map((name) => [name, f32, [1]]),
  );
  const odd = await g.files.load("odd.safetensors");
  assert.deepEqual(Object.keys(odd.tensors).sort(), [...names].sort());
  assert.deepEqual(odd.metadata, { a: "b" });
});

test("what writes files believes no request", async () => {
  const saved = (request: unknown) => saveOwn(baseUrl, files, JSON.stringify(request), []);
  const good = { file: "x.safetensors", metadata: {}, half: false };
  for (const [request, message] of [
    [null, /is no name of a file/],
    [{ ...good, file: "../x" }, /is no name of a file/],
    [{ ...good, metadata: null }, /metadata must be an object of texts/],
    [{ ...good, metadata: ["x"] }, /metadata must be an object of texts/],
    [{ ...good, metadata: { x: { y: 1 } } }, /metadata holds texts; x is object/],
    [{ ...good, half: "yes" }, /half is string/],
  ] as const)
    await assert.rejects(saved(request), message, JSON.stringify(request));
});

test("files that are broken or hostile are refused by name", async () => {
  const g = await opened;
  const text = (value: string) => new TextEncoder().encode(value);
  const endless = new Uint8Array(10);
  new DataView(endless.buffer).setBigUint64(0, 2n ** 60n, true);
  const object = `{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n`;
  const npy = Uint8Array.from([0x93, ...text("NUMPY"), 1, 0, object.length, 0, ...text(object), 0x80, 0x2e]);
  const broken: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    [
      "empty.safetensors",
      new Uint8Array(),
      /empty\.safetensors: this is no safetensors file: it has 0 bytes/,
    ],
    ["endless.safetensors", endless, /endless\.safetensors: .*longer than 100 MB/],
    ["object.npy", npy, /object\.npy: .*Python objects/],
    ["cut.npz", text("PK\u0003\u0004"), /cut\.npz: this is no NPZ file/],
    [
      "page.safetensors",
      text("<!doctype html><title>404</title>"),
      /page\.safetensors: this is no safetensors file/,
    ],
  ];
  for (const [name, bytes, message] of broken) {
    await files.put(name, bytes);
    await assert.rejects(g.files.load(name), message);
    await files.remove(name);
  }
  // Nothing of this hurts what comes after.
  await g.files.save("after.npz", { x: g.ones([2]) });
  assert.deepEqual(await (await g.files.load("after.npz")).tensors.x?.array(), [1, 1]);
});

test("a run goes on from its checkpoint in another program, bit by bit", async () => {
  const g = await opened;
  const options = { optimizer: g.optim.adam({ lr: 0.01 }), batchSize: 16, seed: 11 };
  const whole = network(g);
  const expected = await whole.fit(samples(g), { ...options, epochs: 4 });

  await network(g).fit(samples(g), {
    ...options,
    epochs: 4,
    checkpoint: "run.safetensors",
    onEpoch: ({ epoch }) => epoch < 2,
  });
  const other = await open();
  const again = network(other);
  const { seed: _, ...rest } = { ...options, optimizer: other.optim.adam({ lr: 0.01 }) };
  const history = await again.fit(samples(other), {
    ...rest,
    epochs: 4,
    checkpoint: "run.safetensors",
    resume: true,
  });
  assert.deepEqual(history.points, expected.points);
  assert.deepEqual(
    history.epochs.map(({ epoch, loss, accuracy, step }) => ({ epoch, loss, accuracy, step })),
    expected.epochs.map(({ epoch, loss, accuracy, step }) => ({ epoch, loss, accuracy, step })),
  );
  assert.deepEqual(await bits(again.parameters), await bits(whole.parameters));

  // A run without a file begins; one of another network is refused.
  const fresh = await network(g).fit(samples(g), { epochs: 1, checkpoint: "new.safetensors", resume: true });
  assert.equal(fresh.epochs.length, 1);
  const wider = g.nn.dense({ out: 2 });
  await assert.rejects(
    wider.fit(samples(g), { ...options, checkpoint: "run.safetensors", resume: true }),
    /the checkpoint is of another run/,
  );
  await assert.rejects(network(g).fit(samples(g), { resume: true }), /resume goes with checkpoint/);
});

test("a run that goes on keeps losses beyond all bounds and the norms of each step", async () => {
  const g = await opened;
  const file = "norms.safetensors";
  const fit = (epochs: number, options: object) =>
    network(g).fit(samples(g), {
      batchSize: 30,
      seed: 5,
      validation: samples(g),
      checkpoint: file,
      ...options,
      epochs,
    });
  await fit(1, {});
  // The file of a run whose validation loss was infinite, which JSON cannot say.
  const { tensors, metadata } = await g.files.load(file);
  const run = JSON.parse(metadata["gradbook.run"] ?? "");
  run.epochs[0].valLoss = null;
  await g.files.save(file, tensors, { metadata: { ...metadata, "gradbook.run": JSON.stringify(run) } });
  const second = await fit(2, { resume: true, gradientNorms: true });
  const third = await fit(3, { resume: true, gradientNorms: true });
  assert.equal(third.epochs[0]?.valLoss, Number.POSITIVE_INFINITY);
  assert.equal(third.points.length, 6);
  const norms = (history: typeof third, from: number, to: number) =>
    history.points.slice(from, to).map((point) => point.norms);
  const none = third.watched.map(() => Number.NaN);
  assert.deepEqual(norms(third, 0, 2), [none, none]);
  assert.deepEqual(norms(third, 2, 4), norms(second, 2, 4));
  assert.ok(norms(third, 2, 6).every((norms) => norms?.length === 6 && norms.every((norm) => norm >= 0)));
});

test("a trained network without its last layer takes a head of its own", async () => {
  const g = await opened;
  const net = await g.models.squeezenet();
  const x = g.rand([2, 3, 64, 64], { seed: 1 });
  const body = net.features();
  assert.deepEqual(body.forward(x).shape, [2, 512]);
  assert.deepEqual(
    (await g.models.efficientnetLite0({ pretrained: false })).features().forward(x).shape,
    [2, 1280],
  );
  const first = net.parameters["conv1.weight"];
  assert.ok(first);
  assert.deepEqual(
    Object.keys(body.parameters),
    Object.keys(net.parameters).filter((name) => !name.startsWith("conv10")),
  );
  assert.deepEqual(await body.parameters["conv1.weight"]?.data(), await first.data());
  // What the head learns leaves the network as it was.
  const model = g.nn.sequential([body, g.nn.dense({ out: 2 })]);
  await model.fit(g.data.from(x, [0, 1]), { epochs: 1, seed: 1, groups: [{ params: "1.*", lrScale: 2 }] });
  assert.deepEqual(await net.parameters["conv1.weight"]?.data(), await first.data());
  assert.notDeepEqual(await body.parameters["conv1.weight"]?.data(), await first.data());
});

test("the trained networks know a cat", async () => {
  const g = await opened;
  const { chelsea } = await g.data.photos();
  assert.ok(chelsea);
  for (const load of [g.models.squeezenet, g.models.efficientnetLite0]) {
    const network = await load();
    const guess = await network.classify(chelsea);
    assert.match(guess.top[0]?.label ?? "", /cat/);
    assert.equal(guess.top.length, 5);
    assert.ok(
      guess.top.every(({ probability }, i, all) => i === 0 || probability <= (all[i - 1]?.probability ?? 0)),
    );
    const display = guess[DISPLAY]();
    assert.equal(display.kind === "table" && display.rows.length, 5);
  }
});

test("a run that goes on keeps the changes of a live learning rate, and its record repeats it in one", async () => {
  const g = await opened;
  const file = "live.safetensors";
  const wanted = { value: 0.1 };
  const fit = (epochs: number, lr: number | typeof wanted | undefined, options: object = {}) =>
    network(g).fit(samples(g), {
      batchSize: 30,
      seed: 5,
      schedule: { kind: "exponential", gamma: 0.5 },
      ...options,
      epochs,
      optimizer: g.optim.sgd({ ...(lr !== undefined && { lr }), momentum: 0.9 }),
      onEpoch: ({ epoch }) => {
        wanted.value = [0, 0.02, 0.3, 0.05][epoch] ?? 0.05;
      },
    });
  await fit(2, wanted, { checkpoint: file });
  const live = await fit(6, wanted, { checkpoint: file, resume: true });
  // Two steps an epoch. Which epoch hears of a change first depends on whose turn it is.
  const { lrChanges } = live;
  assert.deepEqual(lrChanges[0], { step: 1, lr: 0.1 });
  assert.deepEqual(
    lrChanges.find(({ lr }) => lr === 0.3),
    { step: 5, lr: 0.3 },
  );
  assert.equal(lrChanges.at(-1)?.lr, 0.05);
  for (const { epoch, lr } of live.epochs) {
    const base = lrChanges.findLast(({ step }) => step <= 2 * epoch)?.lr ?? Number.NaN;
    assert.equal(lr, base * 0.5 ** (epoch - 1));
  }
  assert.match(live.toString(), /from step 1 on lr 0\.1\n.*from step 5 on lr 0\.3/s);
  const curve = live.plot[DISPLAY]();
  assert.ok(curve.kind === "curve");
  assert.deepEqual(
    curve.marks?.map(({ x, text }) => `${x} ${text}`),
    lrChanges.map(({ step, lr }) => `${step} lr ${lr}`),
  );
  const again = await fit(6, undefined, { lrChanges });
  assert.deepEqual(again.points, live.points);
  assert.deepEqual(again.lrChanges, lrChanges);
  await assert.rejects(fit(1, wanted, { lrChanges }), /not both/);
  await assert.rejects(fit(1, 0.1, { lrChanges: [{ step: 0, lr: 1 }] }), /must rise from 1/);
  assert.throws(
    () => g.optim.sgd({ lr: { value: "0.1" as never } }),
    /lr is NaN; it must be a positive number/,
  );
  // A step by hand: what is no rate leaves the weights as they are.
  const [w, later] = [g.variable([1]), { value: 0.25 }];
  const optimizer = g.optim.sgd({ lr: later });
  const step = () => optimizer.minimize(w.value.square().sum(), [w]);
  step();
  later.value = Number.NaN;
  assert.throws(step, /minimize: the live lr is NaN now; it must not be negative/);
  assert.equal(await w.value.item(), 0.5);
});
