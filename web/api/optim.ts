// Optimisers and learning rate schedules, as options of `fit`.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";

/** An optimiser and its options. */
export class Optimizer {
  /** @internal */
  constructor(
    /** Which rule it is. */
    readonly kind: string,
    /** The learning rate; the rule's usual one if undefined. */
    readonly lr: number | undefined,
    /** @internal */
    readonly options: object,
  ) {}
}

/** What all optimisers take. */
export interface OptimizerOptions {
  /** The learning rate. */
  lr?: number;
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
  /** What momentum means: PyTorch's or the course's formula; "library". */
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
  /** PyTorch's or the course's formula; "library". */
  form?: "library" | "course";
}

/** Optimisers, as PyTorch defines them. */
export interface Optim {
  /** Stochastic gradient descent; lr 0.01. */
  sgd(options?: SgdOptions): Optimizer;
  /** Adam; lr 0.001. */
  adam(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** Adam whose weight decay acts on the weights; lr 0.001. */
  adamW(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** RMSprop; lr 0.01. */
  rmsprop(options?: RmsPropOptions): Optimizer;
  /** Adagrad; lr 0.01. */
  adagrad(
    options?: OptimizerOptions & { lrDecay?: number; eps?: number; initialAccumulatorValue?: number },
  ): Optimizer;
  /** Adadelta; lr 1. */
  adadelta(options?: OptimizerOptions & { rho?: number; eps?: number }): Optimizer;
  /** Adamax; lr 0.002. */
  adamax(options?: AdamOptions): Optimizer;
  /** Nadam; lr 0.002. */
  nadam(options?: AdamOptions & { momentumDecay?: number }): Optimizer;
}

/** How the learning rate changes. Lengths count what `scheduleUnit` says; left out, they are the whole run. */
export type Schedule =
  | { kind: "constant" }
  /** Times gamma (0.1) after every so many. */
  | { kind: "step"; every: number; gamma?: number }
  /** Times gamma (0.1) at each milestone. */
  | { kind: "multistep"; milestones: readonly number[]; gamma?: number }
  /** Times gamma each time. */
  | { kind: "exponential"; gamma: number }
  /** (1 − t/total) to a power (1). */
  | { kind: "polynomial"; total?: number; power?: number }
  /** Divided by (t + 1) to the power of alpha, as in the course. */
  | { kind: "polynomialCourse"; alpha: number }
  /** Half a wave of a cosine down to etaMin (0). */
  | { kind: "cosine"; tMax?: number; etaMin?: number }
  /** The same again and again; each is tMult (1) times as long as the one before, the first one t0. */
  | { kind: "cosineRestarts"; t0: number; tMult?: number; etaMin?: number }
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

export function optim(context: Context): Optim {
  const rule =
    (kind: string) =>
    (options: OptimizerOptions = {}) => {
      const { lr, ...rest } = options;
      if (lr !== undefined && !(typeof lr === "number" && lr > 0 && Number.isFinite(lr))) {
        throw argumentError(`${kind}: lr is ${String(lr)}; it must be a positive number`);
      }
      context.wasm.checkOptimiser(kind, rest);
      return new Optimizer(kind, lr, rest);
    };
  return {
    sgd: rule("sgd"),
    adam: rule("adam"),
    adamW: rule("adamw"),
    rmsprop: rule("rmsprop"),
    adagrad: rule("adagrad"),
    adadelta: rule("adadelta"),
    adamax: rule("adamax"),
    nadam: rule("nadam"),
  };
}
