// Optimisers and learning rate schedules, as options of `fit`.

import type { Variable } from "./compile.ts";
import { tensorOf } from "./compile.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
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
    /** The learning rate; the rule's usual one if undefined. */
    readonly lr: number | undefined,
    /** @internal */
    readonly options: object,
  ) {
    this.#handle = new context.wasm.Optimizer(kind, options);
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
      return new Optimizer(context, kind, lr, rest);
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
