// Models: anything with parameters that maps a tensor to a tensor, and how it is trained, scored and used.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import { Variable } from "./compile.ts";
import type { Context, ModelHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import { sizes } from "./create.ts";
import { Dataset } from "./dataset.ts";
import type { EpochReport, HistoryData, TrainEvent } from "./history.ts";
import { History } from "./history.ts";
import type { Loss } from "./losses.ts";
import { lossArgument } from "./losses.ts";
import type { Schedule } from "./optim.ts";
import { Optimizer } from "./optim.ts";
import { Curve } from "./plot.ts";
import { list, Tensor } from "./tensor.ts";
import type { Saved, SaveOptions } from "./weights.ts";
import { listFiles, loadTensors, SAVE_OPTIONS, saveRequest, saveTensors } from "./weights.ts";

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
  /** What the schedule counts; "epoch". */
  scheduleUnit?: "epoch" | "step";
  /** Whether each epoch has a random order; yes. */
  shuffle?: boolean;
  /** What becomes of samples that do not fill a batch; "keep". */
  remainder?: "keep" | "drop";
  /** The largest common norm of all gradients. */
  clipNorm?: number;
  /** The largest magnitude of an entry of a gradient. */
  clipValue?: number;
  /** Pull of the weights towards 0, in place of the optimiser's own. */
  weightDecay?: number;
  /** Stop when the validation loss (the training loss without a validation set) no longer falls. */
  earlyStopping?: { patience?: number; minDelta?: number; restoreBest?: boolean };
  /** After every epoch the run is written to this file, such as "run.safetensors": weights, optimiser, step, seed and history. */
  checkpoint?: string;
  /** Whether it goes on from that file, if there is one: the curve is the same as without the break. No. */
  resume?: boolean;
  /** Called after every epoch; to give false stops the run. */
  onEpoch?: (report: EpochReport) => unknown;
}

/** @internal A layer by kind and options, or models in a row. */
export type Recipe =
  | { readonly kind: string; readonly options: unknown }
  | { readonly row: readonly Model[] };

/** Options of a forward pass. */
export interface ForwardOptions {
  /** Whether dropout and the like are on, and running statistics move; no. */
  training?: boolean;
}

/** How well a model does. */
export interface Score {
  /** The mean loss. */
  loss: number;
  /** The share of right answers, if there are right answers. */
  accuracy?: number;
}

const FIT_OPTIONS = [
  "epochs",
  "batchSize",
  "optimizer",
  "loss",
  "validation",
  "seed",
  "plot",
  "schedule",
  "scheduleUnit",
  "shuffle",
  "remainder",
  "clipNorm",
  "clipValue",
  "weightDecay",
  "earlyStopping",
  "checkpoint",
  "resume",
  "onEpoch",
];

/** A function with parameters: a layer or a whole network. */
export class Model {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: ModelHandle,
    /** @internal The same with nothing drawn yet. */
    readonly anew: () => ModelHandle,
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

  /** @internal Models one after the other. */
  static inRow(context: Context, models: readonly Model[]): Model {
    const row = (handles: ModelHandle[]) => {
      const layers = new context.wasm.Layers();
      for (const handle of handles) layers.push(handle);
      return layers.sequential();
    };
    const make = () => row(models.map((model) => model.anew()));
    return new Model(context, row(models.map(({ handle }) => handle)), make, { row: models });
  }

  /** What it is, in one word. */
  get kind(): string {
    return this.handle.kind;
  }

