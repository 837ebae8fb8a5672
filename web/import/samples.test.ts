import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_CLASSES } from "./limits.ts";
import { partsOf } from "./samples.ts";
import { usualTarget } from "./tables.ts";

test("each class of a part is counted, and there are not too many", () => {
  const places = ["b", "a", "b"].map((name) => ({ part: "all", class: name }));
  const made = partsOf({ shape: [1], values: Uint8Array.of(1, 2, 3), places }, "none");
  assert.deepEqual(made.parts, [{ name: "all", shape: [3, 1], counts: [1, 2] }]);
  const many = Array.from({ length: MOST_CLASSES + 1 }, (_, i) => ({ part: "all", class: `${i}` }));
  const values = new Uint8Array(many.length);
  assert.throws(() => partsOf({ shape: [1], values, places: many }, ""), /10001 folders/);
  const most = partsOf({ shape: [1], values, places: many.slice(1) }, "");
  assert.equal(most.classes.length, MOST_CLASSES);
});

test("targets are in the column that is called so, else in words that may be classes", () => {
  const codes = Int32Array.of(0);
  const table = (...names: string[]) => ({
    rows: 1,
    gaps: 0,
    columns: names.map((name) =>
      /\d/.test(name) ? { name, numbers: Float32Array.of(1) } : { name, codes, words: ["a"] },
    ),
  });
  const all = () => true;
  assert.equal(usualTarget(table("n1", "Label", "kind", "n2"), all), 1);
  assert.equal(usualTarget(table("n1", "kind", "name", "n2"), all), 2);
  assert.equal(
    usualTarget(table("n1", "kind", "name", "n2"), (i) => i !== 2),
    1,
  );
  assert.equal(
    usualTarget(table("n1", "name", "n2"), (i) => i !== 1),
    2,
  );
  assert.equal(
    usualTarget(table("name"), () => false),
    -1,
  );
});

test("names of classes are lines", () => {
  const places = ["a\nb", "c\u2028"].map((name) => ({ part: "all", class: name }));
  const { classes } = partsOf({ shape: [1], values: Uint8Array.of(1, 2), places }, "none");
  assert.deepEqual(classes, ["a b", "c "]);
});
