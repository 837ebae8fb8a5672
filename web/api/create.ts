// Where tensors come from: arrays, constants and random numbers.

import type { Context, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import type { DType, Nested, Values } from "./tensor.ts";
import { list, Tensor } from "./tensor.ts";

/** Options of random tensors. */
export interface RandomOptions {
  /** The same seed draws the same numbers on every device; drawn afresh if left out, in a compiled function by each call. */
  seed?: number;
}

/** Functions that make tensors. */
export interface Create {
  /** A tensor of nested arrays, or of a typed array and a shape: `tensor([[1, 2], [3, 4]])`, `tensor(pixels, [28, 28])`. */
  tensor(
    values: Nested | Values | Uint8ClampedArray | Float64Array,
    shape?: readonly number[],
    dtype?: DType,
  ): Tensor;
  /** Zeros of a shape. */
  zeros(shape: readonly number[]): Tensor;
  /** Ones of a shape. */
  ones(shape: readonly number[]): Tensor;
  /** The same number everywhere. */
  full(shape: readonly number[], value: number): Tensor;
  /** 0, 1, … n − 1 (i32). */
  arange(n: number): Tensor;
  /** Numbers drawn evenly from low…high. */
  rand(shape: readonly number[], options?: RandomOptions & { low?: number; high?: number }): Tensor;
  /** Numbers drawn from a normal distribution. */
  randn(shape: readonly number[], options?: RandomOptions & { mean?: number; std?: number }): Tensor;
  /** Tensors one after the other along an axis. */
  concat(tensors: readonly Tensor[], dim?: number): Tensor;
  /** Tensors of one shape along a new axis. */
  stack(tensors: readonly Tensor[], dim?: number): Tensor;
}

export function create(context: Context): Create {
  const { wasm } = context;
  const wrap = (handle: TensorHandle) => new Tensor(context, handle);
  const random = (kind: string, shape: readonly number[], seed: number | undefined, a: number, b: number) => {
    // Without a seed the module draws one, or numbers that are others in each call of a compiled function.
    const checked = seed === undefined ? undefined : seedOf(context, seed);
    return wrap(wasm.Tensor.random(kind, sizes(kind, shape), checked, a, b));
  };
  return {
    tensor(values, shape, dtype) {
      const flat = flatten(values);
      const type = dtype ?? flat.dtype;
      return wrap(
        wasm.Tensor.fromWords(words(flat.values, type), sizes("tensor", shape ?? flat.shape), type),
      );
    },
    zeros: (shape) => wrap(wasm.Tensor.full(sizes("zeros", shape), 0)),
    ones: (shape) => wrap(wasm.Tensor.full(sizes("ones", shape), 1)),
    full: (shape, value) => wrap(wasm.Tensor.full(sizes("full", shape), value)),
    arange: (n) => wrap(wasm.Tensor.arange(n)),
    rand(shape, options = {}) {
      wasm.checkNames("rand", options, ["seed", "low", "high"]);
      return random("uniform", shape, options.seed, options.low ?? 0, options.high ?? 1);
    },
    randn(shape, options = {}) {
      wasm.checkNames("randn", options, ["seed", "mean", "std"]);
      return random("normal", shape, options.seed, options.mean ?? 0, options.std ?? 1);
    },
    concat: (tensors, dim = 0) => wrap(wasm.Tensor.concat(list(context, tensors), dim)),
    stack: (tensors, dim = 0) => wrap(wasm.Tensor.stack(list(context, tensors), dim)),
  };
}

interface Flat {
  values: ArrayLike<number>;
  shape: number[];
  dtype: DType;
}

function flatten(values: Nested | Values | Uint8ClampedArray | Float64Array): Flat {
  if (ArrayBuffer.isView(values)) {
    const dtype = values instanceof Int32Array ? "i32" : values instanceof Uint32Array ? "u32" : "f32";
    return { values, shape: [values.length], dtype };
  }
  const shape: number[] = [];
  for (let level: Nested = values as Nested; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: number[] = [];
  let booleans = 0;
  const walk = (level: Nested, depth: number): void => {
    if (Array.isArray(level)) {
      if (level.length !== shape[depth]) {
        throw argumentError(
          `tensor: an array of ${level.length} values where others have ${shape[depth] ?? "no"}`,
        );
      }
      for (const item of level) walk(item, depth + 1);
      return;
    }
    if (depth !== shape.length) throw argumentError("tensor: a number where others are arrays");
    if (typeof level === "boolean") booleans += 1;
    else if (typeof level !== "number") throw argumentError(`tensor: ${String(level)} is not a number`);
    flat.push(Number(level));
  };
  walk(values as Nested, 0);
  if (booleans > 0 && booleans < flat.length) throw argumentError("tensor: numbers and booleans do not mix");
  return { values: flat, shape, dtype: booleans > 0 ? "bool" : "f32" };
}

/** The elements as words, for the module to copy: nothing is copied here that has the right type already. */
function words(values: ArrayLike<number>, dtype: DType): Uint32Array {
  switch (dtype) {
    case "f32":
      return bits(values instanceof Float32Array ? values : new Float32Array(values));
    case "i32":
      return bits(values instanceof Int32Array ? values : whole(values, new Int32Array(values), dtype));
    case "u32":
      return values instanceof Uint32Array ? values : whole(values, new Uint32Array(values), dtype);
    case "bool":
      return Uint32Array.from(values, (value) => Number(value !== 0));
    default:
      throw argumentError(
        `tensor: there is no element type ${String(dtype)}; there are f32, i32, u32 and bool`,
      );
  }
}

function bits(values: Float32Array | Int32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function whole<T extends Int32Array | Uint32Array>(values: ArrayLike<number>, converted: T, dtype: DType): T {
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== converted[i])
      throw argumentError(`tensor: value ${i} is ${values[i]}, which is not of type ${dtype}`);
  }
  return converted;
}

/** A shape as the module takes it. */
export function sizes(what: string, shape: readonly number[]): Uint32Array {
  if (!Array.isArray(shape) && !ArrayBuffer.isView(shape)) {
    throw argumentError(`${what}: the shape is ${String(shape)}; expected an array of sizes`);
  }
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw argumentError(
        `${what}: the shape [${shape.join(", ")}] has a size of ${size}; sizes are whole and not negative`,
      );
    }
  }
  return Uint32Array.from(shape);
}