  /** What it makes of x, as part of a larger computation. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const { context, handle } = this;
    context.wasm.checkNames("forward", options, ["training"]);
    if (!options.training) return new Tensor(context, handle.forward(x.handle, 0));
    return new Tensor(
      context,
      handle.forwardTraining(x.handle, context.trace.active ? 0 : seedOf(context, undefined)),
    );
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
    return Array.from(this.handle.build(sizes("build", input), seedOf(this.context, options.seed)));
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
    const { optimizer, loss, validation, seed: given, plot, checkpoint, resume, onEpoch, ...rest } = options;
    if (optimizer !== undefined && !(optimizer instanceof Optimizer)) {
      throw argumentError("fit: optimizer must be one of optim's, such as optim.adam({ lr: 0.001 })");
    }
    if (validation !== undefined && !(validation instanceof Dataset))
      throw argumentError("fit: validation must be a data set");
    if (plot !== undefined && !(plot instanceof Curve))
      throw argumentError("fit: plot must be a curve, such as plot.curve()");
    if (resume && checkpoint === undefined)
      throw argumentError(
        'fit: resume goes with checkpoint, the file to go on from, such as "run.safetensors"',
      );
    const before = resume && checkpoint !== undefined ? await loadRun(context, checkpoint) : undefined;
    train.use("training");
    validation?.use("validation");
    const seed = seedOf(context, given ?? before?.history.seed);
    const asked = lossArgument(context, loss);
    const settings = {
      ...rest,
      seed,
      ...(optimizer && { optimiser: { kind: optimizer.kind, ...optimizer.options } }),
      ...(optimizer?.lr !== undefined && { lr: optimizer.lr }),
      ...(asked !== undefined && typeof asked !== "function" && { loss: asked }),
    };
    const curve = plot ?? new Curve();
    curve.begin(validation !== undefined);
    if (before) showRun(curve, before.history);
    let stop = false;
    // A stop may come while nothing of the run is at the other end.
    const end = () => {
      stop = true;
    };
    const listen = (event: TrainEvent) => {
      if (event.kind === "begin") queueMicrotask(() => context.parametersMoved?.());
      // The module is in the middle of its work: what the reader wants to do with the news comes after.
      queueMicrotask(() => {
        curve.show(event);
        if (event.kind === "epoch" && onEpoch?.(event) === false) stop = true;
      });
      return stop;
    };
    const custom = typeof asked === "function" ? asked : undefined;
    const handle = validation?.handle.clone();
    context.runs.add(end);
    try {
      const { session } = context;
      const save = checkpoint === undefined ? undefined : (run: HistoryData) => saveRun(checkpoint, run);
      const from = before && resumed(context, before);
      const { wasm } = context;
      const run = wasm.fit(session, this.handle, train.handle, handle, settings, custom, listen, save, from);
      return new History((await run) as HistoryData, curve, this);
    } finally {
      context.runs.delete(end);
    }
  }

  /** Its loss and accuracy on a data set. */
  async evaluate(data: Dataset, options: { loss?: Loss; batchSize?: number } = {}): Promise<Score> {
    this.context.wasm.checkNames("evaluate", options, ["loss", "batchSize"]);
    if (!(data instanceof Dataset)) throw argumentError("evaluate: the first argument must be a data set");
    const loss = lossArgument(this.context, options.loss);
    const { context } = this;
    const batchSize = options.batchSize ?? 256;
    const score = await context.wasm.evaluate(context.session, this.handle, data.handle, loss, batchSize);
    // One that failed told nothing.
    data.use("scoring");
    return score as Score;
  }

  /** What it makes of every sample, a batch at a time: [N, …] to [N, …]. */
  async predict(x: Tensor | Dataset, options: { batchSize?: number } = {}): Promise<Tensor> {
    this.context.wasm.checkNames("predict", options, ["batchSize"]);
    const input = x instanceof Dataset ? x.x : x;
    if (!(input instanceof Tensor)) throw argumentError("predict: expected a tensor or a data set");
    if (x instanceof Dataset) x.use("scoring");
    const { context } = this;
    const output = await context.wasm.predict(
      context.session,
      this.handle,
      input.handle,
      options.batchSize ?? 256,
    );
    return new Tensor(context, output as Tensor["handle"]);
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
    const sketch = sketchOf(this);
    const metadata = { ...(sketch && { gradbook: JSON.stringify(sketch) }), ...options.metadata };
    return saveTensors(context, name, tensors, { ...options, metadata });
  }

  /** Takes the parameters from a file: every one by its name, none left over. Errors: they do not fit; then nothing has changed. */
  async load(name: string): Promise<this> {
    const { context } = this;
    const { tensors, metadata } = await loadTensors(context, name);
    const input = metadata.gradbook === undefined ? undefined : inputOf(readSketch(name, metadata.gradbook));
    if (this.handle.parameterNames().length === 0 && input) this.build(input, { seed: 0 });
    this.handle.load(Object.keys(tensors), list(context, Object.values(tensors)));
    context.parametersMoved?.();
    return this;
  }

  /** Its layers, with shapes and numbers of parameters, for an input shape with the batch axis such as [1, 1, 28, 28]. */
  summary(input: readonly number[]): Summary {
    // Looking must not draw the weights: their seed comes with `fit`.
    const model = this.handle.parameterNames().length > 0 ? this.handle : this.anew();
    return new Summary(model.summary(sizes("summary", input)) as SummaryData);
  }

  [DISPLAY](): LiveDisplay {
    const names = this.handle.parameterNames();
    const parameters = names.length > 0 ? `${names.length} parameters` : "parameters not drawn yet";
    return { kind: "text", text: `${this.kind} (${parameters})` };
  }
}

/** A run that was broken off. */
interface Run {
  history: HistoryData;
  names: string[];
  values: ReturnType<typeof list>;
}

/** The run in a checkpoint; none if there is no such file. */
async function loadRun(context: Context, file: string): Promise<Run | undefined> {
  if (!(await listFiles(context)).some(({ name }) => name === file)) return undefined;
  const { tensors, metadata } = await loadTensors(context, file);
  if (metadata[RUN] === undefined)
    throw argumentError(`fit: ${file} is no checkpoint: it does not say how a run went`);
  const history = JSON.parse(metadata[RUN]) as HistoryData;
  if (!Number.isInteger(history?.seed) || !Array.isArray(history.points) || !Array.isArray(history.epochs))
    throw argumentError(`fit: what ${file} says of its run cannot be read`);
  return { history, names: Object.keys(tensors), values: list(context, Object.values(tensors)) };
}

