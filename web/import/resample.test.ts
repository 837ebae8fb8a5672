import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fit } from "./protocol.ts";
import { frameOf, Resampler } from "./resample.ts";

/** The red plane of a grey image at another size. */
function resampled(rows: number[][], size: number, fit: Fit): number[][] {
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  const frame = frameOf(width, height, size, fit);
  const resampler = new Resampler(frame, size);
  const { x, y, width: w, height: h } = frame.source;
  for (let row = 0; row < h; row++) {
    const grey = (rows[y + row] as number[]).slice(x, x + w);
    resampler.add(row, Uint8ClampedArray.from(grey.flatMap((value) => [value, value, value, 255])));
  }
  const planes = new Uint8Array(3 * size * size);
  resampler.write(planes);
  assert.deepEqual(planes.slice(0, size * size), planes.slice(size * size, 2 * size * size));
  return Array.from({ length: size }, (_, row) => Array.from(planes.slice(row * size, (row + 1) * size)));
}

test("an image of the right size stays as it is", () => {
  const image = [
    [0, 50, 100],
    [150, 200, 250],
    [3, 2, 1],
  ];
  for (const fit of ["crop", "pad", "stretch"] as const) assert.deepEqual(resampled(image, 3, fit), image);
});

test("a smaller one is a mean of neighbours: by hand, weights 1 3 3 1 over 8, less at the edge", () => {
  const row = [0, 0, 80, 80, 0, 0];
  const image = Array.from({ length: 6 }, () => row);
  // Centre 1 reaches from −1 to 3: pixels 0, 1, 2 with 3/4, 3/4, 1/4 of the whole.
  const first = Math.round((80 * 0.25) / 1.75);
  const middle = Math.round((80 * (0.75 + 0.75)) / 2);
  assert.deepEqual(
    resampled(image, 3, "stretch"),
    Array.from({ length: 3 }, () => [first, middle, first]),
  );
});

test("flat stays flat at any size, and sizes that do not divide", () => {
  for (const [width, height, size] of [
    [7, 5, 3],
    [5, 7, 16],
    [100, 3, 8],
    [1, 1, 4],
  ] as const) {
    const image = Array.from({ length: height }, () => Array<number>(width).fill(77));
    for (const fit of ["crop", "stretch"] as const)
      assert.deepEqual(
        resampled(image, size, fit),
        Array.from({ length: size }, () => Array<number>(size).fill(77)),
      );
  }
});

test("cut to the middle, or whole within black", () => {
  const wide = Array.from({ length: 2 }, () => [9, 10, 20, 9]);
  assert.deepEqual(resampled(wide, 2, "crop"), [
    [10, 20],
    [10, 20],
  ]);
  const padded = resampled(
    Array.from({ length: 2 }, () => [60, 60, 60, 60]),
    4,
    "pad",
  );
  assert.deepEqual(padded, [
    [0, 0, 0, 0],
    [60, 60, 60, 60],
    [60, 60, 60, 60],
    [0, 0, 0, 0],
  ]);
});
