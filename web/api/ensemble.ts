// Networks that decide together (course section 6.5): their errors differ, so the mean of what they say is right more often than one of them.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { History } from "./history.ts";
import type { NamedTensors } from "./inputs.ts";
import type { Loss } from "./losses.ts";
import { lossArgument } from "./losses.ts";
import type { FitOptions, Score, TrainingRun } from "./model.ts";
import { FIT_OPTIONS, Model } from "./model.ts";
import { list, Tensor } from "./tensor.ts";

/** Options of an ensemble. */
export interface EnsembleOptions {
  /** What the mean is of: what softmax makes of the members' outputs, or the outputs themselves, as for numbers; "probabilities". */
  mean?: "probabilities" | "logits";
}

/** Options of an ensemble of folds: those of `fit`, which are the same for every member, and some more. */
export interface FoldsOptions
  extends Omit<FitOptions, "validation" | "checkpoint" | "resume" | "plot">,
    EnsembleOptions {
  /** How many parts there are, and members; 5. */
  k?: number;
  /** Whether each part has the same share of each class; no. */
  stratified?: boolean;
}

/** Makes ensembles. */
export interface MakeEnsemble {
  /**
   * Models that decide together; each is trained before, or on its own:
   *
   * ```js
   * const team = ensemble([a, b, c])
   * await team.evaluate(test)
   * ```
   */
  (models: readonly Model[], options?: EnsembleOptions): Ensemble;
  /**
   * K-fold: member i learns from all parts of the data but the i-th, which it is validated on. `make` gives a new model; member i has the seed
   * `seed + i`. A stop leaves out the members that have not learnt to their end. Errors: `make` gives a model that it gave before, which would
   * be validated on what it has learnt.
   */
  kFold(make: () => Model, data: Dataset, options?: FoldsOptions): Promise<Ensemble>;
}

/** Models that decide together: a model like any other, except that its members learn one by one. */
export class Ensemble extends Model {
  /** @internal */
  constructor(
    context: Context,
    /** The models. */
    readonly members: readonly Model[],
    private readonly mean: "probabilities" | "logits",
    /** How each member was trained, if it was on folds; its last epoch has the score on the part that was held back. */
    readonly histories: readonly History[] = [],
  ) {
    const together = (x: Tensor["handle"]) =>
      joined(
        members.map((member) => member.forward(new Tensor(context, x))),
        mean,
      ).handle.clone();
    const make = () => context.wasm.Model.function(together, [], list(context, []));
    super(context, make(), make);
  }

  /** How its members were trained. */
  override get runs(): readonly TrainingRun[] {
    return this.members.flatMap(({ runs }) => runs);
  }

  /** The mean of the members' probabilities, [N, C], or of their outputs; `forward` gives the logarithm of the probabilities. */
  override async predict(
    x: Tensor | Dataset | NamedTensors,
    options: { batchSize?: number } = {},
  ): Promise<Tensor> {
    const scores = await super.predict(x, options);
    return this.mean === "probabilities" ? scores.exp() : scores;
  }

  /** Members learn one by one, before they are put together. */
  override fit(): Promise<never> {
    return Promise.reject(argumentError("fit: train the members, or use ensemble.kFold"));
  }

  /** Each member by itself, and the first 1, 2, … of them together. */
  async compare(data: Dataset, options: { loss?: Loss; batchSize?: number } = {}): Promise<Comparison> {
    const { context, members } = this;
    context.wasm.checkNames("compare", options, ["loss", "batchSize"]);
    if (!(data instanceof Dataset)) throw argumentError("compare: the first argument must be a data set");
    const loss = lossArgument(context, options.loss) ?? { kind: "crossEntropy" };
    const { batchSize = 256 } = options;
    const { y } = data;
    // It is used once, whatever the number of members.
    const takeBack = data.open("compare");
    const unlocked = data.unlocked();
    const outputs: Tensor[] = [];
    try {
      for (const member of members) outputs.push(await member.predict(unlocked, { batchSize }));
    } catch (error) {
      takeBack();
      throw error;
    }
    const teams = outputs.map((_, i) => joined(outputs.slice(0, i + 1), this.mean));
    const areClasses = y.dtype === "i32" && y.rank === 1;
    const figures = [...outputs, ...teams].flatMap((scores) => {
      const value = new Tensor(context, context.wasm.lossOf(loss, undefined, scores.handle, y.handle));
      return areClasses ? [value, scores.argmax(1).eq(y).cast("f32").mean()] : [value];
    });
    const stacked = context.wasm.Tensor.stack(list(context, figures), 0);
    const numbers = Array.from(await new Tensor(context, stacked).data());
    const each = numbers.length / (2 * members.length);
    const score = (i: number): Score => {
      const [value = Number.NaN, accuracy] = numbers.slice(i * each, (i + 1) * each);
      return accuracy === undefined ? { loss: value } : { loss: value, accuracy };
    };
    const indices = [...members.keys()];
    return new Comparison(
      indices.map(score),
      indices.map((i) => score(members.length + i)),
    );
  }
}

