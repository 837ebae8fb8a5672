// Loops over time: a step is traced once, and the engine repeats it for every slice.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import { list, Tensor } from "./tensor.ts";

/** One tensor, or several. */
export type Tensors = Tensor | readonly Tensor[];

/** Options of a loop. */
export interface ScanOptions {
  /** Whether to go from the last slice to the first. */
  reverse?: boolean;
}

/**
 * Repeats a step for every slice of `xs` along the first axis: `scan(h0, xs, (h, x) => [next, output])`. The step is called once, with
 * placeholders: it must not read values. Gives the last carry and the outputs, stacked; where one tensor was given, one comes
 * back, where a list, a list.
 */
export type Scan = <C extends Tensors, X extends Tensors, Y extends Tensors>(
  init: C,
  xs: X,
  step: (carry: Same<C>, x: Same<X>) => readonly [next: Same<C>, output: Y],
  options?: ScanOptions,
) => [carry: Same<C>, outputs: Same<Y>];

type Same<T extends Tensors> = T extends Tensor ? Tensor : Tensor[];

export function scan(context: Context): Scan {
  const { wasm } = context;
  type Handles = ReturnType<typeof list>;
  const unpack = (handles: Handles) =>
    Array.from({ length: handles.length }, (_, i) => new Tensor(context, handles.at(i)));
  const pack = (tensors: Tensors) => (tensors instanceof Tensor ? [tensors] : tensors);
  const like = <T extends Tensors>(one: boolean, tensors: Tensor[]) =>
    (one ? tensors[0] : tensors) as Same<T>;
  return <C extends Tensors, X extends Tensors, Y extends Tensors>(
    init: C,
    xs: X,
    step: (carry: Same<C>, x: Same<X>) => readonly [Same<C>, Y],
    { reverse = false }: ScanOptions = {},
  ) => {
    let single = false;
    const traced = (carries: Handles, slices: Handles) => {
      const carry = like<C>(init instanceof Tensor, unpack(carries));
      const result: unknown = step(carry, like<X>(xs instanceof Tensor, unpack(slices)));
      if (!Array.isArray(result) || result.length !== 2) {
        throw argumentError("scan: the step must give [next carry, output]");
      }
      const [next, output] = result as [Tensors, Tensors];
      single = output instanceof Tensor;
      const count = pack(next).length;
      if (count !== pack(init).length) {
        throw argumentError(`scan: the step gave ${count} carries; there are ${pack(init).length}`);
      }
      return list(context, [...pack(next), ...pack(output)]);
    };
    const all = unpack(wasm.scan(list(context, pack(init)), list(context, pack(xs)), reverse, traced));
    const outputs = all.splice(pack(init).length);
    return [like<C>(init instanceof Tensor, all), like<Y>(single, outputs)];
  };
}
