// How compiled functions surprise, as tests that pass: when a function is traced again, what is a constant, what a
// call sees, and which mistakes are told. And that a step by hand is the same as `fit`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import type { Dataset, Instance, Model, Tensor, Variable } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function check(name: string, body: (g: Instance) => Promise<void>): void {
  test(name, async () => body(await opened));
}

function told(name: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
    assert.match(error.message, message);
    return true;
  };
}

/** Points in two classes, on small images if they are to be convolved. */
function points({ randn, arange, data }: Instance, count: number, shape: number[] = [2]): Dataset {
  const y = arange(count).rem(2);
  const shift = y
    .cast("f32")
    .mul(2)
    .sub(1)
    .reshape(-1, ...shape.map(() => 1));
  return data.from(randn([count, ...shape], { seed: 5 }).add(shift), y);
}

function mlp({ nn }: Instance): Model {
  return nn.sequential([nn.dense({ out: 8 }), nn.tanh(), nn.dense({ out: 2 })]);
}

const first = async (tensor: Tensor): Promise<number> => (await tensor.data())[0] as number;
const number = async (variable: Variable): Promise<number> => first(variable.value);

// When it is traced ---------------------------------------------------------------------------------------------------

check("every call gives the same bits, the first ones and those whose code was emitted", async (g) => {
  const { compile, randn, arange } = g;
  const x = await randn([7, 143], { seed: 4 }).evaluate();
  const step = compile((x: Tensor) => {
    const row = arange(143).cast("f32").div(50);
    const gates = x.sigmoid().mul(x.add(row).tanh()).add(x.abs().add(1).log().exp());
    const clipped = gates.relu().sub(x.lt(0).where(x.erf(), row)).sqrt();
    return [clipped, gates.sum(1), x.softmax(1), clipped.isnan().cast("i32").sum()];
  });
  const { emitted = 0 } = g.counters();
  const calls: Uint32Array[][] = [];
  for (let i = 0; i < 5; i++) {
    const values = await Promise.all((await step(x)).map((tensor) => tensor.data()));
    calls.push(
      values.map(
        (data: Float32Array | Int32Array | Uint32Array | Uint8Array) =>
          new Uint32Array(data.buffer, data.byteOffset, data.length),
      ),
    );
  }
  for (const call of calls) assert.deepEqual(call, calls[0]);
  assert.ok((g.counters().emitted ?? 0) > emitted, "no code was emitted");
});

check("it runs when it is traced: what it prints, it prints once", async ({ compile, tensor }) => {
  const printed: string[] = [];
  const double = compile((x: Tensor) => {
    printed.push("traced");
    return x.mul(2);
  });
  assert.deepEqual(await (await double(tensor([1, 2]))).array(), [2, 4]);
  assert.deepEqual(await (await double(tensor([3, 4]))).array(), [6, 8]);
  assert.deepEqual(printed, ["traced"]);
  assert.equal(double.traces, 1);
});

check("another shape or type is traced again, each once", async ({ compile, zeros }) => {
  const sum = compile((x: Tensor) => x.add(x));
  for (const shape of [[2], [3], [2], [1, 2], [3]]) await sum(zeros(shape));
  assert.equal(sum.traces, 3);
  await sum(zeros([2]).cast("i32"));
  assert.equal(sum.traces, 4);
});

check("numbers may change: each is a tensor without axes", async ({ compile, tensor }) => {
  const scale = compile((x: Tensor, by: Tensor) => x.mul(by));
  assert.deepEqual(await (await scale(tensor([1, 2]), 3)).array(), [3, 6]);
  assert.deepEqual(await (await scale(tensor([1, 2]), -0.5)).array(), [-0.5, -1]);
  assert.deepEqual(
    await (
      await scale(
        tensor([1, 2]),
        tensor(7 as never)
          .reshape(1)
          .select(0, 0),
      )
    ).array(),
    [7, 14],
  );
  assert.equal(scale.traces, 1);
});

