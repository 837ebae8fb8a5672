// Data sets: samples with one target each, kept where they are computed on.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, DatasetHandle, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import type { Create } from "./create.ts";
import type { Displayable, ImagesOptions } from "./plot.ts";
import { IMAGES_OPTIONS, imagesDisplay } from "./plot.ts";
import type { Nested, Values } from "./tensor.ts";
import { list, Tensor } from "./tensor.ts";

/** A training and a test set. */
export interface TrainTest {
  train: Dataset;
  test: Dataset;
}

/** Options of a data set. */
export interface DatasetOptions {
  /** What messages call it. */
  name?: string;
  /** A name for each class. */
  classes?: readonly string[];
}

/** Options of batches. */
export interface BatchOptions {
  /** Samples in a batch; 32. */
  size?: number;
  /** Whether the order is random; yes. */
  shuffle?: boolean;
  /** The order follows from it and from `epoch`, as in `fit`; drawn afresh if left out. */
  seed?: number;
  /** Which epoch's order, from 0; 0. */
  epoch?: number;
  /** What becomes of samples that do not fill a batch; "keep". */
  remainder?: "keep" | "drop";
}

/** Where data sets come from. */
export interface DataSource {
  /** Handwritten digits, 28 × 28, values 0…1: 8,000 to learn from and 2,000 held back. Loaded on first use. */
  mnist(): Promise<TrainTest>;
  /** Samples x [N, …] with targets y: whole numbers are class labels [N]. Tensors or arrays. */
  from(x: Tensor | Nested | Values, y: Tensor | Nested | Values, options?: DatasetOptions): Dataset;
}

/** Samples x [N, …] with one target y each. */
export class Dataset {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: DatasetHandle,
  ) {}

  /** What messages call it. */
  get name(): string {
    return this.handle.name;
  }
  /** The number of samples. */
  get length(): number {
    return this.handle.length;
  }
  /** The samples [N, …]. */
  get x(): Tensor {
    return new Tensor(this.context, this.handle.x);
  }
  /** The targets: class labels (i32 [N]) or numbers (f32). */
  get y(): Tensor {
    return new Tensor(this.context, this.handle.y);
  }
  /** The class labels; the same as `y`. */
  get labels(): Tensor {
    return this.y;
  }
  /** The names of the classes; empty if they have none. */
  get classes(): string[] {
    return this.handle.classes;
  }

  /** The first `n` images with their labels, as a grid. */
  images(n = 32, options: ImagesOptions = {}): Displayable {
    this.context.wasm.checkNames("images", options, IMAGES_OPTIONS);
    const some = this.take(Math.min(n, this.length));
    return {
      [DISPLAY]: async () => imagesDisplay(some.x, { captions: await some.#captions(), ...options }),
    };
  }

  /** The first `n` samples, or those with these numbers in this order. */
  take(which: number | ArrayLike<number>): Dataset {
    const indices =
      typeof which === "number"
        ? Array.from({ length: Math.min(which, this.length) }, (_, i) => i)
        : Array.from(which);
    for (const index of indices) {
      if (!Number.isInteger(index) || index < 0)
        throw argumentError(`take: ${index} is not the number of a sample`);
    }
    return new Dataset(this.context, this.handle.take(Uint32Array.from(indices)));
  }

  /**
   * Batches of samples and targets, one epoch: `for (const [x, y] of train.batches({ size: 64 })) await step(x, y)`. The
   * samples stay where they are; a compiled function gathers them there.
   */
  *batches(options: BatchOptions = {}): Generator<[x: Tensor, y: Tensor], void, undefined> {
    const { context, handle } = this;
    context.wasm.checkNames("batches", options, ["size", "shuffle", "seed", "epoch", "remainder"]);
    const { size = 32, shuffle = true, epoch = 0, remainder = "keep" } = options;
    if (!Number.isInteger(size) || size < 1)
      throw argumentError(`batches: size is ${size}; it must be at least 1`);
    // From now on it lies where it is computed on, and a batch is a list of numbers. An error comes with the first read.
    context.session.evaluate(list(context, [this.x, this.y])).catch(() => {});
    const order = shuffle
      ? handle.order(seedOf(context, options.seed), epoch)
      : Int32Array.from({ length: this.length }, (_, i) => i);
    for (let start = 0; start < order.length; start += size) {
      const numbers = order.slice(start, start + size);
      if (numbers.length < size && remainder === "drop") return;
      const index = context.wasm.Tensor.fromWords(
        new Uint32Array(numbers.buffer),
        Uint32Array.of(numbers.length),
        "i32",
      );
      const [x, y] = handle.batch(index) as [TensorHandle, TensorHandle];
      yield [new Tensor(context, x), new Tensor(context, y)];
    }
  }

  /** Two sets drawn at random: the first has `share` (0…1) of the samples, the second the others. */
  split(share: number, options: { seed?: number } = {}): [Dataset, Dataset] {
    this.context.wasm.checkNames("split", options, ["seed"]);
    const parts = this.handle.split(share, seedOf(this.context, options.seed));
    return parts.map((part) => new Dataset(this.context, part)) as [Dataset, Dataset];
  }

  [DISPLAY](): LiveDisplay {
    const classes = this.classes.length > 0 ? `, ${this.classes.length} classes` : "";
    const text = `${this.name}: ${this.length} samples [${this.x.shape.slice(1).join(", ")}]${classes}`;
    return { kind: "text", text };
  }

  async #captions(): Promise<string[]> {
    const targets = Array.from((await this.y.data()) as Int32Array);
    const perSample = targets.length / this.length;
    if (perSample !== 1) return targets.slice(0, this.length).map(() => "");
    return targets.map((target) => this.classes[target] ?? String(target));
  }
}

export function data(context: Context, create: Create): DataSource {
  const builtIn = async (name: string): Promise<TrainTest> => {
    const pairs = (await context.session.load(name)) as [string, TensorHandle][];
    const parts = new Map(pairs.map(([label, handle]) => [label, handle]));
    const set = (part: string) => {
      const [images, labels] = [parts.get(`${part}.images`), parts.get(`${part}.labels`)];
      if (!images || !labels) throw argumentError(`data.${name}: the ${part} part is missing`);
      const classes = [...(context.catalogue[name]?.classes ?? [])];
      return new Dataset(context, new context.wasm.Dataset(`${name} ${part}`, images, labels, classes));
    };
    return { train: set("train"), test: set("test") };
  };
  return {
    mnist: () => builtIn("mnist"),
    from(x, y, options = {}) {
      context.wasm.checkNames("from", options, ["name", "classes"]);
      const { name = "data", classes = [] } = options;
      const samples = x instanceof Tensor ? x : create.tensor(x);
      const targets = y instanceof Tensor ? y : labelsOrNumbers(y, create);
      return new Dataset(
        context,
        new context.wasm.Dataset(name, samples.handle, targets.handle, [...classes]),
      );
    },
  };
}

/** A flat list of whole numbers is a list of class labels. */
function labelsOrNumbers(y: Nested | Values, create: Create): Tensor {
  const isFlat = ArrayBuffer.isView(y) || (Array.isArray(y) && y.every((value) => typeof value === "number"));
  const values = y as ArrayLike<number>;
  const areLabels = isFlat && Array.from(values).every((value) => Number.isInteger(value));
  return areLabels ? create.tensor(Int32Array.from(values)) : create.tensor(y);
}
