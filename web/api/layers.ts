// What the layers of networks do with one batch: how far what they make is spread, and what comes back to them (course sections 5.3
// and 9). Lines over depth, one network beside the other.

import type { CurvePoints, LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, ModelHandle, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { Loss } from "./losses.ts";
import { lossArgument } from "./losses.ts";
import { Model } from "./model.ts";
import { list, Tensor } from "./tensor.ts";

/** A network, or several, each with the name of its line. */
export type Networks = Model | Readonly<Record<string, Model>>;

/** Options of looking at layers. */
export interface LayersOptions {
  /** What the gradients are of, for a data set; "crossEntropy". */
  loss?: Loss;
  /** Weights that are not drawn yet, and what arrives at the output where there is no loss, follow from it; 0. */
  seed?: number;
}

/** The layers with weights of one network, from the input on; all lists are as long. */
export interface LayerFigures {
  /** The network's name. */
  name: string;
  /** The layers' names in it. */
  layers: string[];
  /** The standard deviation of what each makes, before any activation that follows. */
  outputs: number[];
  /** The standard deviation of the gradient that arrives at that. */
  gradients: number[];
  /** The norm of the gradient for its weights and biases. */
  norms: number[];
}

/** What the layers of networks do with a batch; shown as lines over depth. */
export class LayerStatistics {
  /** @internal */
  constructor(
    /** One for each network. */
    readonly networks: readonly LayerFigures[],
    private readonly panels: readonly { of: "outputs" | "gradients" | "norms"; label: string }[],
  ) {}

  [DISPLAY](): LiveDisplay {
    const points = this.panels.flatMap(({ of }, panel) =>
      this.networks.map(({ [of]: y }, series): CurvePoints => {
        const told = [...y.keys()].filter((i) => Number.isFinite(y[i]));
        return { panel, series, x: told.map((i) => i + 1), y: told.map((i) => y[i] as number) };
      }),
    );
    const series = this.networks.map(({ name }) => ({ name }));
    const panels = this.panels.map(({ label }) => ({ label, log: true, series }));
    return { kind: "curve", id: `layers-${++shown}`, x: { label: "layer with weights" }, panels, points };
  }

  toString(): string {
    const line = (network: LayerFigures) =>
      this.panels.map(({ of, label }) => {
        const numbers = network[of].map((value, i) => `${network.layers[i]} ${value.toPrecision(3)}`);
        return `${network.name}, ${label}: ${numbers.join(", ")}`;
      });
    return this.networks.flatMap(line).join("\n");
  }
}

let shown = 0;

/** One pass of a model as the module gives it. */
export interface Pass {
  output: TensorHandle;
  layers: { path: string; kind: string; parameters: number; input: TensorHandle; output: TensorHandle }[];
}

/** `explain.variances` */
export async function variances(
  context: Context,
  networks: Networks,
  batch: Tensor | Dataset,
  options: LayersOptions,
) {
  const figures = await look(context, "variances", networks, batch, options);
  return new LayerStatistics(figures, [
    { of: "outputs", label: "σ of outputs" },
    { of: "gradients", label: "σ of gradients" },
  ]);
}

/** `explain.gradientNorms` */
export async function gradientNorms(
  context: Context,
  networks: Networks,
  batch: Tensor | Dataset,
  options: LayersOptions,
) {
  const figures = await look(context, "gradientNorms", networks, batch, options);
  return new LayerStatistics(figures, [{ of: "norms", label: "norm of the gradient" }]);
}

async function look(
  context: Context,
  what: string,
  networks: Networks,
  batch: Tensor | Dataset,
  options: LayersOptions,
): Promise<LayerFigures[]> {
  context.wasm.checkNames(what, options, ["loss", "seed"]);
  const named = networks instanceof Model ? { [networks.kind]: networks } : networks;
  const all = Object.entries(named);
  if (all.length === 0 || !all.every(([, model]) => model instanceof Model))
    throw argumentError(`${what}: expected a model, or models by name such as { he: a, glorot: b }`);
  if (!(batch instanceof Tensor || batch instanceof Dataset))
    throw argumentError(`${what}: expected samples, or a data set such as train.take(64)`);
  const seed = seedOf(context, options.seed ?? 0);
  const figures = all.map(([name, model]) => lookAt(context, what, name, model, batch, seed, options.loss));
  return Promise.all(figures);
}

async function lookAt(
  context: Context,
  what: string,
  name: string,
  model: Model,
  batch: Tensor | Dataset,
  seed: number,
  loss: Loss | undefined,
): Promise<LayerFigures> {
  const wrap = (handle: TensorHandle) => new Tensor(context, handle);
  // Looking must not draw the weights: their seed comes with `fit`.
  const handle = model.handle.parameterNames().length > 0 ? model.handle : model.anew();
  const samples = batch instanceof Dataset ? batch.x : batch;
  const { output, layers } = handle.record(samples.handle, seed, false) as unknown as Pass;
  const parameters = parametersOf(context, handle);
  // Layers that have a matrix or a kernel, and no layer of that kind in them.
  // A layer by itself has no name in its parameters' names.
  const isIn = (name: string, path: string) => layers.length === 1 || name.startsWith(`${path}.`);
  const owners = layers.filter(({ path }, i) => {
    const isWhole = !layers.slice(0, i).some((layer) => layer.path.startsWith(`${path}.`));
    return isWhole && parameters.some(({ name, value }) => isIn(name, path) && value.rank > 1);
  });
  if (owners.length === 0) throw argumentError(`${what}: ${name} has no layer with weights`);
  const own = owners.map(({ path }) =>
    parameters.filter((parameter) => isIn(parameter.name, path)).map(({ value }) => value),
  );
  const outputs = owners.map(({ output }) => wrap(output));
  const wanted = [...outputs, ...own.flat()];
  const gradients = gradientsOf(context, wrap(output), batch, seed, loss, wanted);
  const rest = gradients.slice(outputs.length);
  const norms = own.map((values) => {
    const squares = rest.splice(0, values.length).map((gradient) => gradient.square().sum());
    return squares.reduce((sum, square) => sum.add(square)).sqrt();
  });
  const deviations = [...outputs, ...gradients.slice(0, outputs.length)].map((tensor) =>
    tensor.std(undefined, 0),
  );
  const numbers = Array.from(await stack(context, [...deviations, ...norms]).data());
  const part = (index: number) => numbers.slice(index * owners.length, (index + 1) * owners.length);
  return {
    name,
    layers: owners.map(({ path }) => path),
    outputs: part(0),
    gradients: part(1),
    norms: part(2),
  };
}

/** What is learnt: running statistics have no gradient. */
function parametersOf(context: Context, handle: ModelHandle): { name: string; value: Tensor }[] {
  const values = handle.parameterValues();
  const named = handle
    .parameterNames()
    .map((name, i) => ({ name, value: new Tensor(context, values.at(i)) }));
  return named.filter(({ name }) => !/(^|\.)running_/.test(name));
}

/** The gradients of the loss, or of the output weighted by normal numbers, for some tensors. */
function gradientsOf(
  context: Context,
  output: Tensor,
  batch: Tensor | Dataset,
  seed: number,
  loss: Loss | undefined,
  wanted: readonly Tensor[],
): Tensor[] {
  if (batch instanceof Dataset) {
    const asked = lossArgument(context, loss) ?? { kind: "crossEntropy" };
    const value = context.wasm.lossOf(asked, undefined, output.handle, batch.y.handle);
    return new Tensor(context, value).grad(wanted);
  }
  const normal = context.wasm.Tensor.random("normal", Uint32Array.from(output.shape), seed, 0, 1);
  return output.grad(wanted, new Tensor(context, normal));
}

function stack(context: Context, tensors: readonly Tensor[]): Tensor {
  return new Tensor(context, context.wasm.Tensor.stack(list(context, tensors), 0));
}
