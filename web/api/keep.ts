// What outlives the worker that runs cells. Its named tensors, data sets and networks of layers lie in the compute worker;
// their description is kept there with them, and the next worker begins with the same names. Models that are functions,
// optimisers and histories are JavaScript, and go.

import type { Context, DatasetHandle, StoredHandle } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { DeclaredInputs } from "./inputs.ts";
import type { Lock } from "./lock.ts";
import { lockOf } from "./lock.ts";
import { Model } from "./model.ts";
import type { Kind } from "./models.ts";
import { Classifier } from "./models.ts";
import { list, Tensor } from "./tensor.ts";

/** One thing; numbers are places among the tensors, or among the things before it. */
type Thing =
  | { is: "tensor"; at: number }
  | {
      is: "dataset";
      y: number;
      name: string;
      classes: string[];
      lock?: Lock;
      provenance: readonly string[];
      inputs?: DeclaredInputs;
      /** Where its samples are: a tensor, or rows of one of the stored sets, scaled by pairs of tensors. */
      x: number | { stored: number; rows: number[]; scales: number[] };
    }
  | {
      is: "layer";
      kind: string;
      options: unknown;
      input: number[];
      values: number[];
      /** Of a trained network: what its scores mean. */
      network?: { name: Kind; classes: readonly string[] };
    }
  | { is: "block"; block: string; options: object | undefined; of: number[] };

interface Description {
  things: Thing[];
  names: [name: string, thing: number][];
}

/** Wants what these names hold kept, in place of what was kept before. Nothing is computed for it. */
export function keep(context: Context, names: Readonly<Record<string, unknown>>): void {
  const tensors: Tensor[] = [];
  const stored: StoredHandle[] = [];
  const things: Thing[] = [];
  const known = new Map<object, number | undefined>();
  const place = (tensor: Tensor) => tensors.push(tensor) - 1;

  const samplesOf = (set: Dataset) => {
    const source = set.handle.source as [StoredHandle, Uint32Array, ReturnType<typeof list>] | undefined;
    if (!source) return place(set.x);
    const [where, rows, scales] = source;
    const numbers = Array.from({ length: scales.length }, (_, i) => place(new Tensor(context, scales.at(i))));
    return { stored: stored.push(where) - 1, rows: Array.from(rows), scales: numbers };
  };

  const describe = (value: unknown): Thing | undefined => {
    if (value instanceof Tensor) return { is: "tensor", at: place(value) };
    if (value instanceof Dataset) {
      const { name, classes, lock, inputs, provenance } = value;
      const more = { provenance, ...(lock && { lock }), ...(inputs && { inputs }) };
      return { is: "dataset", x: samplesOf(value), y: place(value.y), name, classes, ...more };
    }
    if (!(value instanceof Model) || !value.recipe) return undefined;
    if ("block" in value.recipe) {
      const { block, options, parts } = value.recipe;
      const of = parts.map(add);
      return of.every((thing) => thing !== undefined) ? { is: "block", block, options, of } : undefined;
    }
    const input = Array.from(value.handle.input);
    const values = input.length > 0 ? Object.values(value.parameters).map(place) : [];
    const network = value instanceof Classifier && {
      network: { name: value.network, classes: value.classes },
    };
    return { is: "layer", ...value.recipe, input, values, ...network };
  };
  const add = (value: unknown): number | undefined => {
    if (typeof value !== "object" || value === null) return undefined;
    if (!known.has(value)) {
      const thing = describe(value);
      known.set(value, thing && things.push(thing) - 1);
    }
    return known.get(value);
  };

  const description: Description = { things, names: [] };
  for (const [name, value] of Object.entries(names)) {
    const thing = add(value);
    if (thing !== undefined) description.names.push([name, thing]);
  }
  context.session.keep(JSON.stringify(description), list(context, tensors), stored);
}

/** What the worker before this one wanted kept, by name. */
export async function restore(context: Context): Promise<Record<string, unknown>> {
  const { wasm, session } = context;
  const [text, handles, stored] = (await session.kept()) as [string, ReturnType<typeof list>, StoredHandle[]];
  if (text === "") return {};
  const { things, names } = JSON.parse(text) as Description;
  const tensor = (at: number) => new Tensor(context, handles.at(at));
  const made: unknown[] = [];
  for (const thing of things) {
    switch (thing.is) {
      case "tensor":
        made.push(tensor(thing.at));
        break;
      case "dataset": {
        const { x, name, classes, inputs, provenance } = thing;
        const y = handles.at(thing.y);
        let handle: DatasetHandle;
        if (typeof x === "number") handle = new wasm.Dataset(name, handles.at(x), y, classes);
        else {
          const scales = list(context, x.scales.map(tensor));
          const source = stored[x.stored] as StoredHandle;
          handle = wasm.Dataset.stored(name, source, Uint32Array.from(x.rows), scales, y, classes);
        }
        const lock = thing.lock && lockOf(context, handle, thing.lock);
        made.push(new Dataset(context, handle, lock, inputs, provenance));
        break;
      }
      case "layer": {
        const { kind, options, input, values, network } = thing;
        const model = network
          ? new Classifier(context, network.name, network.classes)
          : Model.ofKind(context, kind, options);
        if (input.length > 0)
          model.handle.restore(Uint32Array.from(input), list(context, values.map(tensor)));
        made.push(model);
        break;
      }
      case "block": {
        const parts = thing.of.map((index) => made[index] as Model);
        made.push(Model.ofParts(context, parts, thing.block, thing.options));
        break;
      }
    }
  }
  return Object.fromEntries(names.map(([name, thing]) => [name, made[thing]]));
}