/** The scores of single models beside those of ensembles; shown as a picture. */
export class Comparison {
  /** @internal */
  constructor(
    /** Each member by itself. */
    readonly members: readonly Score[],
    /** The first 1, 2, … of them together; the last one is the ensemble. */
    readonly together: readonly Score[],
  ) {}

  [DISPLAY](): LiveDisplay {
    const { members, together } = this;
    const x = members.map((_, i) => i + 1);
    const series = [
      { name: "single member", style: "dots" as const },
      { name: "the first so many together", style: "line" as const },
    ];
    const shown = [
      { label: "loss", unit: undefined, of: (score: Score) => score.loss },
      { label: "accuracy", unit: "%", of: ({ accuracy }: Score) => 100 * (accuracy ?? Number.NaN) },
    ].slice(0, members[0]?.accuracy === undefined ? 1 : 2);
    return {
      kind: "curve",
      id: `ensemble-${++comparisons}`,
      x: { label: "members" },
      panels: shown.map(({ label, unit }) => ({ label, ...(unit && { unit }), series })),
      points: shown.flatMap(({ of }, panel) => [
        { panel, series: 0, x, y: members.map(of) },
        { panel, series: 1, x, y: together.map(of) },
      ]),
    };
  }

  toString(): string {
    const text = ({ loss, accuracy }: Score) =>
      `loss ${loss.toFixed(4)}${accuracy === undefined ? "" : `, accuracy ${(100 * accuracy).toFixed(1)} %`}`;
    const lines = this.members.map((score, i) => `member ${i + 1}: ${text(score)}`);
    const whole = this.together.at(-1);
    return [...lines, ...(whole ? [`together: ${text(whole)}`] : [])].join("\n");
  }
}

let comparisons = 0;

const FOLDS_OPTIONS = [
  ...FIT_OPTIONS.filter((name) => !["validation", "checkpoint", "resume", "plot"].includes(name)),
  "k",
  "stratified",
  "mean",
];

export function ensemble(context: Context): MakeEnsemble {
  const { wasm } = context;
  const meanOf = (what: string, { mean = "probabilities" }: EnsembleOptions) => {
    if (mean !== "probabilities" && mean !== "logits")
      throw argumentError(`${what}: mean is ${String(mean)}; expected "probabilities" or "logits"`);
    return mean;
  };
  const of = (models: readonly Model[], options: EnsembleOptions = {}) => {
    wasm.checkNames("ensemble", options, ["mean"]);
    if (!Array.isArray(models) || models.length === 0 || !models.every((model) => model instanceof Model))
      throw argumentError("ensemble: expected a list of models");
    return new Ensemble(context, [...models], meanOf("ensemble", options));
  };
  const kFold: MakeEnsemble["kFold"] = async (make, data, options = {}) => {
    if (typeof make !== "function" || !(data instanceof Dataset))
      throw argumentError("kFold: expected a function that gives a new model, and a data set");
    wasm.checkNames("kFold", options, FOLDS_OPTIONS);
    const { k = 5, stratified = false, mean, ...rest } = options;
    const whole = meanOf("kFold", { ...(mean && { mean }) });
    const seed = rest.seed ?? wasm.randomSeed();
    const folds = stratified ? await data.stratifiedKFold(k, { seed }) : data.kFold(k, { seed });
    const histories: History[] = [];
    const made = () => {
      const model = make();
      if (!(model instanceof Model) || histories.some((history) => history.model === model))
        throw argumentError("kFold: the function must give a new model each time, such as () => nn.mlp()");
      return model;
    };
    let isStopped = false;
    const stop = () => {
      isStopped = true;
    };
    context.runs.add(stop);
    try {
      for (const [i, { train, validation }] of folds.entries()) {
        const history = await made().fit(train, { ...rest, seed: (seed + i) % 2 ** 32, validation });
        // A member that did not learn to its end is none.
        if (isStopped) break;
        histories.push(history);
      }
    } finally {
      context.runs.delete(stop);
    }
    if (histories.length === 0)
      throw argumentError("kFold: it was stopped before the first member had learnt");
    return new Ensemble(
      context,
      histories.map(({ model }) => model),
      whole,
      histories,
    );
  };
  return Object.assign(of, { kFold });
}

/** The mean of what models say; of probabilities its logarithm, which is to a loss what one model's outputs are. */
function joined(outputs: readonly Tensor[], mean: "probabilities" | "logits"): Tensor {
  const [first] = outputs;
  if (!first) throw argumentError("ensemble: there are no models");
  const stack = (tensors: readonly Tensor[]) =>
    new Tensor(first.context, first.context.wasm.Tensor.stack(list(first.context, tensors), 0));
  if (mean === "logits") return stack(outputs).mean(0);
  if (first.shape[1] === 1)
    throw argumentError(
      `ensemble: its models give one number for each sample, [${first.shape.join(", ")}], of which softmax always makes 1; write { mean: "logits" }`,
    );
  return stack(outputs.map((logits) => logits.logSoftmax(1)))
    .logsumexp(0)
    .sub(Math.log(outputs.length));
}
