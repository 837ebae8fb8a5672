// ONNX Runtime as a contender: it runs what was trained elsewhere.

import { model, node, tensor } from "./writer.mjs";

const lacks = (what) => {
  throw new Error(`onnxruntime-web has no ${what}: the npm package only infers`);
};

/** The contender on an execution provider. */
export function contender(ort, provider, info) {
  const open = (bytes) =>
    ort.InferenceSession.create(bytes, { executionProviders: [provider], graphOptimizationLevel: "all" });
  const value = (data, shape) => new ort.Tensor("float32", data, shape);
  return {
    info: { library: "onnxruntime-web", version: ort.env.versions?.web, provider, ...info },
    train: async () => lacks("training"),
    saliency: async () => lacks("gradient"),
    async matmul(n, a, b) {
      // Both are inputs, so that nothing can be computed ahead; the product is read back every time.
      const shape = [n, n];
      const product = model(
        [node("MatMul", ["a", "b"], ["c"])],
        [],
        [
          ["a", shape],
          ["b", shape],
        ],
        [["c", shape]],
      );
      const session = await open(product);
      const inputs = { a: value(a, shape), b: value(b, shape) };
      return {
        async run(times) {
          for (let i = 0; i < times; i++) await session.run(inputs);
        },
        check: async () => (await session.run(inputs)).c.data[n + 1],
        dispose: () => session.release(),
      };
    },
    async convolution({ x, w }) {
      const session = await open(
        model(
          [node("Conv", ["x", "w"], ["y"], CONVOLUTION)],
          [tensor("w", [32, 16, 3, 3], w)],
          [["x", [32, 16, 28, 28]]],
          [["y", [32, 32, 28, 28]]],
        ),
      );
      const inputs = { x: value(x, [32, 16, 28, 28]) };
      return {
        async forward(times) {
          for (let i = 0; i < times; i++) await session.run(inputs);
        },
        both: async () => lacks("gradient"),
        check: async () => [(await session.run(inputs)).y.data[0]],
      };
    },
    async infer(params, x) {
      const session = await open(lenet(params));
      return { run: async () => (await session.run({ x: value(x, [1, 1, 28, 28]) })).y.data };
    },
  };
}

const CONVOLUTION = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
const POOL = { kernel_shape: [2, 2], strides: [2, 2] };

function lenet(params) {
  const layer = (x, weight, bias, y) => [
    node("Conv", [x, weight, bias], [`${y}1`], CONVOLUTION),
    node("Relu", [`${y}1`], [`${y}2`]),
    node("MaxPool", [`${y}2`], [y], POOL),
  ];
  return model(
    [
      ...layer("x", "c1", "cb1", "h"),
      ...layer("h", "c2", "cb2", "i"),
      node("Flatten", ["i"], ["flat"], { axis: 1 }),
      node("Gemm", ["flat", "w1", "b1"], ["j1"]),
      node("Relu", ["j1"], ["j"]),
      node("Gemm", ["j", "w2", "b2"], ["y"]),
    ],
    params.map(({ name, shape, data }) => tensor(name, shape, data)),
    [["x", [1, 1, 28, 28]]],
    [["y", [1, 10]]],
  );
}
