// A tensor as text: type, shape, and its values with the middle left out when there are many.

import type { Values } from "./tensor.ts";

const EDGE = 3;
const MOST = 1000;

/** Such as `Tensor f32 [2, 2]` and the rows below. */
export function describe(shape: readonly number[], dtype: string, values: Values): string {
  const head = `Tensor ${dtype} [${shape.join(", ")}]`;
  if (values.length === 0) return head;
  const short = values.length > MOST;
  const width = shape.length === 0 ? 0 : Math.max(...shown(values, short).map((text) => text.length));
  return `${head}\n${rows(shape, 0, short, (index) => format(dtype, values[index] as number).padStart(width), "")}`;

  function shown(all: Values, cut: boolean): string[] {
    const some = cut ? [...all.slice(0, 100), ...all.slice(-100)] : Array.from(all as Float32Array);
    return some.map((value) => format(dtype, value));
  }
}

function rows(
  shape: readonly number[],
  offset: number,
  short: boolean,
  text: (index: number) => string,
  indent: string,
): string {
  const [size, ...inner] = shape;
  if (size === undefined) return text(offset);
  const step = inner.reduce((product, n) => product * n, 1);
  const part = (i: number) => rows(inner, offset + i * step, short, text, `${indent} `);
  const cut = short && size > 2 * EDGE;
  const indices = cut
    ? [...Array(EDGE).keys(), -1, ...Array.from({ length: EDGE }, (_, i) => size - EDGE + i)]
    : [...Array(size).keys()];
  const parts = indices.map((i) => (i < 0 ? "…" : part(i)));
  return `[${parts.join(inner.length === 0 ? ", " : `,\n${inner.length > 1 ? "\n" : ""}${indent} `)}]`;
}

function format(dtype: string, value: number): string {
  if (dtype === "bool") return value ? "true" : "false";
  if (dtype !== "f32" || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}
