// Several inputs as one: each sample's numbers, one input after the other in the order of their names, [N, D]. So data sets, training and
// files know one input; a graph of layers that has several takes them apart.

import { argumentError } from "./context.ts";
import { list, Tensor } from "./tensor.ts";

/** Inputs by name, each [N, …] with the same N. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** @internal Names and shapes without the batch axis, as a graph is told them. */
export type DeclaredInputs = readonly (readonly [name: string, shape: readonly number[]])[];

/** @internal Whether it is an object of names, and no array, data set or anything else that is made by a class. */
export function areNamed(x: unknown): x is NamedTensors {
  if (typeof x !== "object" || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @internal In the order in which they are packed. */
export function declared(inputs: Readonly<Record<string, readonly number[]>>): DeclaredInputs {
  return Object.entries(inputs).sort(byName);
}

/** @internal What tensors by name are, without the batch axis. */
export function inputsOf(named: NamedTensors): DeclaredInputs {
  return declared(
    Object.fromEntries(Object.entries(named).map(([name, { shape }]) => [name, shape.slice(1)])),
  );
}

/** @internal Such as `age [1], image [1, 28, 28]`. */
export function inputsText(inputs: DeclaredInputs): string {
  return inputs.map(([name, shape]) => `${name} [${shape.join(", ")}]`).join(", ");
}

/** @internal Packed; with what a model expects, if that is known. Errors name the input. */
export function packed(what: string, named: NamedTensors, expected?: DeclaredInputs): Tensor {
  const entries = Object.entries(named).sort(byName);
  const names = entries.map(([name]) => name).join(", ");
  const wanted = expected?.map(([name]) => name).join(", ");
  if (wanted !== undefined && wanted !== names)
    throw argumentError(`${what}: got the inputs ${names || "(none)"}; expected ${wanted}`);
  const [first] = entries;
  if (!first) throw argumentError(`${what}: expected inputs by name, such as { image, age }`);
  const parts = entries.map(([name, tensor], i) => {
    if (!(tensor instanceof Tensor) || tensor.dtype !== "f32" || tensor.rank === 0)
      throw argumentError(`${what}: ${name} is ${String(tensor)}; expected an f32 tensor [N, …]`);
    const [samples, ...shape] = tensor.shape;
    const own = expected?.[i]?.[1];
    if (own && own.join() !== shape.join())
      throw argumentError(
        `${what}: ${name} has shape [${tensor.shape.join(", ")}]; expected [N, ${own.join(", ")}]`,
      );
    if (samples !== first[1].shape[0])
      throw argumentError(`${what}: ${name} has ${samples} samples, ${first[0]} has ${first[1].shape[0]}`);
    return tensor.reshape(samples ?? 0, -1);
  });
  const { context } = first[1];
  return new Tensor(context, context.wasm.Tensor.concat(list(context, parts), 1));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
