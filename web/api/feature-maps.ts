// How large feature maps are, and how large an image must be: by the formula for rows of windows, by trying for whole networks.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, ModelHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import type { Model } from "./model.ts";
import type { Pair } from "./tensor.ts";

/** A convolution or a pooling, as far as sizes go. */
export interface WindowOptions {
  /** What it is called in the table. */
  name?: string;
  /** F, the size of the kernel or window. */
  kernel: Pair;
  /** S, the distance between neighbouring positions; 1. */
  stride?: Pair;
  /** P on each side, or what it achieves; "valid": none. "same" goes with stride 1. */
  padding?: Pair | "same" | "valid" | "full";
  /** Distance between neighbouring entries of the kernel; 1. */
  dilation?: Pair;
}

/** One window of a row. */
export interface FeatureMap {
  name: string;
  /** N before it, rows and columns. */
  input: [number, number];
  /** N behind it. */
  output: [number, number];
  /** Rows and columns of the image on which one output can depend. */
  receptiveField: [number, number];
}

/** The sizes of a row of windows; shown as a table. */
export class FeatureMaps {
  /** @internal */
  constructor(readonly maps: readonly FeatureMap[]) {}

  /** The size behind the last one. */
  get output(): [number, number] {
    return this.maps.at(-1)?.output ?? [0, 0];
  }

  [DISPLAY](): LiveDisplay {
    const rows = this.maps.map(({ name, input, output, receptiveField }) => [
      name,
      sizeText(input),
      sizeText(output),
      sizeText(receptiveField),
    ]);
    return {
      kind: "table",
      columns: ["window", "N before", "N behind", "receptive field"],
      rows,
      note: "N behind = ⌊(N − F + 2P)/S + 1⌋, where F is dilation · (kernel − 1) + 1",
    };
  }

  toString(): string {
    return this.maps
      .map(({ name, input, output }) => `${name}: ${sizeText(input)} → ${sizeText(output)}`)
      .join("\n");
  }
}

/** `nn.featureMaps`: course equations 31 and 32. */
export function featureMaps({ wasm }: Context, size: Pair, windows: readonly WindowOptions[]): FeatureMaps {
  if (!Array.isArray(windows) || windows.length === 0)
    throw argumentError(
      "featureMaps: expected a list of windows, such as [{ kernel: 5 }, { kernel: 2, stride: 2 }]",
    );
  const start = pair("featureMaps: the size", size, 1);
  const known = windows.map((options, i) => {
    wasm.checkNames(`featureMaps: window ${i + 1}`, options, WINDOW_OPTIONS);
    return sized({ ...options }, i);
  });
  const maps: FeatureMap[] = [];
  let [input, field, jump] = [start, [1, 1], [1, 1]] as [number, number][] as [Sides, Sides, Sides];
  for (const { name, reach, stride, padding } of known) {
    const room = sides((i) => input[i] - reach[i] + 2 * padding[i]);
    if (room.some((left) => left < 0)) {
      const least = sizeText(smallest(known));
      throw argumentError(
        `featureMaps: ${name} reaches over ${sizeText(reach)}, and is given ${sizeText(input)}${padding.some(Boolean) ? ` with ${sizeText(padding)} around it` : ""}: it does not fit; all of these need an image of at least ${least}`,
      );
    }
    const output = sides((i) => Math.floor(room[i] / stride[i]) + 1);
    field = sides((i) => field[i] + (reach[i] - 1) * jump[i]);
    jump = sides((i) => jump[i] * stride[i]);
    maps.push({ name, input, output, receptiveField: field });
    input = output;
  }
  return new FeatureMaps(maps);
}

const WINDOW_OPTIONS = ["name", "kernel", "stride", "padding", "dilation"];

type Sides = [number, number];

interface Sized {
  name: string;
  reach: Sides;
  stride: Sides;
  padding: Sides;
}