check("strings and booleans decide what is traced", async ({ compile, tensor }) => {
  const f = compile((x: Tensor, how: string, negate: boolean) => {
    const y = how === "square" ? x.mul(x) : x.add(x);
    return negate ? y.neg() : y;
  });
  const x = tensor([3]);
  const calls = [await f(x, "square", false), await f(x, "square", true), await f(x, "double", true)];
  assert.deepEqual(await Promise.all(calls.map(first)), [9, -9, -6]);
  await f(x, "square", true);
  assert.equal(f.traces, 3);
});

check("the last, smaller batch of an epoch is a second trace, and no more", async (g) => {
  const step = g.compile((x: Tensor, y: Tensor) => g.losses.crossEntropy(x, y));
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const [x, y] of points(g, 20).take(20).batches({ size: 8, seed: 1, epoch })) await step(x, y);
  }
  // A batch names its data set: another one is traced again.
  assert.equal(step.traces, 6);
  const train = points(g, 20);
  const again = g.compile((x: Tensor, y: Tensor) => g.losses.crossEntropy(x, y));
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const [x, y] of train.batches({ size: 8, seed: 1, epoch })) await again(x, y);
  }
  assert.equal(again.traces, 2);
});

check("arrays and objects of tensors go in and out", async ({ compile, tensor }) => {
  const f = compile((pair: { a: Tensor; rest: Tensor[] }) => ({
    sum: pair.a.add(pair.rest[0] as Tensor),
    list: [pair.a],
    name: "n",
  }));
  const { sum, list, name } = await f({ a: tensor([1]), rest: [tensor([2])] });
  assert.deepEqual([await first(sum), await first(list[0] as Tensor), name], [3, 1, "n"]);
});

// What it sees --------------------------------------------------------------------------------------------------------

check("a tensor that it captures is a constant, a variable is not", async ({ compile, tensor, variable }) => {
  let constant = tensor([1]);
  const state = variable([1]);
  const f = compile((x: Tensor) => [x.add(constant), x.add(state.value)]);
  await f(tensor([0]));
  constant = tensor([100]);
  state.assign(tensor([100]));
  const [a, b] = (await f(tensor([0]))) as [Tensor, Tensor];
  assert.deepEqual([await first(a), await first(b)], [1, 100]);
  assert.equal(f.traces, 1);
});

check("JavaScript values that it captures are those of the trace", async ({ compile, tensor }) => {
  let factor = 2;
  const f = compile((x: Tensor) => x.mul(factor));
  await f(tensor([1]));
  factor = 50;
  assert.equal(await first(await f(tensor([1]))), 2);
});

check("assignments happen in the order of the calls, inside and outside", async ({ compile, variable }) => {
  const count = variable(0);
  const bump = compile(() => {
    const before = count.value;
    count.assign(count.value.add(1));
    return [before, count.value];
  });
  const [before, after] = (await bump()) as [Tensor, Tensor];
  bump();
  count.assign(10);
  bump();
  bump();
  assert.deepEqual([await first(before), await first(after), await number(count)], [0, 1, 12]);
  assert.throws(() => count.assign([1, 2] as never));
});

check(
  "a value of a variable that is kept follows the variable, as it changes in place",
  async ({ compile, variable }) => {
    const w = variable([1]);
    const grow = compile(() => w.assign(w.value.mul(2)));
    await grow();
    const kept = w.value;
    await grow();
    assert.equal(await first(kept), 4);
  },
);

check("random numbers are others in each call, and the same from a seed", async ({ compile, rand }) => {
  const run = async (seed: number) => {
    const draw = compile(() => [rand([2]), rand([2]), rand([2], { seed: 3 })], { seed });
    return Promise.all([...(await draw()), ...(await draw())].map(async (t) => String(await t.data())));
  };
  const [a, b, fixed, c, d, still] = await run(1);
  assert.equal(new Set([a, b, c, d]).size, 4);
  assert.equal(fixed, still);
  assert.deepEqual(await run(1), [a, b, fixed, c, d, still]);
  assert.notDeepEqual(await run(2), [a, b, fixed, c, d, still]);
});

