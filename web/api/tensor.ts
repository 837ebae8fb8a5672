// Tensors: immutable values of f32, i32, u32 or bool that are computed when they are read. Names and conventions are
// PyTorch's, in camelCase; axes count from the end when negative. A shape that does not fit throws where it was written.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import { describe } from "./describe.ts";

/** The type of a tensor's elements. */
export type DType = "f32" | "i32" | "u32" | "bool";

/** Elements as they come back from a read; those of bool are 0 and 1. */
export type Values = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** Numbers in rows, rows in tables, and so on. */
export type Nested = number | boolean | readonly Nested[];

/** What can stand beside a tensor in arithmetic: another one, or a number. */
export type Operand = Tensor | number;

/** One axis, several, or (left out) all. */
export type Dims = number | readonly number[];

/** A number for both axes, or height and width. */
export type Pair = number | readonly [height: number, width: number];

/** Options of a convolution. */
export interface ConvOptions {
  /** Distance between neighbouring outputs; 1. */
  stride?: Pair;
  /** Zeros around the image: a number, height and width, or by what it achieves; none. */
  padding?: Pair | "same" | "valid" | "full";
  /** Distance between neighbouring kernel entries; 1. */
  dilation?: Pair;
  /** Channels are split into so many groups that do not see each other; 1. */
  groups?: number;
}

/** Options of a pooling. */
export interface PoolOptions {
  /** Window size; 2. */
  kernel?: Pair;
  /** Distance between neighbouring windows; the kernel's size. */
  stride?: Pair;
  /** Pixels around the image; 0. */
  padding?: Pair;
  /** Whether windows that reach over the end count too; no. */
  ceilMode?: boolean;
}

