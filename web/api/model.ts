// Models: anything with parameters that maps a tensor to a tensor, and how it is trained, scored and used.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Transform } from "./augment.ts";
import { Variable } from "./compile.ts";
import type { Context, ModelHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import { sizes } from "./create.ts";
import { Dataset } from "./dataset.ts";
import { withSmallestInput } from "./feature-maps.ts";
import type { GraphPicture } from "./graph.ts";
import { networkPicture } from "./graph.ts";
import type { EpochReport, HistoryData, LrChange, TrainEvent } from "./history.ts";
import { changesOf, History } from "./history.ts";
import type { DeclaredInputs, NamedTensors } from "./inputs.ts";
import { areNamed, inputsText, packed } from "./inputs.ts";
import { openAll } from "./lock.ts";
import type { Loss } from "./losses.ts";
import { lossArgument } from "./losses.ts";
import type { Report, ReportOptions } from "./metrics/report.ts";
import type { Schedule } from "./optim.ts";
import { Optimizer } from "./optim.ts";
import { Curve, linesDisplay } from "./plot.ts";
import { checkRunName, loadRun, resumed, saveRun, showRun } from "./run-file.ts";
import { isNpz } from "./save-request.ts";
import { inputOf, readSketch, sketchOf } from "./sketch.ts";
import { list, Tensor } from "./tensor.ts";
import type { Saved, SaveOptions } from "./weights.ts";
import { loadTensors, SAVE_OPTIONS, saveTensors } from "./weights.ts";

/** Figures that follow from how often samples of each class were taken for each other. */
export type CountedName =
  | "accuracy"
  | "balancedAccuracy"
  | "precision"
  | "recall"
  | "specificity"
  | "f1"
  | "cohenKappa"
  | "matthewsCorrcoef";

/** A model as a function of its input and its parameters. */
export type ModelFunction<P extends Record<string, Tensor>> = (x: Tensor, params: P) => Tensor;

/** Options of training. */
export interface FitOptions {
  /** How often every sample is seen; 1. */
  epochs?: number;
  /** Samples in a step; 32. */
  batchSize?: number;
  /** How parameters follow their gradients; `optim.adam()`. */
  optimizer?: Optimizer;
  /** What becomes small; "crossEntropy". */
  loss?: Loss;
  /** Samples that are scored after every epoch. */
  validation?: Dataset;
  /** Weights that are not drawn yet, the order of samples and dropout all follow from it; drawn afresh and shown if left out. */
  seed?: number;
  /** A curve that shows the run while it goes on; `history` has one anyway. */
  plot?: Curve;
  /** How the learning rate changes; not at all. */
  schedule?: Schedule;
  /** Changes of the learning rate, as `history.lrChanges` of a run with a live one has them: the same again. */
  lrChanges?: readonly LrChange[];
  /** What the schedule counts; "epoch". */
  scheduleUnit?: "epoch" | "step";
  /** Whether each epoch has a random order; yes. */
  shuffle?: boolean;
  /** What becomes of samples that do not fill a batch; "keep". */
  remainder?: "keep" | "drop";
  /** The largest common norm of all gradients: longer ones are made that long. Course equation 24. */
  clipNorm?: number;
  /** The largest magnitude of an entry of a gradient. */
  clipValue?: number;
  /** The largest norm of a unit's gradient, as a share of that of its weights. Course section 3.6; Brock et al. 2021. */
  clipAdaptive?: number;
  /** Pull of the weights towards 0, in place of the optimiser's own. */
  weightDecay?: number;
  /** Factor of the sum of magnitudes of all parameters, added to what becomes small. Course equation 28. */
  l1?: number;
  /** Factor of the sum of squares of all parameters, added to what becomes small: half of a weight decay. Course equation 29. */
  l2?: number;
  /** Options for some of the parameters: what is frozen, rates, decay, penalties. Later groups overrule. */
  groups?: readonly ParameterGroup[];
  /** How each batch is changed before the model sees it, such as `[augment.horizontalFlip(), augment.randomCrop({ padding: 4 })]`. */
  augment?: readonly Transform[];
  /** Decay of a moving average of the weights, such as 0.999: it is what is validated, and what the model has at the end. */
  ema?: number;
  /** Whether every step tells the norm of each weight's gradient: the run's curve shows them layer by layer, `history.gradientNorms` weight by weight. */
  gradientNorms?: boolean;
  /**
   * Figures that each epoch tells, on training and validation samples, such as `["balancedAccuracy", "f1"]`: those that follow from the counts
   * of a confusion matrix, averaged over classes. They are counted where training runs; the run's curve shows them.
   */
  metrics?: readonly CountedName[];
  /** A trained model to learn from, besides the labels; `alpha` (0.9) is its share, `temperature` (4) makes small scores count. */
  teacher?: { model: Model; temperature?: number; alpha?: number };
  /**
   * Stop when the validation loss (the training loss without a validation set) no longer falls for `patience` (3) epochs, or, with
   * `minChange`, once it changes by no more than that from one epoch to the next.
   */
  earlyStopping?: { patience?: number; minDelta?: number; minChange?: number; restoreBest?: boolean };
  /** After every epoch the run is written to this file, such as "run.safetensors": weights, optimiser, step, seed and history. */
  checkpoint?: string;
  /** Whether it goes on from that file, if there is one: the curve is the same as without the break. No. */
  resume?: boolean;
  /** Called after every epoch; to give false stops the run. */
  onEpoch?: (report: EpochReport) => unknown;
}

/** Options for the parameters whose names fit. */
export interface ParameterGroup {
  /** Names such as "head.weight", in which * stands for anything. */
  params: string;
  /** They stay as they are. */
  frozen?: boolean;
  /** Factor of the learning rate; 1. */
  lrScale?: number;
  /** Pull towards 0, in place of the optimiser's. */
  weightDecay?: number;
  /** Factor of the sum of magnitudes. */
  l1?: number;
  /** Factor of the sum of squares. */
  l2?: number;
}

/** Which learning rate to begin with; shown as the loss over the rate. */
export class RangeTest {
  /** @internal */
  constructor(
    /** The learning rate of each step. */
    readonly lrs: readonly number[],
    /** The loss of each step, smoothed. */
    readonly losses: readonly number[],
    /** Where the loss falls fastest: a rate to begin with. */
    readonly suggestion: number | undefined,
  ) {}

  [DISPLAY](): LiveDisplay {
    const { lrs, losses, suggestion } = this;
    const found = suggestion === undefined ? "" : `; falls fastest at ${suggestion.toPrecision(2)}`;
    const line = { name: "loss", x: lrs.map(Math.log10), y: losses };
    return linesDisplay([line], {
      title: `learning rates${found}`,
      x: "log₁₀ of the learning rate",
      y: "loss",
    });
  }
}

/** @internal A layer by kind and options, or a block of models. */
export type Recipe =
  | { readonly kind: string; readonly options: unknown }
  | { readonly block: string; readonly options: object | undefined; readonly parts: readonly Model[] };

/** Options of a forward pass. */
export interface ForwardOptions {
  /** Whether dropout and the like are on, and running statistics move; no. */
  training?: boolean;
}

/** How a model was trained, once. */
export interface TrainingRun {
  /** What it learnt from. */
  train: Pick<Dataset, "name" | "length" | "provenance">;
  epochs: number;
  batchSize: number;
  /** The kind of the optimiser. */
  optimizer: string;
  seed: number;
}

/** How well a model does. */
export interface Score {
  /** The mean loss. */
  loss: number;
  /** The share of right answers, if there are right answers. */
  accuracy?: number;
}

/** @internal */
export const FIT_OPTIONS = [
  "epochs",
  "batchSize",
  "optimizer",
  "loss",
  "validation",
  "seed",
  "plot",
  "schedule",
  "lrChanges",
  "scheduleUnit",
  "shuffle",
  "remainder",
  "clipNorm",
  "clipValue",
  "clipAdaptive",
  "weightDecay",
  "l1",
  "l2",
  "groups",
  "augment",
  "ema",
  "gradientNorms",
  "metrics",
  "teacher",
  "earlyStopping",
  "checkpoint",
  "resume",
  "onEpoch",
];

/** A range test is no run of epochs: it has one schedule, and nothing of it stays. */
const RANGE_TEST_OPTIONS = [
  ...FIT_OPTIONS.filter(
    (name) =>
      ![
        "epochs",
        "validation",
        "schedule",
        "lrChanges",
        "scheduleUnit",
        "earlyStopping",
        "ema",
        "checkpoint",
        "resume",
        "onEpoch",
        "plot",
        "metrics",
      ].includes(name),
  ),
  "from",
  "to",
  "steps",
];

/** A function with parameters: a layer or a whole network. */
export class Model {
  readonly #runs: TrainingRun[] = [];

  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: ModelHandle,
    /** @internal The same with nothing drawn yet; what stands in several places is made once, and then known. */
    readonly anew: (known?: Map<Model, ModelHandle>) => ModelHandle,
    /** @internal What it is made of, where that can be told: a function cannot. */
    readonly recipe?: Recipe,
  ) {}

  /** @internal */
  static fromFunction<P extends Record<string, Tensor>>(
    context: Context,
    forward: ModelFunction<P>,
    params?: P,
  ): Model {
    const names = Object.keys(params ?? {});
    const call = (x: Tensor["handle"], values: ReturnType<typeof list>) => {
      const given = names.map((name, i) => [name, new Tensor(context, values.at(i))]);
      const output = forward(new Tensor(context, x), Object.fromEntries(given) as P);
      if (!(output instanceof Tensor)) throw argumentError("the function of a model must give a tensor");
      return output.handle.clone();
    };
    const values = list(context, Object.values(params ?? {}));
    const make = () => context.wasm.Model.function(call, names, values);
    return new Model(context, make(), make);
  }

  /** @internal A layer by its kind. */
  static ofKind(context: Context, kind: string, options?: unknown): Model {
    const make = () => context.wasm.Model.layer(kind, options);
    return new Model(context, make(), make, { kind, options });
  }

  /** @internal A block of models. */
  static ofParts(context: Context, parts: readonly Model[], block: string, options?: object): Model {
    const assemble = (handles: ModelHandle[]) => {
      const layers = new context.wasm.Layers();
      for (const handle of handles) layers.push(handle);
      return layers.block(block, options);
    };
    const make = (known = new Map<Model, ModelHandle>()) =>
      assemble(
        parts.map((part) => {
          const handle = known.get(part) ?? part.anew(known);
          known.set(part, handle);
          return handle;
        }),
      );
    return new Model(context, assemble(parts.map(({ handle }) => handle)), make, { block, options, parts });
  }

  /** What it is, in one word. */
  get kind(): string {
    return this.handle.kind;
  }

  /** What it makes of x, or of inputs by name if it has several (`nn.graph`), as part of a larger computation. */
  forward(x: Tensor | NamedTensors, options: ForwardOptions = {}): Tensor {
    const { context, handle } = this;
    context.wasm.checkNames("forward", options, ["training"]);
    const input = this.#input("forward", x).handle;
    if (!options.training) return new Tensor(context, handle.forward(input, 0));
    return new Tensor(
      context,
      handle.forwardTraining(input, context.trace.active ? 0 : seedOf(context, undefined)),
    );
  }

  /** How it was trained, run by run, in this session. */
  get runs(): readonly TrainingRun[] {
    return this.#runs;
  }

  /**
   * How good it is on a data set, in one call: every figure with its interval, class by class, the confusion matrix, curves over the threshold,
   * reliability, the worst mistakes; what was measured on what, with which seeds, and how often a locked set was opened.
   */
  async report(set: Dataset, options?: ReportOptions): Promise<Report> {
    const { report } = await import("./metrics/bodies.ts");
    return report(this.context, this, set, options);
  }

  /** What it learns, for optimisers; none before the first call, as layers learn their sizes from their inputs. */
  get weights(): Variable[] {
    const found = this.context.wasm.Variables.of(this.handle);
    return Array.from({ length: found.length }, (_, i) => {
      const handle = found.at(i);
      if (!handle) throw argumentError(`there is no weight ${i}`);
      return new Variable(this.context, handle);
    });
  }

  /** The parameters by name; none before the first call, as layers learn their sizes from their inputs. */
  get parameters(): Record<string, Tensor> {
    const values = this.handle.parameterValues();
    const named = this.handle
      .parameterNames()
      .map((name, i) => [name, new Tensor(this.context, values.at(i))]);
    return Object.fromEntries(named);
  }

  /** Draws the parameters now, for an input shape with the batch axis; returns the output shape. */
  build(input: readonly number[], options: { seed?: number } = {}): number[] {
    this.context.wasm.checkNames("build", options, ["seed"]);
    const seed = seedOf(this.context, options.seed);
    return this.#fitting(input, () => Array.from(this.handle.build(sizes("build", input), seed)));
  }

  /**
   * Trains it on a data set. The promise settles when the run is over or stopped; weights and history are kept either
   * way. Everything runs where the compute worker is: the page and this worker stay free.
   */
  async fit(train: Dataset, options: FitOptions = {}): Promise<History> {
    const { context } = this;
    context.wasm.checkNames("fit", options, FIT_OPTIONS);
    if (!(train instanceof Dataset))
      throw argumentError("fit: the first argument must be a data set, such as data.from(x, y)");
    const { validation, plot, checkpoint, resume, onEpoch, lrChanges = [], metrics = [], ...rest } = options;
    if (validation !== undefined && !(validation instanceof Dataset))
      throw argumentError("fit: validation must be a data set");
    this.#accept("fit", train);
    if (validation) this.#accept("fit", validation);
    if (plot !== undefined && !(plot instanceof Curve))
      throw argumentError("fit: plot must be a curve, such as plot.curve()");
    if (resume && checkpoint === undefined)
      throw argumentError(
        'fit: resume goes with checkpoint, the file to go on from, such as "run.safetensors"',
      );
    // Before anything is computed: a name that will not do would be told after an epoch.
    if (checkpoint !== undefined) checkRunName(checkpoint);
    const before = resume && checkpoint !== undefined ? await loadRun(context, checkpoint) : undefined;
    const seed = rest.seed ?? before?.history.seed;
    const [settings, extra] = runOptions(context, "fit", { ...rest, ...(seed !== undefined && { seed }) });
    const figures =
      metrics.length > 0
        ? await (await import("./metrics/bodies.ts")).epochFigures(context, metrics, train.classes)
        : undefined;
    openAll(validation ? [train, validation] : [train], "fit", false);
    const curve = plot ?? new Curve();
    curve.begin(validation !== undefined, figures?.titles);
    if (before) showRun(curve, before.history);
    let stop = false;
    // A stop may come while nothing of the run is at the other end.
    const end = () => {
      stop = true;
    };
    const listen = (event: TrainEvent) => {
      if (event.kind === "begin") queueMicrotask(() => context.parametersMoved?.());
      if (event.kind === "steps") context.progressed?.(event.step, event.steps);
      // The module is in the middle of its work: what the reader wants to do with the news comes after.
      queueMicrotask(() => {
        if (event.kind === "epoch") figures?.add(event);
        curve.show(event);
        if (event.kind === "epoch" && onEpoch?.(event) === false) stop = true;
      });
      return stop;
    };
    const handle = validation?.handle.clone();
    context.runs.add(end);
    try {
      const { session } = context;
      const save = checkpoint === undefined ? undefined : (run: HistoryData) => saveRun(checkpoint, run);
      const from = before && resumed(context, before);
      const { wasm } = context;
      const { optimizer } = options;
      const rate = typeof optimizer?.rate === "object" ? () => optimizer.lr : undefined;
      const run = wasm.fit(
        session,
        this.handle,
        train.handle,
        handle,
        figures ? { ...settings, countClasses: true } : settings,
        extra,
        rate,
        changesOf(lrChanges),
        listen,
        save,
        from,
      );
      const told = (await run) as HistoryData;
      for (const epoch of told.epochs) figures?.add(epoch);
      const history = new History(told, curve, this);
      this.#runs.push(runOf(train, history, options));
      return history;
    } catch (error) {
      throw withSmallestInput(this, [1, ...train.shape.slice(1)], error);
    } finally {
      context.runs.delete(end);
    }
  }

  /**
   * Tries learning rates: trains for `steps` (100) steps while the rate grows from `from` (1e-6) to `to` (1), or until the loss explodes, and
   * puts the weights back.
   */
  async lrRangeTest(
    train: Dataset,
    options: Omit<
      FitOptions,
      | "epochs"
      | "validation"
      | "schedule"
      | "lrChanges"
      | "scheduleUnit"
      | "earlyStopping"
      | "ema"
      | "checkpoint"
      | "resume"
      | "onEpoch"
      | "plot"
      | "metrics"
    > & {
      from?: number;
      to?: number;
      steps?: number;
    } = {},
  ): Promise<RangeTest> {
    const { context } = this;
    if (!(train instanceof Dataset))
      throw argumentError("lrRangeTest: the first argument must be a data set");
    this.#accept("lrRangeTest", train);
    const { from = 1e-6, to = 1, steps = 100, ...rest } = options;
    context.wasm.checkNames("lrRangeTest", options, RANGE_TEST_OPTIONS);
    const [settings, extra] = runOptions(context, "lrRangeTest", rest);
    train.open("lrRangeTest", "training");
    const range = Float64Array.of(from, to);
    const run = context.wasm.rangeTest(
      context.session,
      this.handle,
      train.handle,
      settings,
      extra,
      range,
      steps,
    );
    const { lrs, losses, suggestion } = (await run) as RangeTest;
    context.parametersMoved?.();
    return new RangeTest(lrs, losses, suggestion);
  }

  /** Running statistics of batch normalisation from all batches of a data set, with the weights as they are. */
  async recomputeStatistics(data: Dataset, options: { batchSize?: number } = {}): Promise<void> {
    const { context } = this;
    context.wasm.checkNames("recomputeStatistics", options, ["batchSize"]);
    if (!(data instanceof Dataset)) throw argumentError("recomputeStatistics: expected a data set");
    this.#accept("recomputeStatistics", data);
    data.open("recomputeStatistics", "training");
    await context.wasm.recomputeStatistics(
      context.session,
      this.handle,
      data.handle,
      options.batchSize ?? 256,
    );
    context.parametersMoved?.();
  }

  /** Its loss and accuracy on a data set. */
  async evaluate(data: Dataset, options: { loss?: Loss; batchSize?: number } = {}): Promise<Score> {
    this.context.wasm.checkNames("evaluate", options, ["loss", "batchSize"]);
    if (!(data instanceof Dataset)) throw argumentError("evaluate: the first argument must be a data set");
    this.#accept("evaluate", data);
    const loss = lossArgument(this.context, options.loss);
    const { context } = this;
    const batchSize = options.batchSize ?? 256;
    const takeBack = data.open("evaluate");
    try {
      const score = await context.wasm.evaluate(context.session, this.handle, data.handle, loss, batchSize);
      return score as Score;
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** What it makes of every sample, a batch at a time: [N, …] to [N, …]; of inputs by name if it has several. */
  async predict(x: Tensor | Dataset | NamedTensors, options: { batchSize?: number } = {}): Promise<Tensor> {
    this.context.wasm.checkNames("predict", options, ["batchSize"]);
    if (x instanceof Dataset) this.#accept("predict", x);
    const takeBack = x instanceof Dataset ? x.open("predict") : undefined;
    const { wasm, session } = this.context;
    const batch = options.batchSize ?? 256;
    try {
      const output = await (x instanceof Dataset
        ? wasm.predictAll(session, this.handle, x.handle, batch)
        : wasm.predict(session, this.handle, this.#input("predict", x).handle, batch));
      return new Tensor(this.context, output as Tensor["handle"]);
    } catch (error) {
      takeBack?.();
      throw error;
    }
  }

  /**
   * Writes the parameters as a file, such as "net.safetensors" (or "net.npz", for NumPy), which the page lists under Files. They are
   * called as in `parameters`. Of layers and rows of them, the file of safetensors also says how the network is built (`nn.load`).
   */
  async save(name: string, options: SaveOptions = {}): Promise<Saved> {
    const { context } = this;
    context.wasm.checkNames("save", options, SAVE_OPTIONS);
    const tensors = Object.entries(this.parameters);
    if (tensors.length === 0)
      throw argumentError(
        "save: the model has no parameters yet: it draws them at its first call, or by build",
      );
    const sketch = isNpz(name) ? undefined : sketchOf(this);
    const metadata = { ...(sketch && { gradbook: JSON.stringify(sketch) }), ...options.metadata };
    return saveTensors(context, name, tensors, { ...options, metadata });
  }

  /** Takes the parameters from a file: every one by its name, none left over. Errors: they do not fit; then nothing has changed. */
  async load(name: string): Promise<this> {
    const { context } = this;
    const { tensors, metadata } = await loadTensors(context, name);
    const input = metadata.gradbook === undefined ? undefined : inputOf(readSketch(name, metadata.gradbook));
    const [names, values] = [Object.keys(tensors), list(context, Object.values(tensors))];
    if (this.handle.parameterNames().length === 0 && input) {
      const shape = sizes("load", input);
      // On one like it first: if the parameters do not fit, this one still has none.
      const trial = this.anew();
      trial.build(shape, 0);
      trial.load(names, values);
      this.handle.build(shape, 0);
    }
    this.handle.load(names, values);
    context.parametersMoved?.();
    return this;
  }

  /**
   * Its layers, with shapes and numbers of parameters, for an input shape with the batch axis such as [1, 1, 28, 28]; a network whose inputs
   * have names (`nn.graph`) knows their shapes.
   */
  summary(input?: readonly number[]): Summary {
    // Looking must not draw the weights: their seed comes with `fit`.
    const model = this.handle.parameterNames().length > 0 ? this.handle : this.anew();
    const shape = this.#shape("summary", input);
    return this.#fitting(shape, () => new Summary(model.summary(sizes("summary", shape)) as SummaryData));
  }

  /**
   * A picture of its layers with output shapes and parameters, skips and branches, for an input shape with the batch axis:
   * `nn.resnet().graph([1, 3, 32, 32])`. Where inputs have names, their shapes are known. Weights are not drawn by it.
   */
  graph(input?: readonly number[]): GraphPicture {
    const model = this.handle.parameterNames().length > 0 ? this.handle : this.anew();
    const shape = this.#shape("graph", input);
    const inputs = this.#inputs;
    return this.#fitting(shape, () => networkPicture(this.context, model, sizes("graph", shape), inputs));
  }

  /** One tensor, or several packed, as the model is told them. */
  #input(what: string, x: Tensor | NamedTensors): Tensor {
    if (x instanceof Tensor) return x;
    if (!areNamed(x)) {
      const got = (x as unknown) instanceof Dataset ? "a data set" : Array.isArray(x) ? "an array" : typeof x;
      throw argumentError(`${what}: expected a tensor such as tensor([[1, 2]]) or train.x; got ${got}`);
    }
    const inputs = this.#inputs;
    if (!inputs)
      throw argumentError(
        `${what}: the model has one input; inputs by name are those of nn.graph(nodes, { inputs })`,
      );
    return packed(what, x, inputs);
  }

  /** Refuses a data set whose inputs have other names or shapes: packed, they may be just as many numbers. */
  #accept(what: string, data: Dataset): void {
    const [own, given] = [this.#inputs, data.inputs];
    if (own && given && inputsText(own) !== inputsText(given))
      throw argumentError(
        `${what}: data set ${data.name} has the inputs ${inputsText(given)}; expected ${inputsText(own)}`,
      );
  }

  /** Its inputs, if they have names. */
  get #inputs(): DeclaredInputs | undefined {
    const { recipe } = this;
    if (!recipe || !("block" in recipe)) return undefined;
    return (recipe.options as { inputs?: DeclaredInputs } | undefined)?.inputs;
  }

  /** The input shape that was given, or that of one sample of all inputs that have names. */
  #shape(what: string, input: readonly number[] | undefined): readonly number[] {
    const inputs = this.#inputs;
    if (input !== undefined) return input;
    if (!inputs)
      throw argumentError(`${what}: expected an input shape with the batch axis, such as [1, 1, 28, 28]`);
    const length = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
    return [1, inputs.reduce((sum, [, shape]) => sum + length(shape), 0)];
  }

  /** Errors say which input would fit, where that one does not. */
  #fitting<T>(input: readonly number[], look: () => T): T {
    try {
      return look();
    } catch (error) {
      throw withSmallestInput(this, input, error);
    }
  }

  [DISPLAY](): LiveDisplay {
    const names = this.handle.parameterNames();
    const parameters = names.length > 0 ? `${names.length} parameters` : "parameters not drawn yet";
    return { kind: "text", text: `${this.kind} (${parameters})` };
  }
}