function sized({ name, kernel, stride = 1, padding = 0, dilation = 1 }: WindowOptions, index: number): Sized {
  const own = name ?? `window ${index + 1}`;
  const what = (option: string) => `featureMaps: ${own}: ${option}`;
  const [kernels, spread] = [pair(what("kernel"), kernel, 1), pair(what("dilation"), dilation, 1)];
  const reach = sides((i) => spread[i] * (kernels[i] - 1) + 1);
  const strides = pair(what("stride"), stride, 1);
  if (padding === "same" && strides.some((step) => step !== 1))
    throw argumentError(
      `${what("padding")} is "same" with a stride of ${sizeText(strides)}; give it as a number`,
    );
  if (typeof padding !== "string")
    return { name: own, reach, stride: strides, padding: pair(what("padding"), padding, 0) };
  const share = { same: 0.5, valid: 0, full: 1 }[padding];
  if (share === undefined)
    throw argumentError(
      `${what("padding")} is ${JSON.stringify(padding)}; expected a number, "same", "valid" or "full"`,
    );
  return { name: own, reach, stride: strides, padding: sides((i) => share * (reach[i] - 1)) };
}

/** The smallest image that fits: one position of the last window, and back from there. */
function smallest(windows: readonly Sized[]): Sides {
  let size: Sides = [1, 1];
  for (const { reach, stride, padding } of [...windows].reverse())
    size = sides((i) => Math.max(1, (size[i] - 1) * stride[i] + reach[i] - 2 * padding[i]));
  return size;
}

function pair(what: string, value: Pair, least: number): Sides {
  const both: readonly number[] = typeof value === "number" ? [value, value] : value;
  if (
    !Array.isArray(both) ||
    both.length !== 2 ||
    !both.every((size) => Number.isInteger(size) && size >= least)
  )
    throw argumentError(`${what} is ${JSON.stringify(value)}; expected a whole number from ${least}, or two`);
  return [both[0] as number, both[1] as number];
}

function sides(of: (side: 0 | 1) => number): Sides {
  return [of(0), of(1)];
}

function sizeText([rows, columns]: Sides): string {
  return `${rows} × ${columns}`;
}

/** No image is larger than this. */
const LARGEST = 4096;

/**
 * @internal An error of a network whose windows do not fit an input says which input is the smallest that does: found by trying, on networks of
 * the same kind. Weights that are drawn already may hold it to one size. Other errors stay as they are.
 */
export function withSmallestInput(model: Model, input: readonly number[], error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.includes("does not fit") || input.length < 3) return error;
  const own = shapesOf(model.handle);
  const fits = (shape: readonly number[]) => {
    try {
      const trial = model.anew();
      trial.build(Uint32Array.from(shape), 0);
      const made = shapesOf(trial);
      return [...own].every(([name, shape]) => made.get(name) === shape);
    } catch {
      return false;
    }
  };
  // What does not fit is something else, such as the images of the validation.
  if (fits(input)) return error;
  const places = input.map((_, axis) => axis).filter((axis) => axis > 1);
  const with_ = (size: number) => input.map((own, axis) => (axis > 1 ? Math.max(own, size) : own));
  let enough = Math.max(1, ...input.slice(2));
  while (enough <= LARGEST && !fits(with_(enough))) enough *= 2;
  if (enough > LARGEST) return error;
  const least = with_(enough);
  for (const axis of places) {
    let [low, high] = [0, least[axis] as number];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (fits(least.with(axis, middle))) high = middle;
      else low = middle;
    }
    least[axis] = high;
  }
  error.message += `; the smallest input that fits the network is [${least.join(", ")}]`;
  return error;
}

/** The shapes of what has been drawn, by name. */
function shapesOf(handle: ModelHandle): Map<string, string> {
  const values = handle.parameterValues();
  return new Map(handle.parameterNames().map((name, i) => [name, Array.from(values.at(i).shape).join()]));
}
