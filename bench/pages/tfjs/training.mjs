// Training steps in TensorFlow.js, by its own optimisers.

import { imageShape, NOISE, oneHot } from "../../../web/bench/batches.ts";
import { BATCH, LSTM, RULES } from "../../../web/bench/specs.ts";
import { images, weight } from "../shared/channels-last.mjs";
import { networks } from "./networks.mjs";

/** Trains a network from these weights on these batches. */
export function trainer(tf, model, params, batches) {
  const weights = variables(tf, params);
  const step = { dcgan: adversaries, lstm: recurrent }[model] ?? classifier;
  const data = batches.map((batch) => upload(tf, model, batch));
  const run = step(tf, model, weights);
  let last;
  return {
    step(i) {
      last?.dispose();
      last = run(data[i % data.length]);
    },
    loss: async () => (await last.data())[0],
  };
}

/** Weights by name. */
export function variables(tf, params) {
  const named = params.map((param) => {
    const { shape, data } = weight(param);
    return [param.name, tf.variable(tf.tensor(data, shape, "float32"))];
  });
  return Object.fromEntries(named);
}

function optimizer(tf, model) {
  const rule = RULES[model];
  if (rule.kind === "sgd") return tf.train.sgd(rule.lr);
  if (rule.kind === "momentum") return tf.train.momentum(rule.lr, rule.momentum);
  return tf.train.adam(rule.lr, ...rule.betas, rule.eps);
}

function upload(tf, model, { x, y, z }) {
  const samples = BATCH[model];
  if (model === "lstm") {
    const rows = (labels) => tf.tensor2d(oneHot(labels, LSTM.symbols), [labels.length, LSTM.symbols]);
    return { x: rows(x), y: rows(y) };
  }
  if (model === "mlp")
    return { x: tf.tensor2d(x, [samples, 784]), y: tf.tensor2d(oneHot(y, 10), [samples, 10]) };
  const [channels, height, width] = imageShape(model);
  const pictures = tf.tensor4d(images(x, samples, channels, height * width), [
    samples,
    height,
    width,
    channels,
  ]);
  if (model === "dcgan") return { x: pictures, z: tf.tensor2d(z, [samples, NOISE]) };
  return { x: pictures, y: tf.tensor2d(oneHot(y, 10), [samples, 10]) };
}

function classifier(tf, model, weights) {
  const network = networks(tf)[model];
  const rule = optimizer(tf, model);
  return ({ x, y }) =>
    tf.tidy(() => rule.minimize(() => tf.losses.softmaxCrossEntropy(y, network(weights, x)), true));
}

function adversaries(tf, model, weights) {
  const { generator, discriminator } = networks(tf);
  const of = (start) =>
    Object.keys(weights)
      .filter((name) => name.startsWith(start))
      .map((name) => weights[name]);
  const [judge, forger] = [optimizer(tf, model), optimizer(tf, model)];
  const real = (x) => tf.mean(tf.softplus(tf.neg(discriminator(weights, x))));
  const fake = (x) => tf.mean(tf.softplus(discriminator(weights, x)));
  return ({ x, z }) =>
    tf.tidy(() => {
      const forged = generator(weights, z);
      const caught = judge.minimize(() => tf.add(real(x), fake(forged)), true, of("d"));
      const fooled = forger.minimize(() => real(generator(weights, z)), true, of("g"));
      return tf.add(caught, fooled);
    });
}

function recurrent(tf, model, weights) {
  const { lstm } = networks(tf);
  const rule = optimizer(tf, model);
  let state = [0, 1].map(() => tf.zeros([BATCH.lstm, LSTM.hidden]));
  return ({ x, y }) => {
    let next;
    const loss = tf.tidy(() =>
      rule.minimize(() => {
        const after = lstm(weights, x, state);
        next = after.state.map((part) => tf.keep(part.clone()));
        return tf.losses.softmaxCrossEntropy(y, after.scores);
      }, true),
    );
    tf.dispose(state);
    state = next;
    return loss;
  };
}
