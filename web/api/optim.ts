// Optimisers and learning rate schedules, as options of `fit`.

import { DISPLAY } from "../display/schema.ts";
import type { Variable } from "./compile.ts";
import { tensorOf } from "./compile.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { Displayable } from "./plot.ts";
import { linesDisplay } from "./plot.ts";
import type { Operand, Tensor } from "./tensor.ts";
import { list } from "./tensor.ts";

/** An optimiser and its options. `fit` begins with fresh averages; steps of the reader's own keep them here. */
export class Optimizer {
  readonly #handle: InstanceType<Context["wasm"]["Optimizer"]>;

  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** Which rule it is. */
    readonly kind: string,
    /** @internal */
    readonly rate: number | LiveNumber | undefined,
    /** @internal */
    readonly options: object,
  ) {
    this.#handle = new context.wasm.Optimizer(kind, options);
  }

  /** The learning rate; the rule's usual one if undefined. */
  get lr(): number | undefined {
    return this.rate === undefined ? undefined : numberOf(this.rate);
  }

  /**
   * One step of the parameters down the gradient of a loss (one number), such as `optimizer.minimize(loss, model.weights)`.
   * Parameters that it does not depend on stay as they are.
   */
  minimize(loss: Tensor, params: readonly Variable[], options: StepOptions = {}): void {
    const rest = this.#settings("minimize", params, options);
    this.#settle(this.#handle.minimize(loss.handle, ...rest), [loss]);
  }

  /** One step of the parameters by gradients, one for each. */
  apply(grads: readonly Tensor[], params: readonly Variable[], options: StepOptions = {}): void {
    const rest = this.#settings("apply", params, options);
    this.#settle(this.#handle.apply(list(this.context, grads), ...rest), grads);
  }

  #settings(what: string, params: readonly Variable[], options: StepOptions) {
    const { wasm } = this.context;
    wasm.checkNames(what, options, ["lr", "clipNorm", "clipValue"]);
    if (!Array.isArray(params))
      throw argumentError(`${what}: expected an array of variables, such as model.weights`);
    const variables = new wasm.Variables();
    for (const { handle } of params) variables.push(handle);
    const live = typeof this.rate === "object" && options.lr === undefined;
    if (live && this.context.trace.active)
      throw argumentError(
        `${what}: in a compiled function a live lr would stay what it is now; pass it as an argument and on in { lr }`,
      );
    if (live && !(Number.isFinite(this.lr) && Number(this.lr) >= 0))
      throw argumentError(`${what}: the live lr is ${this.lr} now; it must not be negative`);
    const lr = tensorOf(this.context, options.lr ?? this.lr ?? this.#handle.lr);
    return [variables, lr.handle, options.clipNorm, options.clipValue] as const;
  }

  /** Outside of a compiled function what changed is computed now: else the graph would grow with each step. */
  #settle(changed: ReturnType<typeof list>, also: readonly Tensor[]): void {
    if (this.context.trace.active) return;
    for (const { handle } of also) changed.push(handle);
    // An error comes with the first read.
    this.context.session.evaluate(changed).catch(() => {});
  }
}

/** Options of one step. */
export interface StepOptions {
  /** The learning rate of this step, in place of the optimiser's: a number, or a tensor without axes such as an argument. */
  lr?: Operand;
  /** The largest common norm of all gradients. */
  clipNorm?: number;
  /** The largest magnitude of an entry of a gradient. */
  clipValue?: number;
}

/** A number that may change at any time, such as one of the page's inputs: whatever has a number as its `value`. */
export interface LiveNumber {
  readonly value: number;
}

/** What all optimisers take. */
export interface OptimizerOptions {
  /** The learning rate. A live one is looked at before each slice of a run, some tens of milliseconds. */
  lr?: number | LiveNumber;
  /** Pull of the weights towards 0. */
  weightDecay?: number;
}

/** Options of the Adam family. */
export interface AdamOptions extends OptimizerOptions {
  /** How slowly the averages of gradients and squares follow; [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Keeps the denominator away from 0; 1e-8. */
  eps?: number;
}

/** Options of stochastic gradient descent. */
export interface SgdOptions extends OptimizerOptions {
  /** The share of the velocity that stays; 0. */
  momentum?: number;
  /** The share of a gradient that does not enter the velocity; 0. */
  dampening?: number;
  /** Whether the gradient is looked at where the velocity leads; no. */
  nesterov?: boolean;
  /** Whether weight decay acts on the weights instead of the gradients; no. */
  decoupled?: boolean;
  /**
   * What momentum means: PyTorch's formula, w ← w − lr·b with b ← momentum·b + g, or the course's (section 3.3), w ← w − m with
   * m ← momentum·m + lr·g. They differ once the rate changes. With Nesterov the parameter is the point w − momentum·m at which the gradient is taken. "library".
   */
  form?: "library" | "course";
}

/** Options of RMSprop. */
export interface RmsPropOptions extends OptimizerOptions {
  /** How slowly the average of squares follows; 0.99. */
  alpha?: number;
  /** Keeps the denominator away from 0; 1e-8. */
  eps?: number;
  /** The share of the velocity that stays; 0. */
  momentum?: number;
  /** Whether the variance is used instead of the mean of squares; no. */
  centered?: boolean;
  /** PyTorch's formula, entry by entry, or the course's (eq. 22): one number for all, the average squared norm; "library". */
  form?: "library" | "course";
}

/** Options of a preview. */
export interface PreviewOptions {
  /** The rate that the schedule starts from; 1. */
  lr?: number;
  /** How many counts (epochs or steps) are shown; 100. */
  total?: number;
}