function runOf(
  { name, length, provenance }: Dataset,
  { epochs, seed }: History,
  options: FitOptions,
): TrainingRun {
  const { batchSize = 32, optimizer } = options;
  return {
    train: { name, length, provenance },
    epochs: epochs.length,
    batchSize,
    optimizer: optimizer?.kind ?? "adam",
    seed,
  };
}

/** Options of a run as the module takes them, and what is no plain data: a loss that is a function, or a teacher. */
function runOptions(context: Context, what: string, options: FitOptions): [settings: object, extra: unknown] {
  const { optimizer, loss, seed, teacher, ...rest } = options;
  if (optimizer !== undefined && !(optimizer instanceof Optimizer)) {
    throw argumentError(`${what}: optimizer must be one of optim's, such as optim.adam({ lr: 0.001 })`);
  }
  const asked = lossArgument(context, loss);
  const settings = {
    ...rest,
    seed: seedOf(context, seed),
    ...(optimizer && { optimiser: { kind: optimizer.kind, ...optimizer.options } }),
    ...(optimizer?.lr !== undefined && { lr: optimizer.lr }),
    ...(asked !== undefined && typeof asked !== "function" && { loss: asked }),
  };
  const own = typeof asked === "function" ? asked : undefined;
  if (teacher === undefined) return [settings, own];
  context.wasm.checkNames(`${what}: teacher`, teacher, ["model", "temperature", "alpha"]);
  if (!(teacher.model instanceof Model)) throw argumentError(`${what}: teacher.model must be a model`);
  if (own) throw argumentError(`${what}: with a teacher the loss is the cross-entropy; leave out loss`);
  const { model, temperature = 4, alpha = 0.9 } = teacher;
  return [settings, new context.wasm.Teacher(model.handle, temperature, alpha)];
}

