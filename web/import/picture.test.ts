import assert from "node:assert/strict";
import { test } from "node:test";
import { measure } from "./picture.ts";

const chunk = (type: string, body: number[]) => [
  0,
  0,
  0,
  body.length,
  ...Buffer.from(type),
  ...body,
  0,
  0,
  0,
  0,
];
const png = (width: number[], height: number[]) => [
  ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
  ...chunk("IHDR", [...width, ...height, 8, 2, 0, 0, 0]),
  ...chunk("IDAT", [1, 2, 3]),
  ...chunk("IEND", []),
];
/** A thumbnail with an end of its own, the size, a scan, the end. */
const jpeg = [
  ...[0xff, 0xd8],
  ...[0xff, 0xe0, 0, 16, ...Buffer.from("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0xff, 0xd9],
  ...[0xff, 0xc0, 0, 11, 8, 0, 20, 0, 30, 1, 1, 0x11, 0],
  ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34],
  ...[0xff, 0xd9],
];
const sizeOf = (bytes: number[]) => {
  const { width, height } = measure(Uint8Array.from(bytes));
  return [width, height];
};

test("sizes are read from headers", () => {
  assert.deepEqual(sizeOf(png([0, 0, 1, 44], [0, 0, 0, 7])), [300, 7]);
  assert.deepEqual(sizeOf(jpeg), [30, 20]);
});

test("a file that ends early is refused, one with more behind its end is not", () => {
  const small = png([0, 0, 0, 4], [0, 0, 0, 4]);
  for (const bytes of [small, jpeg]) {
    for (let cut = 1; cut <= 6; cut++)
      assert.throws(() => sizeOf(bytes.slice(0, -cut)), /the file ends early/, `${bytes[1]} less ${cut}`);
    // As phones write a film behind a photograph.
    assert.doesNotThrow(() => sizeOf([...bytes, ...Array<number>(10_000).fill(7)]));
  }
});

test("what would take too much memory is refused before it is decoded", () => {
  assert.throws(
    () => sizeOf(png([0, 0, 0xea, 0x60], [0, 0, 0xea, 0x60])),
    /it is 60000 × 60000 pixels; at most 67 million are read/,
  );
  assert.throws(() => sizeOf(png([0x7f, 0, 0, 0], [0x7f, 0, 0, 0])), /pixels; at most/);
  assert.throws(() => sizeOf(png([0, 0, 0, 0], [0, 0, 0, 1])), /it is 0 × 1 pixels/);
  assert.throws(() => sizeOf([0x89, 0x50, 0x4e, 0x47]), /its size cannot be read/);
});
