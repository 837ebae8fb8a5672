// From NCHW values to canvas pixels.

import type { Table } from "./view.ts";

export interface Planes {
  channels: number;
  height: number;
  width: number;
  data: Float32Array | Uint8ClampedArray;
}

export type Range = readonly [low: number, high: number];

/** The range that is shown as black to white: the one asked for, 0 to 255 for bytes, else that of the data's finite values. */
export function rangeOf(data: Float32Array | Uint8ClampedArray, asked?: Range): Range {
  if (asked) return asked;
  if (data instanceof Uint8ClampedArray) return [0, 255];
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    // Such as the masked scores of an attention.
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // All equal, or none that is finite.
  if (!(low < high)) return Number.isFinite(low) ? [low - roomAt(low), low + roomAt(low)] : [0, 1];
  return [low, high];
}

/** How far a range that is one value reaches to its sides: a half, or what makes a difference beside a large one. */
export function roomAt(value: number): number {
  return Math.max(0.5, 1e-6 * Math.abs(value));
}

/** RGBA bytes of image `index` of a batch; values outside the range are clipped, NaN is magenta. */
export function rgbaOf(planes: Planes, index: number, [low, high]: Range): Uint8ClampedArray<ArrayBuffer> {
  const { channels, height, width, data } = planes;
  const size = height * width;
  const begin = index * channels * size;
  const scale = 255 / (high - low);
  const rgba = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) {
    let isNumber = true;
    for (let c = 0; c < 3; c++) {
      const value = data[begin + (channels === 1 ? 0 : c) * size + i] ?? Number.NaN;
      isNumber &&= !Number.isNaN(value);
      rgba[4 * i + c] = (value - low) * scale;
    }
    rgba[4 * i + 3] = channels === 4 ? ((data[begin + 3 * size + i] ?? high) - low) * scale : 255;
    if (!isNumber) rgba.set([255, 0, 255, 255], 4 * i);
  }
  return rgba;
}

/** A canvas of exactly the image's size; CSS scales it, crisply. */
export function canvasOf(
  rgba: Uint8ClampedArray<ArrayBuffer>,
  width: number,
  height: number,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

/** Whole screen pixels per image pixel, so that an image of this size is good to look at. */
export function zoomFor(width: number, height: number, target: number): number {
  return Math.max(1, Math.floor(target / Math.max(width, height)));
}

/** Where a pixel is, counted from 0 as a tensor is. */
export function placeText(row: number, column: number): string {
  return `[${row}, ${column}]`;
}

/** A matrix, row by row, as a table with the number of each row in front. */
export function matrixTable(
  rows: number,
  columns: number,
  data: ArrayLike<number>,
  rowNames?: readonly string[],
  columnNames?: readonly string[],
): Table {
  const at = (row: number) =>
    Array.from({ length: columns }, (_, c) => data[row * columns + c] ?? Number.NaN);
  return {
    columns: ["", ...(columnNames ?? Array.from({ length: columns }, (_, c) => String(c)))],
    rows: Array.from({ length: rows }, (_, r) => [rowNames?.[r] ?? String(r), ...at(r)]),
  };
}