/** An immutable array of numbers with a shape, computed when it is read. */
export class Tensor {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: TensorHandle,
  ) {}

  /** The sizes of its axes, outermost first; images are [N, C, H, W]. */
  get shape(): number[] {
    return Array.from(this.handle.shape);
  }

  /** The type of its elements. */
  get dtype(): DType {
    return this.handle.dtype as DType;
  }

  /** The number of axes. */
  get rank(): number {
    return this.handle.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  // Reading -----------------------------------------------------------------------------------------------------------

  /** All elements, row by row. Everything that is needed for them is computed first. */
  data(): Promise<Values> {
    this.#mayRead("data");
    return this.context.session.read(this.handle) as Promise<Values>;
  }

  /** The only element. */
  item(): Promise<number> {
    this.#mayRead("item");
    if (this.size !== 1) {
      throw argumentError(`item: the tensor has shape [${this.shape.join(", ")}]; expected one element`);
    }
    return this.data().then((values) => values[0] as number);
  }

  /** The elements as nested arrays, booleans for bool. */
  array(): Promise<Nested> {
    this.#mayRead("array");
    const isBool = this.dtype === "bool";
    const build = (values: Values, shape: number[], offset: number): Nested => {
      const [size, ...inner] = shape;
      if (size === undefined) return isBool ? values[offset] === 1 : (values[offset] as number);
      const step = inner.reduce((product, n) => product * n, 1);
      return Array.from({ length: size }, (_, i) => build(values, inner, offset + i * step));
    };
    return this.data().then((values) => build(values, this.shape, 0));
  }

  /** Computes it now, if nothing else has; it then no longer depends on what it was made from. */
  evaluate(): Promise<this> {
    this.#mayRead("evaluate");
    return this.context.session.evaluate(list(this.context, [this])).then(() => this);
  }

  /**
   * Looks for the op that made NaN or infinity: computes everything that this tensor depends on op by op, and throws a
   * `NotFiniteError` that names the first such op, how much of its value is not finite, and the range of what it was computed
   * from. Slow. The tensor stays what it is: gradients can still be taken.
   */
  async check(): Promise<this> {
    await this.context.session.check(list(this.context, [this]));
    return this;
  }

  // Arithmetic --------------------------------------------------------------------------------------------------------

  /** this + other */
  add(other: Operand): Tensor {
    return this.#combine("add", other);
  }
  /** this − other */
  sub(other: Operand): Tensor {
    return this.#combine("sub", other);
  }
  /** this · other, element by element */
  mul(other: Operand): Tensor {
    return this.#combine("mul", other);
  }
  /** this / other */
  div(other: Operand): Tensor {
    return this.#combine("div", other);
  }
  /** The remainder with the sign of `other`. */
  rem(other: Operand): Tensor {
    return this.#combine("rem", other);
  }
  /** this to the power of `other`. */
  pow(other: Operand): Tensor {
    return this.#combine("pow", other);
  }
  /** The larger of both. */
  maximum(other: Operand): Tensor {
    return this.#combine("maximum", other);
  }
  /** The smaller of both. */
  minimum(other: Operand): Tensor {
    return this.#combine("minimum", other);
  }
  /** The angle, −π…π, of the point (other, this). */
  atan2(other: Operand): Tensor {
    return this.#combine("atan2", other);
  }
  /** Limited to low…high. */
  clip(low: number, high: number): Tensor {
    return this.#apply("clip", low, high);
  }
  /** −this */
  neg(): Tensor {
    return this.#apply("neg");
  }
  /** |this| */
  abs(): Tensor {
    return this.#apply("abs");
  }
  /** −1, 0 or 1 by the sign. */
  sign(): Tensor {
    return this.#apply("sign");
  }
  /** 1 / this */
  reciprocal(): Tensor {
    return this.#apply("reciprocal");
  }
  /** The square root. */
  sqrt(): Tensor {
    return this.#apply("sqrt");
  }
  /** 1 / √this */
  rsqrt(): Tensor {
    return this.#apply("rsqrt");
  }
  /** this² */
  square(): Tensor {
    return this.#apply("square");
  }
  /** e to the power of this. */
  exp(): Tensor {
    return this.#apply("exp");
  }
  /** exp(this) − 1, exact near 0. */
  expm1(): Tensor {
    return this.#apply("expm1");
  }
  /** The natural logarithm. */
  log(): Tensor {
    return this.#apply("log");
  }
  /** log(1 + this), exact near 0. */
  log1p(): Tensor {
    return this.#apply("log1p");
  }
  /** The logarithm to base 2. */
  log2(): Tensor {
    return this.#apply("log2");
  }
  /** The logarithm to base 10. */
  log10(): Tensor {
    return this.#apply("log10");
  }
  /** The sine of an angle in radians. */
  sin(): Tensor {
    return this.#apply("sin");
  }
  /** The cosine of an angle in radians. */
  cos(): Tensor {
    return this.#apply("cos");
  }
  /** The tangent of an angle in radians. */
  tan(): Tensor {
    return this.#apply("tan");
  }
  /** The angle whose tangent this is. */
  atan(): Tensor {
    return this.#apply("atan");
  }
  /** The hyperbolic sine. */
  sinh(): Tensor {
    return this.#apply("sinh");
  }
  /** The hyperbolic cosine. */
  cosh(): Tensor {
    return this.#apply("cosh");
  }
  /** The hyperbolic tangent. */
  tanh(): Tensor {
    return this.#apply("tanh");
  }
  /** The error function. */
  erf(): Tensor {
    return this.#apply("erf");
  }
  /** The largest whole number that is not above. */
  floor(): Tensor {
    return this.#apply("floor");
  }
  /** The smallest whole number that is not below. */
  ceil(): Tensor {
    return this.#apply("ceil");
  }
  /** The nearest whole number, halves to the even one. */
  round(): Tensor {
    return this.#apply("round");
  }

  // Comparing ---------------------------------------------------------------------------------------------------------

  /** Whether equal (bool). */
  eq(other: Operand): Tensor {
    return this.#combine("eq", other);
  }
  /** Whether different (bool). */
  ne(other: Operand): Tensor {
    return this.#combine("ne", other);
  }
  /** Whether less (bool). */
  lt(other: Operand): Tensor {
    return this.#combine("lt", other);
  }
  /** Whether less or equal (bool). */
  le(other: Operand): Tensor {
    return this.#combine("le", other);
  }
  /** Whether greater (bool). */
  gt(other: Operand): Tensor {
    return this.#combine("gt", other);
  }
  /** Whether greater or equal (bool). */
  ge(other: Operand): Tensor {
    return this.#combine("ge", other);
  }
  /** Whether it is not a number (bool). */
  isnan(): Tensor {
    return this.#apply("isnan");
  }
  /** Whether it is neither infinite nor not a number (bool). */
  isfinite(): Tensor {
    return this.#apply("isfinite");
  }
  /** Both (bool). */
  logicalAnd(other: Tensor): Tensor {
    return this.#combine("logicalAnd", other);
  }
  /** Either (bool). */
  logicalOr(other: Tensor): Tensor {
    return this.#combine("logicalOr", other);
  }
  /** One but not both (bool). */
  logicalXor(other: Tensor): Tensor {
    return this.#combine("logicalXor", other);
  }
  /** The opposite (bool). */
  logicalNot(): Tensor {
    return this.#apply("logicalNot");
  }
  /** `a` where this (bool) is true, else `b`. */
  where(a: Operand, b: Operand): Tensor {
    return this.#wrap(this.handle.where(this.#operand(a).handle, this.#operand(b).handle));
  }
  /** As another element type; to a whole number truncates toward 0, to bool is "not 0". */
  cast(dtype: DType): Tensor {
    return this.#wrap(this.handle.cast(dtype));
  }

  // Activations -------------------------------------------------------------------------------------------------------

  /** max(0, this) */
  relu(): Tensor {
    return this.#apply("relu");
  }
  /** this above 0, else slope · this. */
  leakyRelu(slope = 0.01): Tensor {
    return this.#apply("leakyRelu", slope);
  }
  /** 1 / (1 + exp(−this)) */
  sigmoid(): Tensor {
    return this.#apply("sigmoid");
  }
  /** log(1 + exp(beta · this)) / beta */
  softplus(beta = 1, threshold = 20): Tensor {
    return this.#apply("softplus", beta, threshold);
  }
  /** this above 0, else alpha (exp(this) − 1). */
  elu(alpha = 1): Tensor {
    return this.#apply("elu", alpha);
  }
  /** The self-normalising ELU. */
  selu(): Tensor {
    return this.#apply("selu");
  }
  /** this · Φ(this) */
  gelu(): Tensor {
    return this.#apply("gelu");
  }
  /** this · sigmoid(this) */
  silu(): Tensor {
    return this.#apply("silu");
  }
  /** Exponentials that sum to 1 along an axis. */
  softmax(dim = -1): Tensor {
    return this.#apply("softmax", dim);
  }
  /** The logarithm of the softmax along an axis. */
  logSoftmax(dim = -1): Tensor {
    return this.#apply("logSoftmax", dim);
  }

  // Reducing ----------------------------------------------------------------------------------------------------------

  /** The sum over axes. */
  sum(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("sum", dims, keepdim);
  }
  /** The mean over axes. */
  mean(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("mean", dims, keepdim);
  }
  /** The variance over axes, divided by n − correction. */
  var(dims?: Dims, correction = 1, keepdim = false): Tensor {
    return this.#apply("var", Number(keepdim), correction, ...dimsOf(dims));
  }
  /** The standard deviation over axes, of squares divided by n − correction. */
  std(dims?: Dims, correction = 1, keepdim = false): Tensor {
    return this.#apply("std", Number(keepdim), correction, ...dimsOf(dims));
  }
  /** The p-norm over axes. */
  norm(p = 2, dims?: Dims, keepdim = false): Tensor {
    return this.#apply("norm", Number(keepdim), p, ...dimsOf(dims));
  }
  /** The maximum over axes. */
  max(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("max", dims, keepdim);
  }
  /** The minimum over axes. */
  min(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("min", dims, keepdim);
  }
  /** log Σ exp over axes, without overflow. */
  logsumexp(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("logsumexp", dims, keepdim);
  }
  /** Whether any is true (bool). */
  any(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("any", dims, keepdim);
  }
  /** Whether all are true (bool). */
  all(dims?: Dims, keepdim = false): Tensor {
    return this.#reduce("all", dims, keepdim);
  }
  /** Where along an axis the maximum is (i32), the first of equals. */
  argmax(dim = -1, keepdim = false): Tensor {
    return this.#reduce("argmax", dim, keepdim);
  }
  /** Where along an axis the minimum is (i32), the first of equals. */
  argmin(dim = -1, keepdim = false): Tensor {
    return this.#reduce("argmin", dim, keepdim);
  }
  /** The product along an axis. */
  prod(dim = -1, keepdim = false): Tensor {
    return this.#reduce("prod", dim, keepdim);
  }
  /** Sums of all up to each, along an axis. */
  cumsum(dim = -1): Tensor {
    return this.#apply("cumsum", dim);
  }
  /** The indices (i32) that put it in order along an axis; equal ones keep theirs, NaN is above everything. */
  argsort(dim = -1, descending = false): Tensor {
    return this.#apply("argsort", dim, Number(descending));
  }
  /** The values in order along an axis, and where each was (i32). */
  sort(dim = -1, descending = false): { values: Tensor; indices: Tensor } {
    const indices = this.argsort(dim, descending);
    return { values: this.gather(dim, indices), indices };
  }
  /** The k largest along an axis, largest first, and where each was (i32). */
  topk(k: number, dim = -1): { values: Tensor; indices: Tensor } {
    const length = this.shape.at(dim) ?? 0;
    if (!(k <= length)) throw argumentError(`topk: k is ${k}, axis ${dim} has ${length} entries`);
    const indices = this.argsort(dim, true).slice(dim, 0, k);
    return { values: this.gather(dim, indices), indices };
  }

  // Shapes ------------------------------------------------------------------------------------------------------------

  /** The same elements under another shape; one size may be −1. */
  reshape(...shape: number[] | [readonly number[]]): Tensor {
    return this.#apply("reshape", ...spread(shape));
  }
  /** The axes from `start` to `end` as one. */
  flatten(start = 0, end = -1): Tensor {
    return this.#apply("flatten", start, end);
  }
  /** The axes in another order. */
  permute(...dims: number[] | [readonly number[]]): Tensor {
    return this.#apply("permute", ...spread(dims));
  }
  /** Two axes exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    return this.#apply("transpose", dim0, dim1);
  }
  /** A matrix, rows and columns exchanged. */
  t(): Tensor {
    return this.#apply("t");
  }
  /** Without an axis of size 1. */
  squeeze(dim: number): Tensor {
    return this.#apply("squeeze", dim);
  }
  /** With a new axis of size 1. */
  unsqueeze(dim: number): Tensor {
    return this.#apply("unsqueeze", dim);
  }
  /** Axes of size 1 repeated, new ones in front. */
  broadcastTo(...shape: number[] | [readonly number[]]): Tensor {
    return this.#apply("broadcastTo", ...spread(shape));
  }
  /** From `start` to before `stop` along an axis, every `step`-th. */
  slice(dim: number, start: number, stop: number, step = 1): Tensor {
    return this.#apply("slice", dim, start, stop, step);
  }
  /** One index of an axis, which goes away. */
  select(dim: number, index: number): Tensor {
    return this.#apply("select", dim, index);
  }
  /** Index `index` of the first axis: `images.at(0)`. */
  at(index: number): Tensor {
    return this.select(0, index);
  }
  /** Axes backwards. */
  flip(dims: Dims): Tensor {
    return this.#apply("flip", ...dimsOf(dims));
  }
  /** So many copies along each axis. */
  repeat(...counts: number[] | [readonly number[]]): Tensor {
    return this.#apply("repeat", ...spread(counts));
  }
  /** Values around the last axes: `[[before, after], …]`, one pair an axis. */
  pad(
    widths: readonly (readonly [before: number, after: number])[],
    mode: "constant" | "reflect" | "replicate" | "circular" = "constant",
    value = 0,
  ): Tensor {
    return this.#wrap(this.handle.pad(Uint32Array.from(widths.flat()), mode, value));
  }
  /** Without what stands above a diagonal. */
  tril(diagonal = 0): Tensor {
    return this.#apply("tril", diagonal);
  }
  /** Without what stands below a diagonal. */
  triu(diagonal = 0): Tensor {
    return this.#apply("triu", diagonal);
  }

  // Products and windows ----------------------------------------------------------------------------------------------

  /** The matrix product; leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    return this.#combine("matmul", other);
  }
  /** The inner product of two vectors. */
  dot(other: Tensor): Tensor {
    return this.#combine("dot", other);
  }
  /** The outer product of two vectors. */
  outer(other: Tensor): Tensor {
    return this.#combine("outer", other);
  }
  /** Cross-correlation of images [N, C, H, W] with a weight [O, C/groups, KH, KW], plus a bias [O]. */
  conv2d(weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
    const biases = list(this.context, bias ? [bias] : []);
    return this.#wrap(this.handle.conv2d(weight.handle, biases, options));
  }
  /** The maximum of every window of images [N, C, H, W]. */
  maxPool2d(options: PoolOptions = {}): Tensor {
    return this.#layer("maxPool2d", options);
  }
  /** The mean of every window of images [N, C, H, W]. */
  avgPool2d(options: PoolOptions & { countIncludePad?: boolean } = {}): Tensor {
    return this.#layer("avgPool2d", options);
  }

  /** The same, and where in its plane each maximum is (i32), for `maxUnpool2d`. */
  maxPool2dWithIndices(options: PoolOptions = {}): { values: Tensor; indices: Tensor } {
    const { kernel = 2, stride = kernel, padding = 0, ...rest } = options;
    this.context.wasm.checkNames("maxPool2dWithIndices", rest, []);
    const numbers = [kernel, stride, padding].flatMap((pair) =>
      typeof pair === "number" ? [pair, pair] : pair,
    );
    return { values: this.maxPool2d(options), indices: this.#apply("maxPoolIndices", ...numbers) };
  }
  /** Each value at its index in a plane of zeros [height, width]. */
  maxUnpool2d(indices: Tensor, size: readonly [number, number]): Tensor {
    return this.#combine("maxUnpool2d", indices, ...size);
  }
  /** Means of as many bins of images [N, C, H, W] as the size says. */
  adaptiveAvgPool2d(size: Pair): Tensor {
    return this.#layer("adaptiveAvgPool2d", { size });
  }
  /** Images [N, C, H, W] at a size, or times a scale. */
  resize(options: {
    size?: Pair;
    scale?: Pair;
    mode?: "nearest" | "bilinear" | "bicubic";
    alignCorners?: boolean;
  }): Tensor {
    return this.#layer("resize", options);
  }

  // Indexing ----------------------------------------------------------------------------------------------------------

  /** Elements along an axis by an index (i32) of the result's shape. */
  gather(dim: number, index: Tensor): Tensor {
    return this.#combine("gather", index, dim);
  }
  /** Slices along an axis by a list of indices (i32). */
  indexSelect(dim: number, index: Tensor): Tensor {
    return this.#combine("indexSelect", index, dim);
  }
  /** Elements by their flat positions (i32). */
  take(index: Tensor): Tensor {
    return this.#combine("take", index);
  }
  /** Whole numbers as vectors with a single 1. */
  oneHot(classes: number): Tensor {
    return this.#apply("oneHot", classes);
  }

  // Gradients ---------------------------------------------------------------------------------------------------------

  /** The same value, through which no gradient passes. */
  detach(): Tensor {
    return this.#apply("detach");
  }

  /**
   * The gradients of this number for each of `wrt`. A tensor with more elements needs a `seed` of its shape: then it is
   * the gradient of the sum of this · seed. Gradients are tensors like any other and have gradients again.
   */
  grad(wrt: Tensor, seed?: Tensor): Tensor;
  grad(wrt: readonly Tensor[], seed?: Tensor): Tensor[];
  grad(wrt: Tensor | readonly Tensor[], seed?: Tensor): Tensor | Tensor[] {
    const tensors = wrt instanceof Tensor ? [wrt] : wrt;
    const found = this.handle.gradients(list(this.context, tensors), list(this.context, seed ? [seed] : []));
    const gradients = tensors.map((_, i) => this.#wrap(found.at(i)));
    return wrt instanceof Tensor ? (gradients[0] as Tensor) : gradients;
  }

  /** The values, for the eye. */
  async [DISPLAY](): Promise<LiveDisplay> {
    return { kind: "text", text: describe(this.shape, this.dtype, await this.data()) };
  }

  /** A tensor has no value that JavaScript could compute or decide with: `x > 1` and `x + 1` are mistakes. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw argumentError(
      "a tensor stands where JavaScript wants a number: use its methods, such as x.add(1), x.gt(1) and condition.where(a, b), or read it first: await x.item()",
    );
  }

  toString(): string {
    return `Tensor ${this.dtype} [${this.shape.join(", ")}]`;
  }

  #mayRead(what: string): void {
    if (!this.context.trace.active) return;
    throw argumentError(
      `${what}: within a compiled function nothing has a value yet; return the tensor from the function, and read what the call gives`,
    );
  }

  #wrap(handle: TensorHandle): Tensor {
    return new Tensor(this.context, handle);
  }

  #apply(op: string, ...numbers: number[]): Tensor {
    return this.#wrap(this.handle.apply(op, Float64Array.from(numbers)));
  }

  #reduce(op: string, dims: Dims | undefined, keepdim: boolean): Tensor {
    return this.#apply(op, Number(keepdim), ...dimsOf(dims));
  }

  #combine(op: string, other: Operand, ...numbers: number[]): Tensor {
    if (typeof other === "number") return this.#wrap(this.handle.combineNumber(op, other));
    if (!(other instanceof Tensor)) {
      throw argumentError(
        `${op}: expected a tensor or a number, got ${other === null ? "null" : typeof other}`,
      );
    }
    return this.#wrap(this.handle.combine(op, other.handle, Float64Array.from(numbers)));
  }

  #operand(value: Operand): Tensor {
    return typeof value === "number"
      ? new Tensor(this.context, this.context.wasm.Tensor.full(new Uint32Array(), value))
      : value;
  }

  #layer(kind: string, options: object): Tensor {
    return this.#wrap(this.context.wasm.Model.layer(kind, options).forward(this.handle, 0));
  }
}

/** Tensors as one argument of the module. */
export function list(context: Context, tensors: readonly Tensor[]) {
  const handles = new context.wasm.TensorList();
  for (const tensor of tensors) {
    if (!(tensor instanceof Tensor)) throw argumentError(`expected a tensor, got ${typeof tensor}`);
    handles.push(tensor.handle);
  }
  return handles;
}

function dimsOf(dims: Dims | undefined): readonly number[] {
  if (dims === undefined) return [];
  return typeof dims === "number" ? [dims] : dims;
}

function spread(numbers: number[] | [readonly number[]]): readonly number[] {
  return Array.isArray(numbers[0]) ? numbers[0] : (numbers as number[]);
}