/** The rates of a schedule; shown as a line. */
export interface SchedulePreview extends Displayable {
  readonly lrs: readonly number[];
}

/** Optimisers, as PyTorch defines them. */
export interface Optim {
  /** The learning rates that a schedule gives, before anything is trained. Plateau, which listens to losses, stays at its first. */
  preview(schedule: Schedule, options?: PreviewOptions): SchedulePreview;
  /** Stochastic gradient descent, with momentum if asked for; lr 0.01. Course sections 2.3, 3.2 and 3.3. */
  sgd(options?: SgdOptions): Optimizer;
  /** Adam; lr 0.001. Course section 3.5; Kingma and Ba 2015. */
  adam(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** Adam whose weight decay acts on the weights: −lr · weightDecay · w; lr 0.001. Course equation 23; Loshchilov and Hutter 2019. */
  adamW(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** RMSprop; lr 0.01. Course section 3.4. */
  rmsprop(options?: RmsPropOptions): Optimizer;
  /** Adagrad; lr 0.01. Source: Duchi et al. 2011. */
  adagrad(
    options?: OptimizerOptions & { lrDecay?: number; eps?: number; initialAccumulatorValue?: number },
  ): Optimizer;
  /** Adadelta; lr 1. Source: Zeiler 2012. */
  adadelta(options?: OptimizerOptions & { rho?: number; eps?: number }): Optimizer;
  /** Adamax; lr 0.002. Source: Kingma and Ba 2015, section 7. */
  adamax(options?: AdamOptions): Optimizer;
  /** Nadam; lr 0.002. Source: Dozat 2016. */
  nadam(options?: AdamOptions & { momentumDecay?: number }): Optimizer;
  /** Lion: each weight moves by lr in the direction of an average of gradients; betas [0.9, 0.99], lr 0.0001. Source: Chen et al. 2023. */
  lion(options?: OptimizerOptions & { betas?: readonly [number, number] }): Optimizer;
}

/** How the learning rate changes. Lengths count what `scheduleUnit` says; left out, they are the whole run. */
export type Schedule =
  | { kind: "constant" }
  /** Times gamma (0.1) at every, 2 · every and so on. Course equation 19, which at its word acts one later. */
  | { kind: "step"; every: number; gamma?: number }
  /** Times gamma (0.1) at each milestone. */
  | { kind: "multistep"; milestones: readonly number[]; gamma?: number }
  /** Times gamma each time. */
  | { kind: "exponential"; gamma: number }
  /** (1 − t/total) to a power (1): what libraries call polynomial. */
  | { kind: "polynomial"; total?: number; power?: number }
  /** Divided by (t + 1) to the power of alpha. Course equation 20, whose count begins at 1. */
  | { kind: "polynomialCourse"; alpha: number }
  /** Half a wave of a cosine down to etaMin (0). Source: Loshchilov and Hutter 2017. */
  | { kind: "cosine"; tMax?: number; etaMin?: number }
  /** The same again and again; each is tMult (1) times as long as the one before, the first one t0. */
  | { kind: "cosineRestarts"; t0: number; tMult?: number; etaMin?: number }
  /** A straight rise in `warmup` counts, then lr · √(warmup/(t + 1)). Source: Vaswani et al. 2017. */
  | { kind: "inverseSqrt"; warmup: number }
  /** One rise to the optimiser's rate (from a divFactor-th, 25) and one fall (to a finalDivFactor-th of that, 1e4). */
  | {
      kind: "oneCycle";
      total?: number;
      /** The share of the cycle that rises; 0.3. */
      pctStart?: number;
      /** "cos". */
      anneal?: "cos" | "linear";
      divFactor?: number;
      finalDivFactor?: number;
      /** Whether it falls as long as it rose, then on to the end; no. */
      threePhase?: boolean;
    }
  /** Times factor (0.1) when the validation loss has not fallen by threshold (a share, 1e-4) for patience (10) epochs. */
  | { kind: "plateau"; factor?: number; patience?: number; threshold?: number }
  /** A straight rise for so many steps, then another schedule from its beginning. */
  | { kind: "warmup"; steps: number; then?: Schedule };

/** The number as it is now; NaN if it is none. */
function numberOf(number: number | LiveNumber): number {
  const now: unknown = typeof number === "object" ? number?.value : number;
  return typeof now === "number" ? now : Number.NaN;
}

export function optim(context: Context): Optim {
  const rule =
    (kind: string) =>
    (options: OptimizerOptions = {}) => {
      const { lr, ...rest } = options;
      const now = lr === undefined ? undefined : numberOf(lr);
      if (now !== undefined && !(now > 0 && Number.isFinite(now))) {
        throw argumentError(`${kind}: lr is ${String(now)}; it must be a positive number`);
      }
      return new Optimizer(context, kind, lr, rest);
    };
  return {
    preview(schedule, options = {}) {
      context.wasm.checkNames("preview", options, ["lr", "total"]);
      const { lr = 1, total = 100 } = options;
      const lrs = Array.from(context.wasm.schedule(schedule, lr, total));
      const line = { name: schedule.kind, x: lrs.map((_, t) => t), y: lrs };
      return { lrs, [DISPLAY]: () => linesDisplay([line], { x: "count", y: "learning rate" }) };
    },
    sgd: rule("sgd"),
    adam: rule("adam"),
    adamW: rule("adamw"),
    rmsprop: rule("rmsprop"),
    adagrad: rule("adagrad"),
    adadelta: rule("adadelta"),
    adamax: rule("adamax"),
    nadam: rule("nadam"),
    lion: rule("lion"),
  };
}
