// Samples with one target each, kept where they are computed on: what is chosen here are numbers of samples. What depends on
// the labels reads them, so it gives a promise.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, DatasetHandle, Lock, StoredHandle, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import type { DeclaredInputs } from "./inputs.ts";
import { inputsText } from "./inputs.ts";
import type { Displayable, ImagesOptions } from "./plot.ts";
import { IMAGES_OPTIONS, imagesDisplay } from "./plot.ts";
import { sizeText } from "./size-text.ts";
import { list, Tensor } from "./tensor.ts";

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

/** What follows from a seed. */
export interface SeedOptions {
  /** Drawn afresh if left out. */
  seed?: number;
}

/** One of the ways to hold back a part: what is learnt from, and what is scored. */
export interface Fold {
  train: Dataset;
  validation: Dataset;
}

/** Mean and standard deviation of each channel. */
export interface ChannelStats {
  mean: number[];
  std: number[];
}

/** As in the core. */
const MOST_CLASSES = 2 ** 20 - 1;

/** @internal The lock of a set: one of this name and length that was locked before has the same, so that a cell may run again. */
export function lockOf(context: Context, { name, length }: DatasetHandle, uses = 0): Lock {
  const key = `${name} ${length}`;
  const lock = context.locks.get(key) ?? { uses };
  context.locks.set(key, lock);
  return lock;
}

/** Numbers of a streamed set that are looked at at once: 16 MB. */
const CHUNK = 2 ** 22;

/** Mean and deviation of all chunks from those of each. Source: Chan, Golub and LeVeque 1979. */
async function joinedStats(
  chunks: Iterable<[x: Tensor, count: number]>,
  statsOf: (x: Tensor) => Promise<ChannelStats>,
): Promise<ChannelStats> {
  let seen = 0;
  let mean: number[] = [];
  let squares: number[] = [];
  for (const [x, count] of chunks) {
    const part = await statsOf(x);
    const share = count / (seen + count);
    const old = { mean, squares };
    const gaps = part.mean.map((value, i) => value - (old.mean[i] ?? 0));
    mean = gaps.map((gap, i) => (old.mean[i] ?? 0) + gap * share);
    squares = gaps.map(
      (gap, i) => (old.squares[i] ?? 0) + count * (part.std[i] ?? 0) ** 2 + gap * gap * seen * share,
    );
    seen += count;
  }
  return { mean, std: squares.map((sum) => Math.sqrt(sum / seen)) };
}

