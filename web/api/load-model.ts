// A network out of a file, built as the file says.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import { Model } from "./model.ts";
import type { Sketch } from "./sketch.ts";
import { inputOf, readSketch } from "./sketch.ts";
import { list } from "./tensor.ts";
import { loadTensors } from "./weights.ts";

/** @internal The network that a file holds, as `save` wrote it. */
export async function loadModel(context: Context, name: string): Promise<Model> {
  const { tensors, metadata } = await loadTensors(context, name);
  if (metadata.gradbook === undefined)
    throw argumentError(
      `${name} does not say how its network is built; make the model yourself and call model.load("${name}")`,
    );
  const sketch = readSketch(name, metadata.gradbook);
  const model = fromSketch(context, sketch);
  const input = inputOf(sketch);
  if (input) model.build(input, { seed: 0 });
  model.handle.load(Object.keys(tensors), list(context, Object.values(tensors)));
  return model;
}

function fromSketch(context: Context, sketch: Sketch): Model {
  if (!("block" in sketch)) return Model.ofKind(context, sketch.kind, sketch.options);
  const parts = sketch.parts.map((part) => fromSketch(context, part));
  return Model.ofParts(context, parts, sketch.block, sketch.options);
}