check("what it gives is computed when it is read, however late", async ({ compile, tensor, variable }) => {
  const n = variable(0);
  const next = compile(() => {
    n.assign(n.value.add(1));
    return n.value;
  });
  const outputs: Tensor[] = [];
  for (let i = 0; i < 600; i++) outputs.push(await next());
  assert.equal(await first(outputs[2] as Tensor), 3);
  assert.equal(await first((outputs[299] as Tensor).add(tensor([0.5]))), 300.5);
  assert.equal(await first(outputs[599] as Tensor), 600);
});

// What it cannot do ---------------------------------------------------------------------------------------------------

check(
  "to compare or add with JavaScript's operators is an error with a way out",
  async ({ compile, tensor }) => {
    const f = compile((x: Tensor) => ((x.sum() as unknown as number) > 1 ? x : x.neg()));
    await assert.rejects(f(tensor([1])), told("ArgumentError", /x\.gt\(1\).*where.*await x\.item\(\)/));
    assert.throws(() => Number(tensor([1]) as unknown) + 1, told("ArgumentError", /x\.add\(1\)/));
    assert.equal(`${tensor([1])}`, "Tensor f32 [1]");
    const way = compile((x: Tensor) => x.sum().gt(1).where(x, x.neg()));
    assert.deepEqual(await (await way(tensor([1]))).array(), [-1]);
    assert.deepEqual(await (await way(tensor([2]))).array(), [2]);
  },
);

check("an `if` on a tensor takes it for an object, which is always true", async ({ compile, tensor }) => {
  const f = compile((x: Tensor) => (x.gt(1000) ? x : x.neg()));
  assert.equal(await first(await f(tensor([1]))), 1);
});

check("nothing can be read within, and it cannot be async", async ({ compile, tensor }) => {
  for (const read of ["data", "item", "evaluate", "array"] as const) {
    const f = compile((x: Tensor) => {
      x[read]();
      return x;
    });
    await assert.rejects(
      f(tensor([1])),
      told("ArgumentError", /within a compiled function nothing has a value yet/),
    );
  }
  const later = compile(async (x: Tensor) => x);
  await assert.rejects(later(tensor([1])), told("ArgumentError", /the function is async/));
});

check("a compiled function within another is called by its body", async ({ compile, tensor }) => {
  const double = compile((x: Tensor) => x.mul(2));
  const wrong = compile((x: Tensor) => [double(x), x][1] as Tensor);
  await assert.rejects(wrong(tensor([1])), told("ArgumentError", /step\.body\(x\)/));
  const quadruple = compile((x: Tensor) => double.body(double.body(x)));
  assert.equal(await first(await quadruple(tensor([3]))), 12);
  assert.equal(double.traces, 0);
});

check(
  "an error in it is told where it was made, and leaves state as it was",
  async ({ compile, tensor, variable }) => {
    const w = variable([1, 2]);
    const bad = compile((x: Tensor) => {
      w.assign(w.value.add(1));
      return w.value.matmul(x);
    });
    await assert.rejects(bad(tensor([1, 2, 3])), (error: Error) => {
      assert.equal(error.name, "ShapeError");
      assert.match(error.stack ?? "", /compile\.test/);
      return true;
    });
    assert.deepEqual(await w.value.array(), [1, 2]);
    const mine = compile(() => {
      w.assign(w.value.add(1));
      throw new RangeError("mine");
    });
    await assert.rejects(mine(), (error: Error) => error instanceof RangeError && error.message === "mine");
    assert.deepEqual(await w.value.array(), [1, 2]);
  },
);

