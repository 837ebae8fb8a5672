// Samples with one target each, kept where they are computed on: what is chosen here are numbers of samples. What depends on
// the labels reads them, so it gives a promise.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, DatasetHandle, StoredHandle, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import type { DeclaredInputs } from "./inputs.ts";
import { inputsText } from "./inputs.ts";
import type { Lock, Opening } from "./lock.ts";
import { lockOf, openAll, reopen } from "./lock.ts";
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
    /** How it came from what was loaded, step by step, such as "stratified split 0.7 / 0.15 / 0.15, seed 1: part 3". */
    readonly provenance: readonly string[] = [],
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
    const step =
      typeof which === "number"
        ? `the first ${indices.length} samples`
        : `${indices.length} of ${this.length} samples, chosen by number`;
    return this.#take(indices, step);
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
    this.open("batches");
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
    const seed = seedOf(this.context, options.seed);
    return this.#take(this.#order("shuffle", { ...options, seed }), `shuffled, seed ${seed}`);
  }

  /** The samples for which `keep` gives true, in the same order. It gets the label (or target) and the sample's number. */
  async filter(keep: (label: number, index: number) => boolean): Promise<Dataset> {
    const labels = await this.#targets("filter");
    const kept = Array.from(labels.keys()).filter((index) => keep(labels[index] as number, index));
    if (kept.length === 0) throw argumentError(`filter: no sample of ${this.name} is left`);
    return this.#take(kept, `${kept.length} of ${this.length} samples, chosen by label`);
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
    const step = [...this.provenance, "changed by a function"];
    return new Dataset(this.context, handle, this.lock, isPacked ? this.inputs : undefined, step);
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
    const step = `${this.length} samples and those of ${others.map(({ name }) => name).join(", ")}`;
    return new Dataset(context, handle, [...locks][0], this.inputs, [...this.provenance, step]);
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
    const seed = seedOf(this.context, options.seed);
    const parts = this.handle.split(shares, seed);
    const told = `split ${shares} / ${Number((1 - shares).toPrecision(6))}, seed ${seed}`;
    return parts.map((part, i) => this.#with(part, `${told}: part ${i + 1}`));
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

  /**
   * `k` ways to hold back a part so that samples of one group are never on both sides: images of one patient, frames of one film. `groups` has a
   * value for each sample; parts are as equal as the groups allow.
   */
  async groupKFold(
    k: number,
    groups: ArrayLike<number | string>,
    options: SeedOptions = {},
  ): Promise<Fold[]> {
    this.context.wasm.checkNames("groupKFold", options, ["seed"]);
    const values = Array.from(groups);
    if (values.length !== this.length)
      throw argumentError(`groupKFold: ${values.length} groups for ${this.length} samples`);
    const names = [...new Set(values)];
    if (!Number.isInteger(k) || k < 2 || k > names.length)
      throw argumentError(
        `groupKFold: k is ${k}; it must be a whole number from 2 to ${names.length}, the number of groups`,
      );
    const places = new Map(names.map((name, place) => [name, place]));
    const seed = seedOf(this.context, options.seed);
    const { groupFolds } = await import("./metrics/bodies.ts");
    const foldOf = await groupFolds(
      this.context,
      Int32Array.from(values, (value) => places.get(value) as number),
      k,
      seed,
    );
    const parts = Array.from({ length: k }, (): number[] => []);
    for (const sample of this.#order("groupKFold", { seed })) parts[foldOf[sample] as number]?.push(sample);
    return this.#foldsOf(parts, `${k} folds of ${names.length} groups, seed ${seed}`);
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
    return this.#with(this.handle.scaled(along(mean), along(std)), "normalised by channel");
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
   * The same set, to be opened once, at the end. A second `evaluate`, `predict`, `report` or epoch of `batches`, and any use in `fit`, is
   * refused unless `reopen` says why. What is taken from it counts as the set itself, and so does a set of this name and length that is
   * locked again. It reminds, and is no safe: its tensors `x` and `y` can be read, and what was not locked is not guarded. Course section 10.2.
   */
  locked(): Dataset {
    const { context, handle, lock } = this;
    return new Dataset(
      context,
      handle.clone(),
      lock ?? lockOf(context, handle),
      this.inputs,
      this.provenance,
    );
  }

  /** What has opened a locked set so far, in order; nothing of one that is not locked. */
  get openings(): readonly Opening[] {
    return this.lock?.openings.map((opening) => ({ ...opening })) ?? [];
  }

  /** Whether it was locked. */
  get isLocked(): boolean {
    return this.lock !== undefined;
  }

  /** Lets a locked set be opened once more, and says why: the use shows it as a warning, and every report after it. Gives the set. */
  reopen(reason: string): this {
    if (!this.lock) throw argumentError(`reopen: ${this.name} is not locked`);
    reopen(this.lock, reason);
    return this;
  }

  /** The same without its lock, for several passes that are one use. @internal */
  unlocked(): Dataset {
    return new Dataset(this.context, this.handle, undefined, this.inputs, this.provenance);
  }

  /** @internal Before a locked set is used: refuses what it is not for, and counts it. Gives what takes it back, if nothing was told. */
  open(by: string, what: "scoring" | "training" = "scoring"): () => void {
    return openAll([this], by, what === "scoring");
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

  #with(handle: DatasetHandle, step: string): Dataset {
    return new Dataset(this.context, handle, this.lock, this.inputs, [...this.provenance, step]);
  }

  #take(indices: ArrayLike<number>, step: string): Dataset {
    return this.#with(this.handle.take(Uint32Array.from(indices)), step);
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
    const seed = seedOf(this.context, options.seed);
    const told = `${labels ? "stratified " : ""}split ${shares.join(" / ")}, seed ${seed}`;
    return this.#parts(method, shares, { ...options, seed }, labels).map((part, i) =>
      this.#take(part, `${told}: part ${i + 1}`),
    );
  }

  #folds(method: string, k: number, options: SeedOptions, labels?: Int32Array): Fold[] {
    if (!Number.isInteger(k) || k < 2 || k > this.length)
      throw argumentError(`${method}: k is ${k}; it must be a whole number from 2 to ${this.length}`);
    const seed = seedOf(this.context, options.seed);
    const parts = this.#parts(method, new Array<number>(k).fill(1 / k), { ...options, seed }, labels);
    return this.#foldsOf(parts, `${labels ? "stratified " : ""}${k} folds, seed ${seed}`);
  }

  #foldsOf(parts: readonly number[][], told: string): Fold[] {
    return parts.map((validation, i) => ({
      train: this.#take(
        parts.flatMap((part) => (part === validation ? [] : part)),
        `${told}: all but fold ${i + 1}`,
      ),
      validation: this.#take(validation, `${told}: fold ${i + 1}`),
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
