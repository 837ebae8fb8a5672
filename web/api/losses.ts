// What training makes small. Each loss is a function of outputs and targets that gives one number (the mean over the
// samples), and can be handed to `fit` as it is.

import type { Context } from "./context.ts";
import { Tensor } from "./tensor.ts";

/** A function of a model's output and the targets that gives one number. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** A loss with a name. */
export type LossName =
  | "crossEntropy"
  | "mse"
  | "l1"
  | "smoothL1"
  | "huber"
  | "bce"
  | "bceWithLogits"
  | "hinge"
  | "multiMargin"
  | "focal";

/** Options of the cross-entropy. */
export interface CrossEntropyOptions {
  /** A weight for each class. */
  weight?: readonly number[];
  /** The share of the target that is spread evenly over all classes. */
  labelSmoothing?: number;
  /** Samples of this class do not count. */
  ignoreIndex?: number;
}

/** What `fit` takes as its loss: a name, a name with options, or a function. */
export type Loss =
  | LossName
  | ({ kind: "crossEntropy" } & CrossEntropyOptions)
  | { kind: "mse" | "l1" | "bce" | "bceWithLogits" | "hinge" }
  /** Squared below beta (1), absolute above. */
  | { kind: "smoothL1"; beta?: number }
  /** Squared below delta (1), absolute above. */
  | { kind: "huber"; delta?: number }
  /** The right class must lead by the margin (1). */
  | { kind: "multiMargin"; margin?: number }
  /** Easy samples are discounted by gamma (2). */
  | { kind: "focal"; gamma?: number }
  | LossFunction;

/** Losses as functions. */
export interface Losses {
  /** −log softmax(logits)[target]: logits [N, C], targets are class indices [N] or probabilities [N, C]. */
  crossEntropy(logits: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor;
  /** The mean squared difference. */
  mse(output: Tensor, target: Tensor): Tensor;
  /** The mean absolute difference. */
  l1(output: Tensor, target: Tensor): Tensor;
  /** Squared below `beta`, absolute above. */
  smoothL1(output: Tensor, target: Tensor, options?: { beta?: number }): Tensor;
  /** Squared below `delta`, absolute above. */
  huber(output: Tensor, target: Tensor, options?: { delta?: number }): Tensor;
  /** The cross-entropy of probabilities of yes. */
  bce(probabilities: Tensor, target: Tensor): Tensor;
  /** The cross-entropy of logits of yes. */
  bceWithLogits(logits: Tensor, target: Tensor): Tensor;
}

const KINDS = new WeakMap<object, LossName>();

export function losses(context: Context): Losses {
  const loss = (kind: LossName) => {
    const compute = (output: Tensor, target: Tensor, options: object = {}) =>
      new Tensor(context, context.wasm.lossOf({ kind, ...options }, output.handle, target.handle));
    KINDS.set(compute, kind);
    return compute;
  };
  return {
    crossEntropy: loss("crossEntropy"),
    mse: loss("mse"),
    l1: loss("l1"),
    smoothL1: loss("smoothL1"),
    huber: loss("huber"),
    bce: loss("bce"),
    bceWithLogits: loss("bceWithLogits"),
  };
}

/** A loss as the module takes it: `{ kind }`, or a function of handles. */
export function lossArgument(context: Context, loss: Loss | undefined): unknown {
  if (loss === undefined) return undefined;
  if (typeof loss === "string") return { kind: loss };
  if (typeof loss !== "function") return loss;
  const kind = KINDS.get(loss);
  if (kind !== undefined) return { kind };
  type Handle = ConstructorParameters<typeof Tensor>[1];
  return (output: Handle, target: Handle) =>
    loss(new Tensor(context, output), new Tensor(context, target)).handle.clone();
}
