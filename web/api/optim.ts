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

/** Optimisers, as PyTorch defines them. */
export interface Optim {
  /** Stochastic gradient descent; lr 0.01. */
  sgd(options?: OptimizerOptions & { momentum?: number; nesterov?: boolean; dampening?: number }): Optimizer;
  /** Adam; lr 0.001. */
  adam(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** Adam whose weight decay acts on the weights; lr 0.001. */
  adamW(options?: AdamOptions & { amsgrad?: boolean }): Optimizer;
  /** RMSprop; lr 0.01. */
  rmsprop(
    options?: OptimizerOptions & { alpha?: number; eps?: number; momentum?: number; centered?: boolean },
  ): Optimizer;
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

/** How the learning rate changes. */
export type Schedule =
  | { kind: "constant" }
  | { kind: "step"; every: number; gamma?: number }
  | { kind: "multistep"; milestones: readonly number[]; gamma?: number }
  | { kind: "exponential"; gamma: number }
  | { kind: "polynomial"; total?: number; power?: number }
  | { kind: "cosine"; tMax?: number; etaMin?: number };

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
