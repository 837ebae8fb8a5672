// As much of ONNX's protobuf as the graphs of the benchmark need.

const text = new TextEncoder();
const FLOAT = 1;
const OPSET = 17;

/** A node: an operator, names of its inputs and outputs, and attributes that are whole numbers or lists of them. */
export function node(operator, inputs, outputs, attributes = {}) {
  return joined([
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  ]);
}

/** A constant. */
export function tensor(name, shape, data) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return joined([...shape.map((size) => number(1, size)), number(2, FLOAT), bytes(8, name), bytes(9, raw)]);
}

/** A model; inputs and outputs are `[name, shape]`. */
export function model(nodes, constants, inputs, outputs) {
  const graph = joined([
    ...nodes.map((one) => bytes(1, one)),
    bytes(2, "graph"),
    ...constants.map((one) => bytes(5, one)),
    ...inputs.map((one) => bytes(11, value(one))),
    ...outputs.map((one) => bytes(12, value(one))),
  ]);
  return joined([number(1, 8), bytes(7, graph), bytes(8, joined([bytes(1, ""), number(2, OPSET)]))]);
}

function attribute(name, value) {
  const [INT, INTS] = [2, 7];
  return Array.isArray(value)
    ? joined([bytes(1, name), ...value.map((one) => number(8, one)), number(20, INTS)])
    : joined([bytes(1, name), number(3, value), number(20, INT)]);
}

function value([name, shape]) {
  const sizes = joined(shape.map((size) => bytes(1, number(1, size))));
  const type = joined([number(1, FLOAT), bytes(2, sizes)]);
  return joined([bytes(1, name), bytes(2, bytes(1, type))]);
}

/** A field that is a whole number, not negative. */
function number(field, value) {
  return Uint8Array.from([...variable(field << 3), ...variable(value)]);
}

/** A field that is text, bytes or another message. */
function bytes(field, content) {
  const data = typeof content === "string" ? text.encode(content) : content;
  return joined([Uint8Array.from([...variable((field << 3) | 2), ...variable(data.length)]), data]);
}

/** Seven bits at a time, the lowest first. */
function variable(value) {
  return value < 128 ? [value] : [(value % 128) | 128, ...variable(Math.floor(value / 128))];
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
