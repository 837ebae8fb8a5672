// How a network is built, as text in a file beside its weights.

import { argumentError } from "./context.ts";
import type { Model } from "./model.ts";

/** @internal How a network is built: a layer with its options and the input that it was drawn for, or a block of such. */
export type Sketch =
  | { kind: string; options?: unknown; input: number[] }
  | { block: string; options?: object; parts: Sketch[] };

/** @internal None of a model that is a function, or has one in it, or in which a layer with parameters stands twice: they would be two layers. */
export function sketchOf(model: Model, seen = new Set<Model>()): Sketch | undefined {
  const { recipe, handle } = model;
  if (!recipe || seen.has(model)) return undefined;
  if (handle.parameterNames().length > 0) seen.add(model);
  if (!("block" in recipe)) return { ...recipe, input: Array.from(handle.input) };
  const { block, options } = recipe;
  const parts = recipe.parts.map((part) => sketchOf(part, seen));
  return parts.every((part) => part !== undefined)
    ? { block, ...(options && { options }), parts }
    : undefined;
}

/** @internal What comes from a file may be anything. */
export function readSketch(file: string, text: string): Sketch {
  const isSketch = (value: unknown, depth = 0): value is Sketch => {
    if (typeof value !== "object" || value === null || depth > 100) return false;
    const { kind, input, block, parts } = value as Record<string, unknown>;
    if (typeof block === "string")
      return Array.isArray(parts) && parts.every((part) => isSketch(part, depth + 1));
    return (
      typeof kind === "string" && Array.isArray(input) && input.every((size) => Number.isSafeInteger(size))
    );
  };
  try {
    const sketch: unknown = JSON.parse(text);
    if (isSketch(sketch)) return sketch;
  } catch {
    // The same as something else that is no network.
  }
  throw argumentError(`${file}: what it says of how the network is built cannot be read`);
}

/** @internal The input of the whole: of every block the first part gets it, unless it has several, which are packed. */
export function inputOf(sketch: Sketch): number[] | undefined {
  if (!("block" in sketch)) return sketch.input.length > 0 ? sketch.input : undefined;
  const { inputs } = (sketch.options ?? {}) as { inputs?: unknown };
  if (Array.isArray(inputs) && inputs.length > 0) {
    const sizes = inputs.map((input: unknown) =>
      Array.isArray(input) && Array.isArray(input[1]) ? input[1] : [0],
    );
    return [1, sizes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0)];
  }
  const [first] = sketch.parts;
  return first && inputOf(first);
}