/** Samples x [N, …] with one target y each. */
export class Dataset {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: DatasetHandle,
    /** @internal Shared by all that was taken from a locked set. */
    readonly lock?: Lock,
    /** @internal What its samples are packed of, if they were given by name. */
    readonly inputs?: DeclaredInputs,
  ) {}

  /** @internal */
  static of(
    context: Context,
    name: string,
    x: Tensor | StoredHandle,
    y: Tensor,
    classes: readonly string[],
    inputs?: DeclaredInputs,
  ): Dataset {
    const { wasm } = context;
    const handle =
      x instanceof Tensor
        ? new wasm.Dataset(name, x.handle, y.handle, [...classes])
        : wasm.Dataset.stored(name, x, undefined, new wasm.TensorList(), y.handle, [...classes]);
    return new Dataset(context, handle, undefined, inputs);
  }

  /** What messages call it. */
  get name(): string {
    return this.handle.name;
  }
  /** The number of samples. */
  get length(): number {
    return this.handle.length;
  }
  /**
   * The samples [N, …]. Errors: they are too many to lie where they are computed on (more than 67 million numbers), and are streamed from
   * memory, batch by batch: `take(n)` gives fewer.
   */
  get x(): Tensor {
    return new Tensor(this.context, this.handle.x(this.context.session));
  }
  /** The sizes of the samples, their number first. */
  get shape(): number[] {
    return Array.from(this.handle.shape);
  }
  /**
   * Whether the samples are streamed: too many to lie where they are computed on, they stay in memory as they were stored, and `fit`,
   * `evaluate`, `predict` and `batches` read some at a time. What follows is the same to the last bit.
   */
  get isStreamed(): boolean {
    return this.handle.isStreamed;
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
    return this.#with(this.handle.take(Uint32Array.from(indices)));
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
    this.use("scoring");
    // From now on it lies where it is computed on, and a batch is a list of numbers. An error comes with the first read.
    const resident = this.isStreamed ? [this.y] : [this.x, this.y];
    context.session.evaluate(list(context, resident)).catch(() => {});
    const order = shuffle
      ? handle.order(seedOf(context, options.seed), epoch)
      : Int32Array.from({ length: this.length }, (_, i) => i);
    for (let start = 0; start < order.length; start += size) {
      const numbers = order.slice(start, start + size);
      if (numbers.length < size && remainder === "drop") return;
      const [x, y] = handle.batch(context.session, numbers) as [TensorHandle, TensorHandle];
      yield [new Tensor(context, x), new Tensor(context, y)];
    }
  }

  /** The same samples in random order. */
  shuffle(options: SeedOptions = {}): Dataset {
    return this.take(this.#order("shuffle", options));
  }

  /** The samples for which `keep` gives true, in the same order. It gets the label (or target) and the sample's number. */
  async filter(keep: (label: number, index: number) => boolean): Promise<Dataset> {
    const labels = await this.#targets("filter");
    const kept = Array.from(labels.keys()).filter((index) => keep(labels[index] as number, index));
    if (kept.length === 0) throw argumentError(`filter: no sample of ${this.name} is left`);
    return this.take(kept);
  }

  /**
   * What `change` makes of all samples [N, …], and of the targets if it gives both:
   * `train.map((x) => x.sub(0.5))`, `train.map((x, y) => [x, y.eq(3).cast("i32")], { classes: ["other", "cat"] })`. The number of samples
   * stays; new targets have the classes that are given here, or none with names.
   */
  map(
    change: (x: Tensor, y: Tensor) => Tensor | readonly [x: Tensor, y: Tensor],
    options: { classes?: readonly string[] } = {},
  ): Dataset {
    this.context.wasm.checkNames("map", options, ["classes"]);
    const targets = this.y;
    const made = change(this.x, targets);
    const [x, y] = made instanceof Tensor ? [made, targets] : made;
    const classes = options.classes ?? (y === targets ? this.classes : []);
    if (!(x instanceof Tensor && y instanceof Tensor))
      throw argumentError("map: the function must give the samples, or [samples, targets]");
    if (x.shape[0] !== this.length)
      throw argumentError(
        `map: ${this.length} samples became [${x.shape.join(", ")}]; their number must stay`,
      );
    const handle = new this.context.wasm.Dataset(this.name, x.handle, y.handle, [...classes]);
    const isPacked = x.shape.join() === this.shape.join();
    return new Dataset(this.context, handle, this.lock, isPacked ? this.inputs : undefined);
  }

  /** These samples and then those of the others, which must have the same shape and classes. */
  concat(...others: readonly Dataset[]): Dataset {
    const { context } = this;
    const sets = [this, ...others];
    for (const { name, classes } of others) {
      if (classes.join("\n") !== this.classes.join("\n"))
        throw argumentError(
          `concat: ${name} has the classes [${classes}], ${this.name} has [${this.classes}]`,
        );
    }
    const packings = new Set(sets.flatMap(({ inputs }) => (inputs ? inputsText(inputs) : [])));
    if (packings.size > 1)
      throw argumentError(`concat: the samples have the inputs ${[...packings].join(" and ")}`);
    const joined = (part: "x" | "y") =>
      context.wasm.Tensor.concat(
        list(
          context,
          sets.map((set) => set[part]),
        ),
        0,
      );
    const locks = new Set(sets.flatMap(({ lock }) => lock ?? []));
    if (locks.size > 1) throw argumentError("concat: join test sets first, and lock what they make");
    const handle = new context.wasm.Dataset(this.name, joined("x"), joined("y"), this.classes);
    return new Dataset(context, handle, [...locks][0], this.inputs);
  }

  /**
   * Sets drawn at random. One share (0…1) gives two, the first of this size; several, which must be 1 together, give as many:
   * `const [train, validation, test] = all.split([0.7, 0.15, 0.15], { seed: 1 })`.
   */
  split(share: number, options?: SeedOptions): [Dataset, Dataset];
  split(shares: readonly number[], options?: SeedOptions): Dataset[];
  split(shares: number | readonly number[], options: SeedOptions = {}): Dataset[] {
    if (typeof shares !== "number") return this.#deal("split", shares, options);
    this.context.wasm.checkNames("split", options, ["seed"]);
    const parts = this.handle.split(shares, seedOf(this.context, options.seed));
    return parts.map((part) => this.#with(part));
  }

  /** The same with the same shares of each class, as far as that goes. */
  async stratifiedSplit(
    shares: readonly number[] = [0.7, 0.15, 0.15],
    options: SeedOptions = {},
  ): Promise<Dataset[]> {
    return this.#deal("stratifiedSplit", shares, options, await this.#labels("stratifiedSplit"));
  }

  /** `k` ways to hold back another k-th of the samples, drawn at random. */
  kFold(k = 5, options: SeedOptions = {}): Fold[] {
    return this.#folds("kFold", k, options);
  }

  /** The same with the same share of each class in each part. */
  async stratifiedKFold(k = 5, options: SeedOptions = {}): Promise<Fold[]> {
    return this.#folds("stratifiedKFold", k, options, await this.#labels("stratifiedKFold"));
  }

  /** Mean and standard deviation (of all values, not estimated) of each channel of samples [N, C, …]. */
  async channelStats(): Promise<ChannelStats> {
    const { shape } = this;
    if (shape.length < 2)
      throw argumentError(
        `channelStats: the samples have the shape [${shape.join(", ")}]; expected [N, C, …]`,
      );
    const dims = shape.flatMap((_, dim) => (dim === 1 ? [] : [dim]));
    const statsOf = async (x: Tensor): Promise<ChannelStats> => {
      const [mean, std] = await Promise.all([x.mean(dims).data(), x.std(dims, 0).data()]);
      return { mean: Array.from(mean), std: Array.from(std) };
    };
    return this.isStreamed ? joinedStats(this.#chunks(), statsOf) : statsOf(this.x);
  }

  /** Samples [N, C, …] less the mean and divided by the deviation of their channel: those of the training set, for every set. */
  normalize({ mean, std }: ChannelStats): Dataset {
    const [, channels = 0, ...inner] = this.shape;
    const lengths = [mean.length, std.length];
    if (lengths.some((length) => length !== channels))
      throw argumentError(
        `normalize: ${lengths.join(" means and ")} deviations for samples [${this.shape.join(", ")}]; expected one for each of ${channels} channels`,
      );
    if (std.some((value) => !(value > 0)))
      throw argumentError(`normalize: the deviations are [${std.join(", ")}]; expected numbers above 0`);
    const along = (values: readonly number[]) =>
      this.context.wasm.Tensor.fromWords(
        new Uint32Array(Float32Array.from(values).buffer),
        Uint32Array.of(1, channels, ...inner.map(() => 1)),
        "f32",
      );
    return this.#with(this.handle.scaled(along(mean), along(std)));
  }

  /** How many samples each class has. */
  async classCounts(): Promise<number[]> {
    const labels = await this.#labels("classCounts");
    const most = labels.reduce((most, label) => Math.max(most, label), 0);
    const counts = new Array<number>(Math.max(this.classes.length, most + 1)).fill(0);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  }

  /**
   * A weight for each class so that all count the same: N / (classes · count), as scikit-learn's "balanced". For
   * `losses.crossEntropy` and `fit({ loss: { kind: "crossEntropy", weight } })`. A class without samples gets 0.
   */
  async classWeights(): Promise<number[]> {
    const counts = await this.classCounts();
    const present = counts.filter((count) => count > 0).length;
    return counts.map((count) => (count === 0 ? 0 : this.length / (present * count)));
  }

  /** How many samples each class has, as a table. */
  classBalance(): Displayable {
    return {
      [DISPLAY]: async () => {
        const counts = await this.classCounts();
        const percent = (count: number) => `${((100 * count) / this.length).toFixed(1)} %`;
        const rows = counts.map((count, i) => [this.classes[i] ?? String(i), count, percent(count)]);
        return { kind: "table", columns: ["class", "samples", "share"], rows };
      },
    };
  }

  /**
   * The same set, to be scored once, at the end. Every further `evaluate`, `predict` or epoch of `batches`, and any use in `fit`, shows a
   * warning in the output; what is taken from it counts as the set itself, and so does a set of this name and length that is locked again.
   */
  locked(): Dataset {
    const { context, handle, lock } = this;
    return new Dataset(context, handle.clone(), lock ?? lockOf(context, handle), this.inputs);
  }

  /** @internal Counts a use of a locked set and warns of all but one that scores it. */
  use(what: "training" | "validation" | "scoring"): void {
    const { lock, name } = this;
    if (!lock) return;
    lock.uses += 1;
    if (what === "scoring" && lock.uses === 1) return;
    const how = what === "scoring" ? `is scored again (use ${lock.uses})` : `is used for ${what}`;
    // biome-ignore lint/suspicious/noConsole: in a cell this is shown among its outputs, in a program on its own console.
    console.warn(
      `The locked test set ${name} ${how}. What is chosen by its results fits it, and its score no longer says how the model does ` +
        "on new samples: choose by validation samples, and score the test set once.",
    );
  }

  [DISPLAY](): LiveDisplay {
    const classes = this.classes.length > 0 ? `, ${this.classes.length} classes` : "";
    const bytes = 4 * this.shape.reduce((product, size) => product * size, 1);
    const where = this.isStreamed ? "streamed" : "resident";
    const text = `${this.name}: ${this.length} samples [${this.shape.slice(1).join(", ")}]${classes}; ${where}, ${sizeText(bytes)}`;
    return { kind: "text", text };
  }

  /** Samples of streamed sets, some at a time, with their number. */
  *#chunks(): Generator<[x: Tensor, count: number], void, undefined> {
    const each = this.shape.slice(1).reduce((product, size) => product * size, 1);
    const many = Math.max(1, Math.floor(CHUNK / each));
    for (let start = 0; start < this.length; start += many) {
      const count = Math.min(many, this.length - start);
      const numbers = Int32Array.from({ length: count }, (_, i) => start + i);
      const [x] = this.handle.batch(this.context.session, numbers) as [TensorHandle];
      yield [new Tensor(this.context, x), count];
    }
  }

  #with(handle: DatasetHandle): Dataset {
    return new Dataset(this.context, handle, this.lock, this.inputs);
  }

  #order(method: string, options: SeedOptions): Int32Array {
    this.context.wasm.checkNames(method, options, ["seed"]);
    return this.handle.order(seedOf(this.context, options.seed), 0);
  }

  /** The numbers of the samples of each part, in random order. */
  #parts(
    method: string,
    shares: readonly number[],
    { seed, ...options }: SeedOptions,
    labels?: Int32Array,
  ): number[][] {
    const chosen = { ...options, seed: seedOf(this.context, seed) };
    const partOf = this.handle.partition(Float64Array.from(shares), labels, chosen.seed);
    const parts = shares.map((): number[] => []);
    for (const sample of this.#order(method, chosen)) parts[partOf[sample] as number]?.push(sample);
    return parts;
  }

  #deal(method: string, shares: readonly number[], options: SeedOptions, labels?: Int32Array): Dataset[] {
    return this.#parts(method, shares, options, labels).map((part) => this.take(part));
  }

  #folds(method: string, k: number, options: SeedOptions, labels?: Int32Array): Fold[] {
    if (!Number.isInteger(k) || k < 2 || k > this.length)
      throw argumentError(`${method}: k is ${k}; it must be a whole number from 2 to ${this.length}`);
    const parts = this.#parts(method, new Array<number>(k).fill(1 / k), options, labels);
    return parts.map((validation) => ({
      train: this.take(parts.flatMap((part) => (part === validation ? [] : part))),
      validation: this.take(validation),
    }));
  }

  /** One number for each sample. */
  async #targets(method: string): Promise<Int32Array | Float32Array> {
    const { y } = this;
    if (y.shape.length !== 1)
      throw argumentError(
        `${method}: the targets have the shape [${y.shape.join(", ")}]; expected one number each, [N]`,
      );
    return (await y.data()) as Int32Array | Float32Array;
  }

  async #labels(method: string): Promise<Int32Array> {
    if (this.y.dtype !== "i32")
      throw argumentError(`${method}: the targets are ${this.y.dtype}; expected class labels (i32)`);
    const labels = (await this.#targets(method)) as Int32Array;
    const odd = labels.findIndex((label) => label < 0 || label > MOST_CLASSES);
    if (odd >= 0)
      throw argumentError(
        `${method}: the label of sample ${odd} is ${labels[odd]}; labels are from 0 to ${MOST_CLASSES}`,
      );
    return labels;
  }

  async #captions(): Promise<string[]> {
    const targets = Array.from((await this.y.data()) as Int32Array);
    const perSample = targets.length / this.length;
    if (perSample !== 1) return targets.slice(0, this.length).map(() => "");
    return targets.map((target) => this.classes[target] ?? String(target));
  }
}