/** One layer of a summary. */
export interface LayerSummary {
  /** Its name in the model. */
  path: string;
  kind: string;
  input: number[];
  output: number[];
  /** How many numbers it learns. */
  parameters: number;
  /** Products that it adds up in matrix products and convolutions: about half of its floating-point operations. */
  multiplyAdds: number;
  /** Rows and columns of the input that one of its outputs can depend on, where that can be said (course equation 31). */
  receptiveField?: number[];
  /** How far the fields of neighbouring outputs are apart in the input, down and across; 0 where each sees all. */
  fieldStride?: number[];
  /** In which row and column of the input the field of the first output begins; below 0 in the padding. */
  fieldStart?: number[];
}

interface SummaryData {
  layers: LayerSummary[];
  parameters: number;
  multiplyAdds: number;
}

/** The layers of a model, as a table. */
export class Summary {
  /** The layers, innermost first. */
  readonly layers: readonly LayerSummary[];
  /** How many numbers are learnt, each counted once. */
  readonly parameters: number;
  /** Products that the pass adds up in matrix products and convolutions. */
  readonly multiplyAdds: number;

  /** @internal */
  constructor(data: SummaryData) {
    this.layers = data.layers;
    this.parameters = data.parameters;
    this.multiplyAdds = data.multiplyAdds;
  }

  [DISPLAY](): LiveDisplay {
    const rows = this.layers.map((layer) => [
      layer.path,
      layer.kind,
      `[${layer.output.join(", ")}]`,
      layer.parameters,
      2 * layer.multiplyAdds,
      layer.receptiveField?.join(" × ") ?? "",
    ]);
    return {
      kind: "table",
      columns: ["layer", "kind", "output", "parameters", "FLOPs", "receptive field"],
      rows: [...rows, ["total", "", "", this.parameters, 2 * this.multiplyAdds, ""]],
    };
  }

  toString(): string {
    const lines = this.layers.map(
      ({ path, kind, output, parameters }) => `${path} ${kind} [${output.join(", ")}] ${parameters}`,
    );
    return [...lines, `total ${this.parameters}`].join("\n");
  }
}

/** A plain function as a model: trains it and gives the history, whose `model` has the trained parameters. */
export type Fit = <P extends Record<string, Tensor>>(
  forward: ModelFunction<P>,
  train: Dataset,
  options?: FitOptions & { params?: P },
) => Promise<History>;

export function fit(context: Context): Fit {
  return async (forward, train, options = {}) => {
    const { params, ...rest } = options;
    return Model.fromFunction(context, forward, params).fit(train, rest);
  };
}
