// What a training run came to.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Measure } from "./metrics/measure.ts";
import type { Model } from "./model.ts";
import type { Curve, Displayable } from "./plot.ts";
import { linesDisplay } from "./plot.ts";

/** One step of training. */
export interface StepPoint {
  /** Step of the run, from 1. */
  step: number;
  /** The mean loss of its batch. */
  loss: number;
  /** The share of right answers in its batch, if there are right answers. */
  accuracy?: number;
  /** The norm of each gradient, in the order of the names in `history.watched`, if they were asked for. */
  norms?: number[];
}

/** What an epoch came to. */
export interface EpochReport {
  kind?: "epoch";
  /** Epoch, from 1. */
  epoch: number;
  /** Steps done. */
  step: number;
  /** The mean training loss, measured as it went. */
  loss: number;
  /** The share of right answers, measured as it went. */
  accuracy?: number;
  /** The loss on the validation set after the epoch. */
  valLoss?: number;
  /** The share of right answers on the validation set after the epoch. */
  valAccuracy?: number;
  /** The learning rate of its last step. */
  lr: number;
  /** The seed of the run. */
  seed: number;
  /** Training steps a second. */
  stepsPerSecond?: number;
  /** The figures that `fit` was asked for by `metrics`, by name. */
  metrics?: Record<string, EpochFigure>;
}

/** A figure of an epoch, with its interval. */
export interface EpochFigure {
  /** Over the epoch, measured as it went. */
  training: Measure;
  /** On the validation set after the epoch. */
  validation?: Measure;
}

/** @internal How often samples of each class were taken for each other. */
export interface Tally {
  classes: number;
  counts: number[];
}

/** @internal What the module tells besides. */
export interface Tallied {
  confusion?: Tally;
  valConfusion?: Tally;
}

/** What a live learning rate became. */
export interface LrChange {
  /** The first step that had it, from 1. */
  step: number;
  /** The rate that the schedule went on from. */
  lr: number;
}

/** @internal As the module takes them. */
export function changesOf(changes: readonly LrChange[]): Float64Array {
  return Float64Array.from(changes.flatMap(({ step, lr }) => [step, lr]));
}

/** Everything is prepared, some steps were done, the rate was changed, or an epoch is over. */
export type TrainEvent =
  | { kind: "begin"; steps: number; seed: number; watched?: string[] }
  | { kind: "steps"; epoch: number; step: number; steps: number; lr: number; points: StepPoint[] }
  | (LrChange & { kind: "lrChange" })
  | (EpochReport & { kind: "epoch" });

/** A history as the module gives it. */
export interface HistoryData {
  points: StepPoint[];
  epochs: EpochReport[];
  stopped: boolean;
  restored?: number;
  seed: number;
  lrChanges?: LrChange[];
  watched?: string[];
}

/** What a training run came to; shown as its curve. */
export class History {
  /** Every step. */
  readonly points: readonly StepPoint[];
  /** Every epoch that came to its end. */
  readonly epochs: readonly EpochReport[];
  /** Whether it was stopped before its end. */
  readonly stopped: boolean;
  /** The epoch whose weights the model has now, if early stopping brought the best ones back. */
  readonly restored: number | undefined;
  /** The seed of the run: the same one repeats it. */
  readonly seed: number;
  /** What a live learning rate was from which step on. With these as `lrChanges` of `fit`, and the seed, the run is repeated. */
  readonly lrChanges: readonly LrChange[];
  /** Names of the weights whose gradient norms the points have. */
  readonly watched: readonly string[];

  /** @internal */
  constructor(
    data: HistoryData,
    /** The curve of the run. */
    readonly plot: Curve,
    /** The model that was trained. */
    readonly model: Model,
  ) {
    this.points = data.points;
    this.epochs = data.epochs;
    this.stopped = data.stopped;
    this.restored = data.restored;
    this.seed = data.seed;
    this.lrChanges = data.lrChanges ?? [];
    this.watched = data.watched ?? [];
  }

  /** The last epoch's figures. */
  get last(): EpochReport | undefined {
    return this.epochs.at(-1);
  }

  /** The norm of each weight's gradient over the steps, if `fit` was asked for `gradientNorms`; `plot` has it layer by layer. */
  get gradientNorms(): Displayable {
    const lines = this.watched.map((name, i) => {
      const told = this.points.filter(({ norms }) => Number.isFinite(norms?.[i]));
      return { name, x: told.map(({ step }) => step), y: told.map(({ norms }) => norms?.[i] as number) };
    });
    return { [DISPLAY]: () => linesDisplay(lines, { x: "step", y: "norm of the gradient", log: true }) };
  }

  [DISPLAY](): LiveDisplay {
    return this.plot[DISPLAY]();
  }

  toString(): string {
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const lines = this.epochs.map(({ epoch, loss, accuracy, valLoss, valAccuracy, metrics = {} }) =>
      [
        `epoch ${epoch}: loss ${loss.toFixed(4)}`,
        accuracy === undefined ? "" : `accuracy ${percent(accuracy)}`,
        valLoss === undefined ? "" : `validation loss ${valLoss.toFixed(4)}`,
        valAccuracy === undefined ? "" : `accuracy ${percent(valAccuracy)}`,
        ...Object.values(metrics).map(({ training, validation }) => (validation ?? training).sentence),
      ]
        .filter(Boolean)
        .join(", "),
    );
    const changes = this.lrChanges.map(
      ({ step, lr }) => `from step ${step} on lr ${Number(lr.toPrecision(4))}`,
    );
    return [`seed ${this.seed}${this.stopped ? ", stopped" : ""}`, ...lines, ...changes].join("\n");
  }
}
