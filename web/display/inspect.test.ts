import assert from "node:assert/strict";
import { test } from "node:test";
import { formatNumber, inspect, inspectMessage } from "./inspect.ts";

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

class Named {
  toString(): string {
    return "Named itself";
  }
}

const circular: { self?: unknown } = {};
circular.self = circular;

const throwing = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error("no");
    },
  },
);

for (const [value, text] of [
  ["it's", '"it\'s"'],
  ["a\nb", "'a\\nb'"],
  [-0, "-0"],
  [10n, "10n"],
  [null, "null"],
  [undefined, "undefined"],
  [Symbol("s"), "Symbol(s)"],
  [[1, "a", [true]], "[1, 'a', [true]]"],
  [[], "[]"],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is shown
  [[1, , 3], "[1, empty, 3]"],
  [{ a: 1, "b c": { d: [] } }, "{ a: 1, 'b c': { d: [] } }"],
  [{ a: { b: { c: { d: { e: 1 } } } } }, "{ a: { b: { c: { d: {…} } } } }"],
  [new Point(1, 2), "Point { x: 1, y: 2 }"],
  [{ named: new Named() }, "{ named: Named itself }"],
  [new Map([["k", 1]]), "Map(1) { 'k' => 1 }"],
  [new Set([1, 2]), "Set(2) { 1, 2 }"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [/x/g, "/x/g"],
  [new RangeError("far"), "RangeError: far"],
  [Point, "[class Point]"],
  [Math.max, "[function max]"],
  [circular, "{ self: [circular] }"],
  [throwing, "[not shown: no]"],
  [
    {
      get computed() {
        throw new Error("called");
      },
    },
    "{ computed: [getter] }",
  ],
  [new Float32Array([0.1, 2, NaN]), "Float32Array(3) [0.1, 2, NaN]"],
  [new Uint8Array(784), `Uint8Array(784) [${"0, ".repeat(12)}… 772 more]`],
] as [unknown, string][]) {
  test(`inspect ${text}`, () => assert.equal(inspect(value), text));
}

test("long objects break into lines, long arrays are shortened", () => {
  const lines = inspect({ first: "x".repeat(50), second: "y".repeat(50) }).split("\n");
  assert.deepEqual(lines, ["{", `  first: '${"x".repeat(50)}',`, `  second: '${"y".repeat(50)}'`, "}"]);
  assert.match(inspect(Array.from({ length: 1000 }, (_, i) => i)), /… 900 more\n\]$/);
});

test("messages show text as it is", () => {
  assert.equal(inspectMessage("loss", 0.5, ["a"]), "loss 0.5 ['a']");
});

test("numbers lose the digits that single precision does not have", () => {
  assert.equal(formatNumber(Math.fround(0.1)), "0.1");
  assert.equal(formatNumber(1234567), "1234567");
  assert.equal(formatNumber(1e-9), "1e-9");
});
