import assert from "node:assert/strict";
import { test } from "node:test";
import { highlightLines } from "./highlight.ts";

const classes = (source: string) =>
  highlightLines(source).map((line) =>
    line.filter((s) => s.className).map((s) => [s.text, s.className.slice(4)]),
  );

test("tokens keep their text and lines", () => {
  const source = "const a = `x\nb` // no\n/* c\nd */ f.then('q', 0x1f, { if: 1e-3 })\n";
  assert.equal(
    highlightLines(source)
      .map((line) => line.map((s) => s.text).join(""))
      .join("\n"),
    source,
  );
  assert.deepEqual(classes(source)[1], [
    ["b`", "string"],
    ["// no", "comment"],
  ]);
  assert.deepEqual(classes(source)[3], [
    ["d */", "comment"],
    ["f", "variableName"],
    ["then", "propertyName"],
    ["'q'", "string"],
    ["0x1f", "number"],
    ["if", "propertyName"],
    ["1e-3", "number"],
  ]);
});

test("unfinished strings and comments end with the text", () => {
  assert.deepEqual(classes("let s = 'abc"), [
    [
      ["let", "keyword"],
      ["s", "variableName"],
      ["'abc", "string"],
    ],
  ]);
  assert.deepEqual(classes("/* open\nstill"), [[["/* open", "comment"]], [["still", "comment"]]]);
});

test("a spread is no property", () => {
  assert.deepEqual(classes("f(...xs, a?.b)")[0], [
    ["f", "variableName"],
    ["xs", "variableName"],
    ["a", "variableName"],
    ["b", "propertyName"],
  ]);
});
