// What outlives the worker that runs cells. Its named tensors, data sets and networks of layers lie in the compute worker;
// their description is kept there with them, and the next worker begins with the same names. Models that are functions,
// optimisers and histories are JavaScript, and go.

import type { Context } from "./context.ts";
import { Dataset, lockOf } from "./dataset.ts";
import { Model } from "./model.ts";
import type { Kind } from "./models.ts";
import { Classifier } from "./models.ts";
import { list, Tensor } from "./tensor.ts";

/** One thing; numbers are places among the tensors, or among the things before it. */
type Thing =
  | { is: "tensor"; at: number }
  | { is: "dataset"; x: number; y: number; name: string; classes: string[]; uses?: number }
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
  const things: Thing[] = [];
  const known = new Map<object, number | undefined>();
  const place = (tensor: Tensor) => tensors.push(tensor) - 1;

  const describe = (value: unknown): Thing | undefined => {
    if (value instanceof Tensor) return { is: "tensor", at: place(value) };
    if (value instanceof Dataset) {
      const { name, classes, lock } = value;
      return { is: "dataset", x: place(value.x), y: place(value.y), name, classes, ...lock };
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
  context.session.keep(JSON.stringify(description), list(context, tensors));
}

/** What the worker before this one wanted kept, by name. */
export async function restore(context: Context): Promise<Record<string, unknown>> {
  const { wasm, session } = context;
  const [text, handles] = (await session.kept()) as [string, ReturnType<typeof list>];
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
        const [x, y] = [handles.at(thing.x), handles.at(thing.y)];
        const { name, classes, uses } = thing;
        const handle = new wasm.Dataset(name, x, y, classes);
        made.push(
          new Dataset(context, handle, uses === undefined ? undefined : lockOf(context, handle, uses)),
        );
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
