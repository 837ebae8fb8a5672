// Images to another size: a triangle over the pixels that lie under one of the result, as wide as that is apart. In double
// precision and without any function that differs between machines, so equal pixels give equal results everywhere.

import type { Fit } from "./protocol.ts";

/** What of a source goes where in the result. */
export interface Frame {
  source: { x: number; y: number; width: number; height: number };
  target: { x: number; y: number; width: number; height: number };
}

/** How an image is put into a square of this size. */
export function frameOf(width: number, height: number, size: number, fit: Fit): Frame {
  const whole = { x: 0, y: 0, width, height };
  const square = { x: 0, y: 0, width: size, height: size };
  if (fit === "stretch" || width === height) return { source: whole, target: square };
  if (fit === "crop") {
    const side = Math.min(width, height);
    const [x, y] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
    return { source: { x, y, width: side, height: side }, target: square };
  }
  const scale = size / Math.max(width, height);
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  return {
    source: whole,
    target: { x: Math.floor((size - w) / 2), y: Math.floor((size - h) / 2), width: w, height: h },
  };
}

/** Takes an image row by row, so that a large one is never held a second time. */
export class Resampler {
  readonly #across: Weights[];
  readonly #down: Weights[];
  readonly #sums: Float64Array;
  readonly #row: Float64Array;

  constructor(
    private readonly frame: Frame,
    private readonly size: number,
  ) {
    const { source, target } = frame;
    this.#across = weights(source.width, target.width);
    this.#down = weights(source.height, target.height);
    this.#sums = new Float64Array(3 * target.width * target.height);
    this.#row = new Float64Array(3 * target.width);
  }

  /** Row `y` of the part of the source that is taken: RGBA bytes. */
  add(y: number, rgba: Uint8ClampedArray): void {
    const { width } = this.frame.target;
    let isRowReady = false;
    // Rows of the result near this one: where the weights of their windows reach.
    const near = Math.floor((y * this.#down.length) / this.frame.source.height);
    const reach = 2 + Math.ceil(this.#down.length / this.frame.source.height);
    const last = Math.min(this.#down.length - 1, near + reach);
    for (let out = Math.max(0, near - reach); out <= last; out++) {
      const { from, values } = this.#down[out] as Weights;
      const weight = values[y - from];
      if (weight === undefined) continue;
      if (!isRowReady) {
        this.#across.forEach((weights, x) => {
          acrossRow(rgba, weights, this.#row, x);
        });
        isRowReady = true;
      }
      const begin = 3 * width * out;
      for (let i = 0; i < this.#row.length; i++)
        this.#sums[begin + i] = (this.#sums[begin + i] as number) + weight * (this.#row[i] as number);
    }
  }

  /** Writes the three planes of the result, [3, size, size], black where nothing of the source lies. */
  write(planes: Uint8Array): void {
    const { x, y, width, height } = this.frame.target;
    planes.fill(0);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        for (let c = 0; c < 3; c++) {
          const value = this.#sums[3 * (row * width + column) + c] as number;
          planes[(c * this.size + y + row) * this.size + x + column] = Math.min(
            255,
            Math.max(0, Math.round(value)),
          );
        }
      }
    }
  }
}

/** The weights of neighbouring sources, from number `from`, which are 1 together. */
interface Weights {
  from: number;
  values: number[];
}

function weights(sources: number, targets: number): Weights[] {
  const scale = sources / targets;
  const reach = Math.max(1, scale);
  return Array.from({ length: targets }, (_, target) => {
    const centre = (target + 0.5) * scale;
    const from = Math.max(0, Math.ceil(centre - reach - 0.5));
    const to = Math.min(sources - 1, Math.floor(centre + reach - 0.5));
    const values: number[] = [];
    for (let at = from; at <= to; at++) values.push(Math.max(0, 1 - Math.abs(at + 0.5 - centre) / reach));
    const sum = values.reduce((sum, value) => sum + value, 0);
    return { from, values: values.map((value) => value / sum) };
  });
}

function acrossRow(rgba: Uint8ClampedArray, { from, values }: Weights, row: Float64Array, x: number): void {
  let [red, green, blue] = [0, 0, 0];
  for (const [i, weight] of values.entries()) {
    const at = 4 * (from + i);
    red += weight * (rgba[at] as number);
    green += weight * (rgba[at + 1] as number);
    blue += weight * (rgba[at + 2] as number);
  }
  row[3 * x] = red;
  row[3 * x + 1] = green;
  row[3 * x + 2] = blue;
}
