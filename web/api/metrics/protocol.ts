// How to come by an honest figure: more or fewer samples to learn from, and settings that are chosen apart from what they are judged on.

import type { CurveDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError, seedOf } from "../context.ts";
import { Dataset } from "../dataset.ts";
import { hostModule } from "../host.ts";
import type { FitOptions } from "../model.ts";
import { FIT_OPTIONS, Model } from "../model.ts";
import type { Grid, Point } from "../sweep.ts";
import { type Sweep, sweep } from "../sweep.ts";
import { countedOf } from "./figures.ts";
import { judged } from "./judged.ts";
import type { Metric } from "./measure.ts";
import { digits, Measure, methodsText } from "./measure.ts";

/** Options of a learning curve: those of `fit`, which are the same for every size, and more. */
export interface LearningCurveOptions
  extends Omit<FitOptions, "validation" | "checkpoint" | "resume" | "plot"> {
  /** How many samples to learn from; by default eight sizes, doubled each time, up to all. */
  sizes?: readonly number[];
  /** Told after each size. */
  onSize?: (point: LearningPoint) => void;
}

/** What came of learning from so many samples. */
export interface LearningPoint {
  size: number;
  /** On what was learnt from. */
  training: Measure;
  /** On samples that were not. */
  validation: Measure;
}

let curves = 0;

/** Accuracy by the number of samples that were learnt from; shown as a curve with intervals. */
export class LearningCurve {
  /** @internal */
  constructor(
    /** From few samples to many. */
    readonly points: readonly LearningPoint[],
  ) {}

  [DISPLAY](): CurveDisplay & LiveDisplay {
    const x = this.points.map(({ size }) => size);
    const line = (series: number, of: (point: LearningPoint) => Measure) => {
      const measures = this.points.map(of);
      const percent = (value: number | undefined) => 100 * (value ?? Number.NaN);
      return {
        panel: 0,
        series,
        x,
        y: measures.map(({ value }) => percent(value)),
        low: measures.map(({ interval }) => percent(interval?.low)),
        high: measures.map(({ interval }) => percent(interval?.high)),
      };
    };
    return {
      kind: "curve",
      id: `learning-${++curves}`,
      title: `Accuracy by the number of training samples (${methodsText(this.points.flatMap(({ training, validation }) => [training, validation])) || "no interval"})`,
      x: { label: "training samples" },
      panels: [
        {
          label: "accuracy",
          unit: "%",
          series: [{ name: "training" }, { name: "validation", style: "line" }],
        },
      ],
      points: [line(0, ({ training }) => training), line(1, ({ validation }) => validation)],
    };
  }

  toString(): string {
    return this.points
      .map(({ size, training, validation }) => `${size}: training ${training}, validation ${validation}`)
      .join("\n");
  }
}

export async function learningCurve(
  context: Context,
  make: () => Model,
  train: Dataset,
  validation: Dataset,
  options: LearningCurveOptions = {},
): Promise<LearningCurve> {
  const what = "metrics.learningCurve";
  const own = FIT_OPTIONS.filter((name) => !["validation", "checkpoint", "resume", "plot"].includes(name));
  context.wasm.checkNames(what, options, [...own, "sizes", "onSize"]);
  if (typeof make !== "function" || !(train instanceof Dataset && validation instanceof Dataset))
    throw argumentError(`${what}: expected a function that gives a new model, and two data sets`);
  const { sizes = doubled(train.length), onSize, ...rest } = options;
  for (const size of sizes)
    if (!Number.isInteger(size) || size < 1 || size > train.length)
      throw argumentError(`${what}: a size is ${size}; expected whole numbers from 1 to ${train.length}`);
  const seed = seedOf(context, rest.seed);
  const host = await hostModule(context);
  validation.open("learningCurve", "training");
  const [shuffled, held] = [train.shuffle({ seed }), validation.unlocked()];
  const points: LearningPoint[] = [];
  await untilStopped(context, async (isStopped) => {
    for (const size of [...sizes].sort((a, b) => a - b)) {
      const part = shuffled.take(size);
      const model = make();
      if (!(model instanceof Model))
        throw argumentError(`${what}: the function must give a new model, such as () => nn.mlp()`);
      await model.fit(part, { ...rest, seed });
      // What a stopped run says is not what the size is worth.
      if (isStopped()) return;
      const accuracy = async (set: Dataset) => {
        const given = await judged(context, what, await model.predict(set), set);
        return countedOf(host, "accuracy", given);
      };
      const point = { size, training: await accuracy(part), validation: await accuracy(held) };
      points.push(point);
      onSize?.(point);
    }
  });
  return new LearningCurve(points);
}

function doubled(most: number): number[] {
  const sizes = Array.from({ length: 8 }, (_, i) => Math.round(most / 2 ** (7 - i)));
  return [...new Set(sizes.filter((size) => size >= Math.min(10, most)))];
}