check("arguments and options that it cannot take are named", async (g) => {
  const { compile, variable, nn, optim, tensor } = g;
  const f = compile((x: unknown) => x);
  await assert.rejects(
    f(nn.relu()),
    told("ArgumentError", /argument 1 is an object of another kind; expected tensors/),
  );
  await assert.rejects(f({ w: variable(1) }), told("ArgumentError", /argument 1\.w is a variable.*captured/));
  assert.throws(() => compile(3 as never), told("ArgumentError", /expected a function/));
  assert.throws(
    () => compile(() => 1, { sead: 1 } as never),
    told("ArgumentError", /no option sead; did you mean seed/),
  );
  const w = variable(1);
  const adam = optim.adam();
  const loss = w.value.mul(2);
  assert.throws(
    () => adam.minimize(loss, [w], { clip: 1 } as never),
    told("ArgumentError", /no option clip/),
  );
  assert.throws(() => adam.minimize(tensor([1]).sum(), [w]), told("ArgumentError", /does not depend on any/));
  assert.throws(() => adam.minimize(loss, []), told("ArgumentError", /there are no parameters/));
  assert.throws(
    () => adam.apply([tensor([1, 2])], [w]),
    told("ArgumentError", /shape \[2\], its parameter \[\]/),
  );
});

// Training ------------------------------------------------------------------------------------------------------------

/** One step of cross-entropy on a model that learns. */
function stepOf(
  g: Instance,
  model: Model,
  optimizer: ReturnType<Instance["optim"]["adam"]>,
  seed: number,
  clipNorm?: number,
) {
  return g.compile(
    (x: Tensor, y: Tensor) => {
      const loss = g.losses.crossEntropy(model.forward(x, { training: true }), y);
      optimizer.minimize(loss, model.weights, clipNorm === undefined ? {} : { clipNorm });
      return loss;
    },
    { seed },
  );
}

async function sameAsFit(g: Instance, make: () => Model, train: Dataset, clipNorm?: number): Promise<void> {
  const model = make();
  const optimizer = g.optim.adam({ lr: 0.01 });
  const step = stepOf(g, model, optimizer, 3, clipNorm);
  const losses: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const [x, y] of train.batches({ size: 8, seed: 3, epoch }))
      losses.push(await first(await step(x, y)));
  }
  const options = { epochs: 2, batchSize: 8, seed: 3, optimizer: g.optim.adam({ lr: 0.01 }) };
  const history = await make().fit(train, clipNorm === undefined ? options : { ...options, clipNorm });
  assert.deepEqual(
    losses,
    history.points.map(({ loss }) => loss),
  );
  assert.equal(step.traces, 2);
}

check("a step by hand gives the losses of fit", async (g) => {
  await sameAsFit(g, () => mlp(g), points(g, 20));
});

check("so it does for a convolution with batch norm, dropout and clipping", async (g) => {
  const { nn } = g;
  const make = () =>
    nn.sequential([
      nn.conv2d({ out: 3, kernel: 3, padding: "same" }),
      nn.batchNorm(),
      nn.relu(),
      nn.maxPool2d(),
      nn.flatten(),
      nn.dropout({ p: 0.3 }),
      nn.dense({ out: 2 }),
    ]);
  await sameAsFit(g, make, points(g, 20, [1, 6, 6]), 0.1);
});

check("dropout and running statistics are off unless the pass trains", async ({ compile, nn, ones }) => {
  const model = nn.sequential([nn.batchNorm(), nn.dropout({ p: 0.5 })]);
  const look = compile((x: Tensor) => model.forward(x));
  const x = ones([4, 3, 2]).mul(5);
  assert.deepEqual(await (await look(x)).data(), await (await look(x)).data());
  const mean = async () => first(model.parameters["0.running_mean"] as Tensor);
  assert.equal(await mean(), 0);
  const train = compile((x: Tensor) => model.forward(x, { training: true }));
  await train(x);
  assert.equal(await mean(), 0.5);
  await train(x);
  assert.ok(Math.abs((await mean()) - 0.95) < 1e-6);
});

check("a learning rate comes as an argument", async ({ compile, variable, optim }) => {
  const w = variable(1);
  const sgd = optim.sgd();
  const step = compile((lr: Tensor) => sgd.minimize(w.value.mul(w.value), [w], { lr }));
  await step(0.25);
  assert.equal(await number(w), 0.5);
  await step(0.5);
  assert.equal(await number(w), 0);
  assert.equal(step.traces, 1);
});

