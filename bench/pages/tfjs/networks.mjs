// The networks in TensorFlow.js's core ops: its layers are slower. Channels come last.

import { blocks, LSTM } from "../../../web/bench/specs.ts";

/** The networks as functions of weights by name. */
export function networks(tf) {
  const relu = tf.relu;
  const dense = (x, weight, bias) => tf.add(tf.matMul(x, weight), bias);
  const flat = (x) => tf.reshape(x, [x.shape[0], -1]);

  const mlp = (w, x) => dense(relu(dense(x, w.w1, w.b1)), w.w2, w.b2);

  const lenet = (w, x) => {
    const layer = (x, weight, bias) =>
      tf.maxPool(relu(tf.add(tf.conv2d(x, weight, 1, "same"), bias)), 2, 2, "valid");
    return mlp(w, flat(layer(layer(x, w.c1, w.cb1), w.c2, w.cb2)));
  };

  const normalised = (x, gamma, beta) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5);
  };

  const resnet = (w, x) => {
    const convolved = (x, weight, stride) =>
      tf.conv2d(x, weight, stride, weight.shape[0] === 1 ? 0 : 1, "NHWC", [1, 1], "floor");
    let h = relu(normalised(convolved(x, w.conv0, 1), w.g0, w.be0));
    for (const { name, stride, inputs, outputs } of blocks()) {
      const layer = (x, index, stride) =>
        normalised(
          convolved(x, w[`${name}c${index}`], stride),
          w[`${name}g${index}`],
          w[`${name}be${index}`],
        );
      const y = layer(relu(layer(h, 1, stride)), 2, 1);
      h = relu(tf.add(y, inputs === outputs ? h : layer(h, 3, stride)));
    }
    return dense(tf.mean(h, [1, 2]), w.d, w.db);
  };

  const generator = (w, z) => {
    const samples = z.shape[0];
    const seed = tf.reshape(relu(dense(z, w.gd, w.gdb)), [samples, 7, 7, 64]);
    const middle = relu(tf.add(tf.conv2dTranspose(seed, w.gt1, [samples, 14, 14, 32], 2, "same"), w.gb1));
    return tf.tanh(tf.add(tf.conv2dTranspose(middle, w.gt2, [samples, 28, 28, 1], 2, "same"), w.gb2));
  };

  const discriminator = (w, x) => {
    const layer = (x, weight, bias) => tf.leakyRelu(tf.add(tf.conv2d(x, weight, 2, "same"), bias), 0.2);
    return dense(flat(layer(layer(x, w.dc1, w.db1), w.dc2, w.db2)), w.dd, w.ddb);
  };

  const lstm = (w, x, [h, c]) => {
    const inputs = dense(x, w.wx, w.b);
    const samples = h.shape[0];
    const outputs = [];
    for (let step = 0; step < LSTM.steps; step++) {
      const input = tf.slice(inputs, [step * samples, 0], [samples, 4 * LSTM.hidden]);
      const [enter, forget, value, leave] = tf.split(tf.add(input, tf.matMul(h, w.wh)), 4, 1);
      c = tf.add(tf.mul(tf.sigmoid(forget), c), tf.mul(tf.sigmoid(enter), tf.tanh(value)));
      h = tf.mul(tf.sigmoid(leave), tf.tanh(c));
      outputs.push(h);
    }
    return { scores: dense(tf.concat(outputs, 0), w.wo, w.bo), state: [h, c] };
  };

  return { mlp, lenet, resnet, generator, discriminator, lstm };
}
