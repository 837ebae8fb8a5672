// What training makes small. Each loss is a function of outputs and targets that gives one number (the mean over the
// samples), and can be handed to `fit` as it is.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
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
  | "focal"
  | "dice"
  | "kl";

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
  | { kind: "mse" | "l1" | "bce" | "bceWithLogits" | "hinge" | "kl" }
  /** One minus the overlap of what is said and what is true; smooth (1) keeps it defined. */
  | { kind: "dice"; smooth?: number }
  /** Squared below beta (1), absolute above. */
  | { kind: "smoothL1"; beta?: number }
  /** Squared below delta (1), absolute above. */
  | { kind: "huber"; delta?: number }
  /** The right class must lead by the margin (1). */
  | { kind: "multiMargin"; margin?: number }
  /** Easy samples are discounted by gamma (2). */
  | { kind: "focal"; gamma?: number }
  | LossFunction;

/** What becomes of the losses of single samples: their mean (as libraries do), their sum (as the course does), or nothing. */
export interface ReductionOption {
  reduction?: "mean" | "sum" | "none";
}

/** One of several things that a model tells at once. */
export interface Task {
  /** How many columns of the output are its. */
  outputs: number;
  /** Its loss. For one that takes class indices, its column of the targets is read as whole numbers. */
  loss: Loss;
  /** How many columns of the targets are its; 1. */
  targets?: number;
  /** Its factor in the sum; 1. */
  weight?: number;
}

/**
 * Losses as functions of outputs and targets. Unless it is said otherwise both have the same shape, whatever it is, and the result is one number
 * without a unit, the mean over all elements (of classes: over all samples); `reduction: "sum"` gives the course's form, "none" a loss for each. Errors: shapes or types
 * that do not fit each other.
 */
export interface Losses {
  /**
   * −log softmax(logits)[target]: logits [N, C], targets are class indices (i32 [N]) or probabilities [N, C]; stable for logits of any size.
   * Course equations 10 to 13.
   */
  crossEntropy(logits: Tensor, target: Tensor, options?: CrossEntropyOptions & ReductionOption): Tensor;
  /** (output − target)². Course equation 15, which sums. */
  mse(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /** |output − target|. Course equation 14, which sums. */
  l1(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /** Half the square over `beta` (1) below `beta`, the magnitude less beta/2 above. As `torch.nn.SmoothL1Loss`. */
  smoothL1(output: Tensor, target: Tensor, options?: { beta?: number } & ReductionOption): Tensor;
  /** Half the square below `delta` (1), delta times the magnitude less delta²/2 above. Source: Huber 1964. */
  huber(output: Tensor, target: Tensor, options?: { delta?: number } & ReductionOption): Tensor;
  /** −t log p − (1 − t) log(1 − p) of probabilities p of yes and targets t, 0…1. Course equation 11, which sums. */
  bce(probabilities: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /** The same of logits z, p being sigmoid(z): stable for logits of any size. */
  bceWithLogits(logits: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /** max(0, 1 − target · output), targets −1 or 1. Course equation 16. */
  hinge(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /** Σ max(0, margin − z_y + z_j)/C over the other classes j: logits z [N, C], class indices y [N]; margin 1. As `torch.nn.MultiMarginLoss`. */
  multiMargin(output: Tensor, target: Tensor, options?: { margin?: number } & ReductionOption): Tensor;
  /**
   * −(1 − p)^gamma · log p, p being the softmax of the right class: logits [N, C], class indices [N]; gamma 2. Without a weight of classes, as
   * in course equations 61 and 62.
   */
  focal(logits: Tensor, target: Tensor, options?: { gamma?: number } & ReductionOption): Tensor;
  /** One minus the overlap: of logits of yes with f32 targets of their shape, of class scores [N, C, …] with indices [N, …]. */
  dice(logits: Tensor, target: Tensor, options?: { smooth?: number }): Tensor;
  /** Σ t (log t − output) of log-probabilities and target probabilities t, both [N, C]; the mean is over all N · C. As `torch.nn.KLDivLoss`. */
  kl(logProbabilities: Tensor, target: Tensor, options?: ReductionOption): Tensor;
  /**
   * alpha · T² · KL of softened scores + (1 − alpha) · cross-entropy: a student learns from a teacher's logits [N, C]. In `fit` it is the
   * option `teacher`.
   */
  distillation(
    student: Tensor,
    teacher: Tensor,
    target: Tensor,
    options?: { temperature?: number; alpha?: number },
  ): Tensor;
  /**
   * Several things told at once, from heads side by side: the weighted sum of each task's loss on its columns of outputs [N, outputs] and
   * targets [N, targets]. To be handed to `fit` with f32 targets.
   */
  tasks(tasks: readonly Task[]): LossFunction;
}

const KINDS = new WeakMap<object, LossName>();
const OF_CLASSES: readonly unknown[] = ["crossEntropy", "multiMargin", "focal"];

export function losses(context: Context): Losses {
  const loss = (kind: LossName) => {
    const compute = (output: Tensor, target: Tensor, options: object & ReductionOption = {}) => {
      const { reduction, ...rest } = options;
      const handle = context.wasm.lossOf({ kind, ...rest }, reduction, output.handle, target.handle);
      return new Tensor(context, handle);
    };
    KINDS.set(compute, kind);
    return compute;
  };
  const crossEntropy = loss("crossEntropy");
  return {
    crossEntropy,
    mse: loss("mse"),
    l1: loss("l1"),
    smoothL1: loss("smoothL1"),
    huber: loss("huber"),
    bce: loss("bce"),
    bceWithLogits: loss("bceWithLogits"),
    hinge: loss("hinge"),
    multiMargin: loss("multiMargin"),
    focal: loss("focal"),
    dice: loss("dice"),
    kl: loss("kl"),
    distillation(student, teacher, target, options = {}) {
      context.wasm.checkNames("distillation", options, ["temperature", "alpha"]);
      const { temperature = 4, alpha = 0.9 } = options;
      if (!(temperature > 0))
        throw argumentError(`distillation: temperature is ${temperature}; it must be above 0`);
      const [given, said] = [teacher.detach(), student].map((logits) =>
        logits.div(temperature).logSoftmax(1),
      ) as [Tensor, Tensor];
      const divergence = given
        .exp()
        .mul(given.sub(said))
        .sum()
        .div(student.shape[0] as number);
      const hard = crossEntropy(student, target);
      return divergence.mul(alpha * temperature ** 2).add(hard.mul(1 - alpha));
    },
    tasks(tasks) {
      if (!Array.isArray(tasks) || tasks.length === 0) throw argumentError("tasks: expected a list of tasks");
      for (const task of tasks)
        context.wasm.checkNames("tasks", task, ["outputs", "loss", "targets", "weight"]);
      return (output, target) => {
        let [from, at] = [0, 0];
        const parts = tasks.map(({ outputs, loss, targets = 1, weight = 1 }: Task) => {
          const said = output.slice(1, from, from + outputs);
          const column = target.slice(1, at, at + targets);
          [from, at] = [from + outputs, at + targets];
          const asked = lossArgument(context, loss);
          const kind =
            typeof asked === "object" && asked !== null && "kind" in asked ? asked.kind : undefined;
          const wanted = OF_CLASSES.includes(kind) && targets === 1 ? column.squeeze(1).cast("i32") : column;
          const value =
            typeof loss === "function" && kind === undefined
              ? loss(said, wanted)
              : new Tensor(context, context.wasm.lossOf(asked, undefined, said.handle, wanted.handle));
          return value.mul(weight);
        });
        return parts.reduce((sum, part) => sum.add(part));
      };
    },
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