check("without compile the same step is a few graphs", async (g) => {
  const run = async (compiled: boolean) => {
    const w = g.variable([1, 2]);
    const adam = g.optim.adam({ lr: 0.1 });
    const body = (x: Tensor) => {
      const loss = w.value.mul(x).sum().pow(2);
      adam.apply([loss.grad(w.value)], [w], { clipValue: 1 });
      return loss;
    };
    const step = compiled ? g.compile(body) : body;
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(await first(await step(g.tensor([1, -3]))));
    return [...losses, ...(await w.value.data())];
  };
  assert.deepEqual(await run(false), await run(true));
});

check("two networks with two optimisers, as in a GAN, each see the other's steps", async (g) => {
  const { nn, optim, losses, compile, randn, ones, zeros } = g;
  const generator = nn.sequential([nn.dense({ out: 4 }), nn.tanh(), nn.dense({ out: 2 })]);
  const critic = nn.sequential([nn.dense({ out: 4 }), nn.leakyRelu(), nn.dense({ out: 1 })]);
  const [one, other] = [optim.adam({ lr: 0.05 }), optim.sgd({ lr: 0.05, momentum: 0.5 })];
  const step = compile(
    (real: Tensor) => {
      const fake = generator.forward(randn([8, 3]));
      const right = losses.bceWithLogits(critic.forward(real), ones([8, 1]));
      const loss = right.add(losses.bceWithLogits(critic.forward(fake.detach()), zeros([8, 1])));
      one.minimize(loss, critic.weights);
      const fooled = losses.bceWithLogits(critic.forward(fake), ones([8, 1]));
      other.minimize(fooled, generator.weights);
      return { loss, fooled };
    },
    { seed: 1 },
  );
  const values: number[] = [];
  for (let i = 0; i < 6; i++) {
    const { loss, fooled } = await step(randn([8, 2], { seed: i }).add(3));
    values.push(await first(loss), await first(fooled));
  }
  assert.equal(new Set(values).size, 12);
  assert.ok((values[10] as number) < (values[0] as number), `the critic learns: ${values}`);
});

check(
  "a loss that was computed before its weights changed is refused",
  async ({ compile, variable, optim }) => {
    const w = variable(1);
    const sgd = optim.sgd();
    const twice = compile(() => {
      const loss = w.value.mul(w.value);
      sgd.minimize(loss, [w]);
      sgd.minimize(loss, [w]);
    });
    await assert.rejects(twice(), told("ArgumentError", /computed before its parameters changed/));
    assert.equal(await number(w), 1);
  },
);

check("a gradient penalty is a gradient within", async (g) => {
  const critic = g.nn.sequential([g.nn.dense({ out: 6 }), g.nn.tanh(), g.nn.dense({ out: 1 })]);
  const adam = g.optim.adam({ lr: 0.05 });
  const step = g.compile(
    (x: Tensor) => {
      const slope = critic.forward(x).sum().grad(x);
      const penalty = slope.mul(slope).sum(1).sqrt().sub(1).pow(2).mean();
      adam.minimize(penalty, critic.weights);
      return penalty;
    },
    { seed: 4 },
  );
  const x = g.randn([16, 3], { seed: 2 });
  const before = await first(await step(x));
  for (let i = 0; i < 60; i++) await step(x);
  assert.ok((await first(await step(x))) < 0.2 * before);
});

check("fit and steps go on from each other's weights", async (g) => {
  const [model, train] = [mlp(g), points(g, 16)];
  const step = stepOf(g, model, g.optim.adam(), 1);
  const [x, y] = [...train.batches({ size: 16, shuffle: false })][0] as [Tensor, Tensor];
  const weight = async () => String(await (model.parameters["0.weight"] as Tensor).data());
  await step(x, y);
  const seen = [await weight()];
  await model.fit(train, { seed: 1 });
  seen.push(await weight());
  await step(x, y);
  seen.push(await weight());
  assert.equal(new Set(seen).size, 3);
  assert.equal(step.traces, 1);
});

