// Strokes as pixels: each pixel is as bright as the stroke covers it, by its distance to the stroke's middle line. Without a
// canvas, so that page and worker have the same bits.

import type { Drawing, Stroke } from "./control.ts";

/** Brightness 0 … 1 of size × size pixels. */
export function rasterise(strokes: readonly Stroke[], size: number): Float32Array {
  const pixels = new Float32Array(size * size);
  for (const stroke of strokes) drawStroke(pixels, size, stroke);
  return pixels;
}

/** What a drawing shows: as it is, or in the middle of the square as MNIST's digits are. */
export function pixelsOf({ strokes }: Drawing, size: number, centre: boolean): Float32Array {
  return centre ? centred(strokes, size) : rasterise(strokes, size);
}

/** Of MNIST's 28 pixels a digit's longer side has 20; its centre of mass lies in the middle. Source: LeCun et al. 1998. */
const SHARE = 20 / 28;
/** A dot stays one. */
const MOST_SCALE = 3;
const INK = 0.1;

function centred(strokes: readonly Stroke[], size: number): Float32Array {
  const box = boxOf(rasterise(strokes, size), size);
  if (!box) return new Float32Array(size * size);
  const [left, top, right, bottom] = box;
  const scale = Math.min(MOST_SCALE, (SHARE * size) / Math.max(right - left, bottom - top));
  const [x, y] = [(left + right) / 2 / size, (top + bottom) / 2 / size];
  const fitted = moved(strokes, scale, 0.5 - scale * x, 0.5 - scale * y);
  const [massX, massY] = massOf(rasterise(fitted, size), size);
  return rasterise(moved(fitted, 1, 0.5 - massX, 0.5 - massY), size);
}

function moved(strokes: readonly Stroke[], scale: number, x: number, y: number): Stroke[] {
  return strokes.map(({ width, points, ...rest }) => ({
    ...rest,
    width: scale * width,
    points: points.map((v, i) => scale * v + (i % 2 === 0 ? x : y)),
  }));
}

/** Left, top, right and bottom of what is drawn, in pixels. */
function boxOf(pixels: Float32Array, size: number): [number, number, number, number] | undefined {
  let [left, top, right, bottom] = [size, size, 0, 0];
  for (const [i, value] of pixels.entries()) {
    if (value < INK) continue;
    const [x, y] = [i % size, Math.floor(i / size)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
  }
  return right > left ? [left, top, right, bottom] : undefined;
}

/** The centre of mass, as shares of the side. */
function massOf(pixels: Float32Array, size: number): [x: number, y: number] {
  let [x, y, mass] = [0, 0, 0];
  for (const [i, value] of pixels.entries()) {
    x += value * ((i % size) + 0.5);
    y += value * (Math.floor(i / size) + 0.5);
    mass += value;
  }
  return mass > 0 ? [x / mass / size, y / mass / size] : [0.5, 0.5];
}

function drawStroke(pixels: Float32Array, size: number, { width, erases, points }: Stroke): void {
  const radius = (width * size) / 2;
  const at = (i: number): [number, number] => [(points[i] ?? 0) * size, (points[i + 1] ?? 0) * size];
  let from = at(0);
  for (let i = 0; i < points.length; i += 2) {
    const to = at(i);
    drawSegment(pixels, size, from, to, radius, erases);
    from = to;
  }
}

function drawSegment(
  pixels: Float32Array,
  size: number,
  [ax, ay]: [number, number],
  [bx, by]: [number, number],
  radius: number,
  erases: boolean,
): void {
  const reach = radius + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const first = (v: number) => Math.max(0, Math.floor(v - reach));
  const last = (v: number) => Math.min(size - 1, Math.ceil(v + reach));
  for (let y = first(Math.min(ay, by)); y <= last(Math.max(ay, by)); y++) {
    for (let x = first(Math.min(ax, bx)); x <= last(Math.max(ax, bx)); x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = length > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const cover = Math.min(1, Math.max(0, radius - distance + 0.5));
      const i = y * size + x;
      const value = pixels[i] ?? 0;
      pixels[i] = erases ? Math.min(value, 1 - cover) : Math.max(value, cover);
    }
  }
}