/** The same for the module, which takes numbers. */
function resumed({ wasm }: Context, { names, values, history: { seed, points, epochs } }: Run) {
  const number = (value: number | undefined) => value ?? Number.NaN;
  const steps = points.flatMap(({ step, loss, accuracy }) => [step, loss, number(accuracy)]);
  const reports = epochs.flatMap((report) => [
    report.epoch,
    report.step,
    report.loss,
    number(report.accuracy),
    number(report.valLoss),
    number(report.valAccuracy),
    report.lr,
    number(report.stepsPerSecond),
  ]);
  return new wasm.Resume(names, values, seed, Float64Array.from(steps), Float64Array.from(reports));
}

function saveRun(file: string, history: HistoryData): string {
  return saveRequest(file, { metadata: { [RUN]: JSON.stringify(history) } });
}

const RUN = "gradbook.run";

/** Draws what a run came to before it was broken off. */
function showRun(curve: Curve, { points, epochs }: HistoryData): void {
  const last = epochs.at(-1);
  if (!last) return;
  const { epoch, step, lr } = last;
  curve.show({ kind: "steps", epoch, step, steps: step, lr, points });
  for (const report of epochs) curve.show({ kind: "epoch", ...report });
}

/** How a network is built: a layer with its options and the input that it was drawn for, or a row. */
type Sketch = { kind: string; options?: unknown; input: number[] } | { row: Sketch[] };

/** None of a model that is a function, or has one in it. */
function sketchOf(model: Model): Sketch | undefined {
  const { recipe, handle } = model;
  if (!recipe) return undefined;
  if (!("row" in recipe)) return { ...recipe, input: Array.from(handle.input) };
  const row = recipe.row.map(sketchOf);
  return row.every((part) => part !== undefined) ? { row } : undefined;
}

/** What comes from a file may be anything. */
function readSketch(file: string, text: string): Sketch {
  const isSketch = (value: unknown, depth = 0): value is Sketch => {
    if (typeof value !== "object" || value === null || depth > 100) return false;
    if ("row" in value)
      return Array.isArray(value.row) && value.row.every((part) => isSketch(part, depth + 1));
    const { kind, input } = value as { kind?: unknown; input?: unknown };
    return (
      typeof kind === "string" && Array.isArray(input) && input.every((size) => Number.isSafeInteger(size))
    );
  };
  try {
    const sketch: unknown = JSON.parse(text);
    if (isSketch(sketch)) return sketch;
  } catch {
    // The same as something else that is no network.
  }
  throw argumentError(`${file}: what it says of how the network is built cannot be read`);
}

/** The input of the whole. */
function inputOf(sketch: Sketch): number[] | undefined {
  if (!("row" in sketch)) return sketch.input.length > 0 ? sketch.input : undefined;
  return sketch.row.length > 0 ? inputOf(sketch.row[0] as Sketch) : undefined;
}

function fromSketch(context: Context, sketch: Sketch): Model {
  if ("row" in sketch)
    return Model.inRow(
      context,
      sketch.row.map((part) => fromSketch(context, part)),
    );
  const { kind, options } = sketch;
  const make = () => context.wasm.Model.layer(kind, options);
  return new Model(context, make(), make, { kind, options });
}

/** @internal The network that a file holds, as `save` wrote it. */
export async function loadModel(context: Context, name: string): Promise<Model> {
  const { tensors, metadata } = await loadTensors(context, name);
  if (metadata.gradbook === undefined)
    throw argumentError(
      `${name} does not say how its network is built; make the model yourself and call model.load("${name}")`,
    );
  const sketch = readSketch(name, metadata.gradbook);
  const model = fromSketch(context, sketch);
  const input = inputOf(sketch);
  if (input) model.build(input, { seed: 0 });
  model.handle.load(Object.keys(tensors), list(context, Object.values(tensors)));
  return model;
}

interface SummaryData {
  layers: { path: string; kind: string; input: number[]; output: number[]; parameters: number }[];
  parameters: number;
}

/** The layers of a model, as a table. */
export class Summary {
  /** The layers, innermost first. */
  readonly layers: SummaryData["layers"];
  /** How many numbers are learnt, each counted once. */
  readonly parameters: number;

  /** @internal */
  constructor(data: SummaryData) {
    this.layers = data.layers;
    this.parameters = data.parameters;
  }

  [DISPLAY](): LiveDisplay {
    const rows = this.layers.map(({ path, kind, output, parameters }) => [
      path,
      kind,
      `[${output.join(", ")}]`,
      parameters,
    ]);
    return {
      kind: "table",
      columns: ["layer", "kind", "output", "parameters"],
      rows: [...rows, ["total", "", "", this.parameters]],
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