check("calls make no buffers and read nothing back", async (g) => {
  const [model, train] = [mlp(g), points(g, 24)];
  const step = stepOf(g, model, g.optim.adam(), 1);
  const epoch = async () => {
    let loss: Tensor | undefined;
    for (let i = 0; i < 10; i++)
      for (const [x, y] of train.batches({ size: 8, seed: i })) loss = await step(x, y);
    return first(loss as Tensor);
  };
  await epoch();
  const before = g.counters();
  await epoch();
  const after = g.counters();
  assert.equal(after.buffersCreated, before.buffersCreated);
  assert.equal(after.reads, (before.reads as number) + 1, "the one of the last loss");
});

check("a plan says what a call does without running it", async (g) => {
  const count = g.variable(0);
  const step = g.compile((x: Tensor) => {
    count.assign(count.value.add(1));
    return x.matmul(x).relu();
  });
  await assert.rejects(step.explain(), told("ArgumentError", /explain: 0 arguments for a function of 1/));
  const x = await g.ones([100, 100]).evaluate();
  const plan = await step.explain(x);
  const product = plan.steps.find(({ kernel }) => kernel.startsWith("matmul [1] 100×100×100, then {"));
  assert.ok(product, plan.toString());
  assert.deepEqual([product.dispatches, product.flops], [1, 2e6 + 1e4]);
  // One operand, read as rows and as columns.
  assert.deepEqual([product.read, product.written], [40_000, 40_000]);
  assert.equal(await count.value.item(), 0, "nothing ran");
  assert.deepEqual([plan.device, plan.submits, plan.state], ["cpu", 0, 4]);
  // The argument and the result.
  assert.equal(plan.copied, 80_000);
  assert.equal(plan.read, product.read + 4);
  assert.ok(plan.moved >= plan.read + plan.written + 2 * plan.copied && plan.arena >= 0 && plan.buffers >= 3);
  assert.match(plan.toString(), /^cpu: \d+ dispatches, 0 submits; .* must move.*\n.*matmul.*total$/s);
  const { rows } = plan[DISPLAY]() as { rows: (string | number)[][] };
  const kilobytes = (bytes: number) => Number((bytes / 1e3).toFixed(3));
  const total = [plan.dispatches, plan.read + plan.copied, plan.written + plan.copied, plan.moved].map(
    (figure, i) => (i === 0 ? figure : kilobytes(figure)),
  );
  assert.deepEqual(rows.at(-1), ["total", ...total, Number((plan.flops / 1e6).toFixed(3))]);
  const before = g.counters().dispatches as number;
  await (await step(x)).data();
  assert.equal((g.counters().dispatches as number) - before, plan.dispatches);
  assert.deepEqual((await step.explain()).steps, plan.steps, "the last call's");
  assert.equal(step.traces, 1);
});

check("a roofline has the ceilings of the device, measured once", async (g) => {
  const step = g.compile((x: Tensor) => x.matmul(x));
  const first = await step.roofline(g.ones([64, 64]));
  assert.ok(first.ceilings.flops > 1e6 && first.ceilings.bytes > 1e6, first.toString());
  assert.equal(first.device, "cpu");
  assert.match(first.toString(), /^cpu: .* GFLOP\/s, .* GB\/s\n.*% {2}matmul/);
  const second = await g.compile((x: Tensor) => x.exp()).roofline(g.ones([64, 64]));
  assert.equal(second.ceilings, first.ceilings);
});

check("a profile has the time and the work of each step, and changes state as calls do", async (g) => {
  const count = g.variable(0);
  const weights = g.randn([20, 30], { seed: 1 });
  const step = g.compile((x: Tensor) => {
    count.assign(count.value.add(1));
    return x.matmul(weights).relu();
  });
  const profile = await step.profile(g.ones([10, 20]));
  const product = profile.steps.find(({ kernel }) => kernel.startsWith("matmul [1] 10×20×30, then {"));
  assert.ok(product, profile.toString());
  assert.equal(product.flops, 2 * 10 * 20 * 30 + 10 * 30);
  assert.ok(profile.steps.every(({ ms, bytes }) => ms >= 0 && bytes > 0));
  assert.equal(await count.value.item(), profile.calls + 1);
  assert.match(profile.toString(), /ms a call, mean of \d+\n.*\d%.*matmul/s);
  assert.equal(step.traces, 1);
});
