// Where data sets come from: the built-in ones, scenes that are drawn, files of the reader's own, and tensors or arrays.

import type { BuiltIn } from "./builtin.ts";
import { builtIn } from "./builtin.ts";
import type { Context } from "./context.ts";
import type { Create } from "./create.ts";
import { Dataset } from "./dataset.ts";
import type { NamedTensors } from "./inputs.ts";
import { areNamed, inputsOf, packed } from "./inputs.ts";
import type { Own } from "./own.ts";
import { own } from "./own.ts";
import type { Drawn } from "./scenes.ts";
import type { Nested, Values } from "./tensor.ts";
import { Tensor } from "./tensor.ts";

/** Options of a data set. */
export interface DatasetOptions {
  /** What messages call it. */
  name?: string;
  /** A name for each class. */
  classes?: readonly string[];
}

/** Where data sets come from. */
export interface DataSource extends BuiltIn, Drawn, Own {
  /**
   * Samples x [N, …] with targets y: whole numbers are class labels [N]. Tensors or arrays. Several inputs by name, for a graph of layers
   * that has them (`nn.graph`), are f32 tensors; they are packed, each sample's numbers in the order of the names, [N, D].
   */
  from(
    x: Tensor | Nested | Values | NamedTensors,
    y: Tensor | Nested | Values,
    options?: DatasetOptions,
  ): Dataset;
}

export function data(context: Context, create: Create): DataSource {
  return {
    ...builtIn(context),
    scenes: async (options) => (await import("./scenes.ts")).drawn(context).scenes(options),
    turnedDigits: async (options) => (await import("./scenes.ts")).drawn(context).turnedDigits(options),
    ...own(context),
    from(x, y, options = {}) {
      context.wasm.checkNames("from", options, ["name", "classes"]);
      const { name = "data", classes = [] } = options;
      const named = areNamed(x) ? x : undefined;
      const samples =
        x instanceof Tensor ? x : named ? packed("from", named) : create.tensor(x as Nested | Values);
      const targets = y instanceof Tensor ? y : labelsOrNumbers(y, create);
      return Dataset.of(context, name, samples, targets, classes, named && inputsOf(named));
    },
  };
}

/** A flat list of whole numbers is a list of class labels. */
function labelsOrNumbers(y: Nested | Values, create: Create): Tensor {
  const isFlat = ArrayBuffer.isView(y) || (Array.isArray(y) && y.every((value) => typeof value === "number"));
  const values = y as ArrayLike<number>;
  const areLabels = isFlat && Array.from(values).every((value) => Number.isInteger(value));
  return areLabels ? create.tensor(Int32Array.from(values)) : create.tensor(y);
}
