// Training steps in jax-js, each under `jit`. Its optimisers are not on npm, so the rules stand here. It is lazy: a step waits for the
// new weights, too, or only the loss would ever be computed.

import { blockUntilReady, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { imageShape, NOISE, oneHot } from "../../../web/bench/batches.ts";
import { BATCH, LSTM, RULES } from "../../../web/bench/specs.ts";
import { discriminator, generator, lenet, lstm, mlp, resnet } from "./networks.mjs";

/** Trains a network from these weights on these batches. */
export function trainer(model, params, batches) {
  const step = { dcgan: adversaries, lstm: recurrent }[model] ?? classifier;
  const run = step(model, params);
  const data = batches.map((batch) => upload(model, batch));
  let last;
  return {
    async step(i) {
      last?.dispose();
      last = await run(data[i % data.length]);
    },
    loss: async () => (await last.ref.data())[0],
  };
}

/** An array of a shape. */
export const array = (values, shape) => np.array(values).reshape(shape);

/** Weights by name. */
export function weights(params) {
  return Object.fromEntries(params.map(({ name, data, shape }) => [name, array(data, shape)]));
}

function upload(model, { x, y, z }) {
  const samples = BATCH[model];
  const rows = (labels, classes) => array(oneHot(labels, classes), [labels.length, classes]);
  if (model === "lstm") return { x: rows(x, LSTM.symbols), y: rows(y, LSTM.symbols) };
  if (model === "mlp") return { x: array(x, [samples, 784]), y: rows(y, 10) };
  const images = array(x, [samples, ...imageShape(model)]);
  return model === "dcgan" ? { x: images, z: array(z, [samples, NOISE]) } : { x: images, y: rows(y, 10) };
}

function crossEntropy(scores, targets) {
  const samples = targets.shape[0];
  return np.sum(nn.logSoftmax(scores).mul(targets)).mul(-1 / samples);
}

function classifier(model, params) {
  const network = { mlp, lenet, resnet }[model];
  const rule = optimizer(RULES[model], params);
  const loss = (w, x, y) => crossEntropy(network(w, x), y);
  const compiled = jit((w, state, x, y) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(w), x, y);
    return [value, ...rule.update(w, gradients, state)];
  });
  let [w, state] = [weights(params), rule.state];
  return async ({ x, y }) => {
    let value;
    [value, w, state] = compiled(w, state, x.ref, y.ref);
    await blockUntilReady([value, w]);
    return value;
  };
}

function recurrent(model, params) {
  const rule = optimizer(RULES[model], params);
  const loss = (w, x, y, h, c) => {
    const { scores, state } = lstm(w, x, h, c);
    return [crossEntropy(scores, y), state];
  };
  const compiled = jit((w, state, x, y, h, c) => {
    const [[value, memory], gradients] = valueAndGrad(loss, { hasAux: true })(tree.ref(w), x, y, h, c);
    return [value, ...rule.update(w, gradients, state), ...memory];
  });
  let [w, state] = [weights(params), rule.state];
  let [h, c] = [0, 1].map(() => np.zeros([BATCH.lstm, LSTM.hidden]));
  return async ({ x, y }) => {
    let value;
    [value, w, state, h, c] = compiled(w, state, x.ref, y.ref, h, c);
    await blockUntilReady([value, w]);
    return value;
  };
}

function adversaries(model, params) {
  const [own, others] = ["g", "d"].map((start) => params.filter(({ name }) => name.startsWith(start)));
  const [forger, judge] = [own, others].map((some) => optimizer(RULES[model], some));
  const real = (w, x) => np.mean(nn.softplus(discriminator(w, x).mul(-1)));
  const fake = (w, x) => np.mean(nn.softplus(discriminator(w, x)));
  const caught = (w, x, forged) => real(tree.ref(w), x).add(fake(w, forged));
  const fooled = (w, judging, z) => real(judging, generator(w, z));
  const compiled = jit((making, judging, makingState, judgingState, x, z) => {
    const forged = lax.stopGradient(generator(tree.ref(making), z.ref));
    const [first, judgingSlopes] = valueAndGrad(caught)(tree.ref(judging), x, forged);
    const [better, nextJudging] = judge.update(judging, judgingSlopes, judgingState);
    const [second, makingSlopes] = valueAndGrad(fooled)(tree.ref(making), tree.ref(better), z);
    const [finer, nextMaking] = forger.update(making, makingSlopes, makingState);
    return [first.add(second), finer, better, nextMaking, nextJudging];
  });
  let [making, judging] = [weights(own), weights(others)];
  let [makingState, judgingState] = [forger.state, judge.state];
  return async ({ x, z }) => {
    let value;
    [value, making, judging, makingState, judgingState] = compiled(
      making,
      judging,
      makingState,
      judgingState,
      x.ref,
      z.ref,
    );
    await blockUntilReady([value, making, judging]);
    return value;
  };
}

/** A rule: what it remembers at first, and `update(weights, gradients, state)` that gives weights and state. */
function optimizer(rule, params) {
  const zeros = () => Object.fromEntries(params.map(({ name, shape }) => [name, np.zeros(shape)]));
  if (rule.kind === "sgd") return { state: {}, update: (w, g) => [descent(w, g, rule.lr), {}] };
  if (rule.kind === "momentum") {
    const update = (w, g, { velocity }) => {
      const next = each(velocity, (name, v) => v.mul(rule.momentum).add(g[name]));
      return [descent(w, tree.ref(next), rule.lr), { velocity: next }];
    };
    return { state: { velocity: zeros() }, update };
  }
  // The powers of the betas are arrays: as numbers they would be compiled anew in each step.
  const state = { mean: zeros(), square: zeros(), powers: [np.ones([]), np.ones([])] };
  return { state, update: (w, g, state) => adam(rule, w, g, state) };
}

const each = (arrays, make) =>
  Object.fromEntries(Object.keys(arrays).map((name) => [name, make(name, arrays[name])]));

const descent = (w, slopes, lr) => each(w, (name, value) => value.sub(slopes[name].mul(lr)));

function adam({ lr, betas: [first, second], eps }, w, g, { mean, square, powers }) {
  const next = [powers[0].mul(first), powers[1].mul(second)];
  const means = each(mean, (name, value) => value.mul(first).add(g[name].ref.mul(1 - first)));
  const squares = each(square, (name, value) =>
    value.mul(second).add(g[name].ref.mul(g[name]).mul(1 - second)),
  );
  const better = each(w, (name, value) => {
    const direction = means[name].ref.div(np.array(1).sub(next[0].ref));
    const scale = squares[name].ref.div(np.array(1).sub(next[1].ref));
    return value.sub(direction.div(np.sqrt(scale).add(eps)).mul(lr));
  });
  return [better, { mean: means, square: squares, powers: next }];
}