/** The fold of each sample, so that a group is in one. */
export async function groupFolds(
  context: Context,
  groups: Int32Array,
  k: number,
  seed: number,
): Promise<Uint32Array> {
  return (await hostModule(context)).folds(groups.length, k, undefined, groups, seed);
}

/** Options of nested selection. */
export interface NestedOptions {
  /** Folds that the chosen settings are judged on, each once; 5. */
  outer?: number;
  /** Folds of the rest that settings are chosen by; 3. */
  inner?: number;
  /** Which of the numbers that the experiment gives is looked at; the first. */
  score?: string;
  /** Whether it is to be large or small; "max". */
  direction?: "min" | "max";
  /** Folds follow from it. */
  seed?: number;
}

/** What came of one outer fold. */
export interface NestedFold<G extends Grid = Grid> {
  /** The settings that were best on the inner folds. */
  chosen: Point<G>;
  /** The mean of their inner scores: what chooses is too hopeful. */
  inner: number;
  /** Their score on the outer fold, which nothing was chosen by. */
  outer: number;
  /** What all settings scored on the inner folds. */
  sweep: Sweep<G>;
}

/** What settings chosen by cross-validation are worth; shown as a table. */
export class NestedSelection<G extends Grid = Grid> {
  /** @internal */
  constructor(
    readonly folds: readonly NestedFold<G>[],
    /** The mean over the outer folds, with an interval by Student's t. */
    readonly score: Measure,
  ) {}

  [DISPLAY](): LiveDisplay {
    const names = Object.keys(this.folds[0]?.chosen ?? {});
    return {
      kind: "table",
      columns: ["outer fold", ...names, "inner score (chosen by)", "outer score"],
      rows: this.folds.map(({ chosen, inner, outer }, i) => [
        i + 1,
        ...names.map((name) => String(chosen[name])),
        Number(digits(inner)),
        Number(digits(outer)),
      ]),
      note: `${this.score.sentence}; n counts folds.`,
    };
  }

  toString(): string {
    const lines = this.folds.map(
      ({ chosen, inner, outer }, i) =>
        `fold ${i + 1}: ${JSON.stringify(chosen)}, inner ${digits(inner)}, outer ${digits(outer)}`,
    );
    return [...lines, `mean ${this.score}`].join("\n");
  }
}

/** Judges settings on a fold: trains on one set, scores on the other. */
export type Experiment<G extends Grid> = (
  point: Point<G>,
  fold: { train: Dataset; validation: Dataset },
) => Promise<number | Measure | Record<string, number>>;

export async function nested<G extends Grid>(
  context: Context,
  data: Dataset,
  grid: G,
  experiment: Experiment<G>,
  options: NestedOptions = {},
): Promise<NestedSelection<G>> {
  const what = "metrics.nested";
  context.wasm.checkNames(what, options, ["outer", "inner", "score", "direction", "seed"]);
  if (!(data instanceof Dataset) || typeof experiment !== "function")
    throw argumentError(`${what}: expected a data set, a grid and a function that trains and scores`);
  const { outer = 5, inner = 3, direction = "max" } = options;
  const seed = seedOf(context, options.seed);
  const host = await hostModule(context);
  const score = async (point: Point<G>, fold: { train: Dataset; validation: Dataset }) => {
    const given = await experiment(point, fold);
    if (typeof given === "number" || given instanceof Measure) return Number(given);
    const name = options.score ?? Object.keys(given)[0] ?? "";
    const value = given[name];
    if (typeof value !== "number")
      throw argumentError(`${what}: the experiment gave no number called ${name}`);
    return value;
  };
  const mean = (values: readonly number[]) => host.meanOf(Float64Array.from(values), {}).value ?? Number.NaN;
  const folds: NestedFold<G>[] = [];
  await untilStopped(context, async (isStopped) => {
    for (const { train, validation } of await data.stratifiedKFold(outer, { seed })) {
      const parts = await train.stratifiedKFold(inner, { seed });
      const tried = await sweep(context)(grid, async (point) => {
        const scores: number[] = [];
        for (const part of parts) scores.push(await score(point, part));
        return { score: mean(scores) };
      });
      if (isStopped()) return;
      const best = tried.best("score", direction);
      const judgedOn = await score(best.point, { train, validation });
      if (isStopped()) return;
      folds.push({ chosen: best.point, inner: best.scores.score as number, outer: judgedOn, sweep: tried });
    }
  });
  const found = host.meanOf(
    Float64Array.from(folds, ({ outer }) => outer),
    {},
  );
  const metric: Metric = {
    name: "score",
    title: "Mean of the outer scores",
    direction: direction === "max" ? "higher" : "lower",
    unit: "share",
  };
  return new NestedSelection(folds, new Measure({ metric, ...found }));
}

/** A stop ends what runs, and what would come after it. */
async function untilStopped(
  context: Context,
  body: (isStopped: () => boolean) => Promise<void>,
): Promise<void> {
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  context.runs.add(stop);
  try {
    await body(() => stopped);
  } finally {
    context.runs.delete(stop);
  }
}
