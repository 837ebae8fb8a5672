import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stroke } from "./control.ts";
import { pixelsOf, rasterise } from "./raster.ts";

const line = (points: number[], width = 2 / 28, erases = false): Stroke => ({ width, erases, points });
const sum = (pixels: Float32Array) => pixels.reduce((a, b) => a + b, 0);

test("a stroke covers its area, whole pixels where it is whole", () => {
  // From (7, 14) to (21, 14) of 28, two pixels thick: rows 13 and 14.
  const pixels = rasterise([line([0.25, 0.5, 0.75, 0.5])], 28);
  for (let x = 7; x < 21; x++) assert.deepEqual([pixels[13 * 28 + x], pixels[14 * 28 + x]], [1, 1]);
  assert.equal(pixels[12 * 28 + 14], 0);
  assert.equal(pixels[14], 0);
  // The rectangle and two half discs of radius 1, as well as half-covered pixels say.
  assert.ok(Math.abs(sum(pixels) - (28 + Math.PI)) < 1, `${sum(pixels)}`);
  assert.ok(pixels.every((v) => v >= 0 && v <= 1));
});

test("edges are grey where they lie between pixels", () => {
  const pixels = rasterise([line([0.25, 0.5 + 0.25 / 28, 0.75, 0.5 + 0.25 / 28])], 28);
  assert.deepEqual(
    [12, 13, 14, 15].map((y) => Number(pixels[y * 28 + 14]?.toFixed(3))),
    [0, 0.75, 1, 0.25],
  );
});

test("the eraser takes away what was drawn before, not after", () => {
  const [drawn, erased] = [line([0.2, 0.5, 0.8, 0.5]), line([0.5, 0.2, 0.5, 0.8], 0.3, true)];
  assert.equal(rasterise([drawn, erased], 28)[14 * 28 + 14], 0);
  assert.equal(rasterise([erased, drawn], 28)[14 * 28 + 14], 1);
});

test("a centred drawing is as large as MNIST's digits and balanced, wherever and however small it was drawn", () => {
  const seven = [line([0.05, 0.1, 0.3, 0.1, 0.15, 0.5])];
  for (const strokes of [seven, [line([0.6, 0.55, 0.75, 0.55, 0.66, 0.8], 0.03)]]) {
    const pixels = pixelsOf({ strokes }, 28, true);
    let [x, y, mass, top, bottom] = [0, 0, 0, 28, 0];
    for (const [i, v] of pixels.entries()) {
      [x, y, mass] = [x + v * ((i % 28) + 0.5), y + v * (Math.floor(i / 28) + 0.5), mass + v];
      if (v > 0.1)
        [top, bottom] = [Math.min(top, Math.floor(i / 28)), Math.max(bottom, Math.floor(i / 28) + 1)];
    }
    assert.ok(Math.abs(x / mass - 14) < 0.1 && Math.abs(y / mass - 14) < 0.1, `${x / mass} ${y / mass}`);
    assert.ok(Math.abs(bottom - top - 20) <= 1, `${bottom - top} rows`);
  }
});

test("nothing drawn is nothing", () => {
  assert.equal(sum(pixelsOf({ strokes: [] }, 28, true)), 0);
  assert.equal(sum(pixelsOf({ strokes: [line([0.5, 0.5], 0.1, true)] }, 28, true)), 0);
  assert.ok(sum(pixelsOf({ strokes: [line([0.5, 0.5])] }, 28, true)) > 0);
});
