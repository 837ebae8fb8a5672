import assert from "node:assert/strict";
import { test } from "node:test";
import { Cell } from "./cell.ts";
import { differences, linesOf } from "./difference.ts";
import type { CellFile } from "./ipynb.ts";

const file = (id: string, source: string): CellFile => ({ cell_type: "code", id, source, metadata: {} });
const cell = (id: string, source: string) => new Cell(id, file(id, source), []);

test("cells that were changed, added and left out are told, each with its place", () => {
  const copy = [cell("a", "1"), cell("b", "2"), cell("own", "mine")];
  const found = differences(copy, [file("new", "0"), file("a", "1"), file("b", "two"), file("last", "3")]);
  const told = found.map(({ mine, theirs, after }) => [mine?.id, theirs?.id, after?.id]);
  assert.deepEqual(told, [
    [undefined, "new", undefined],
    ["b", "b", undefined],
    [undefined, "last", "b"],
    ["own", undefined, undefined],
  ]);
  assert.deepEqual(differences(copy.slice(0, 2), [file("b", "2"), file("a", "1")]), []);
});

test("lines say whose they are", () => {
  const lines = linesOf({ mine: cell("a", "one\ntwo\nthree"), theirs: file("a", "one\n2\nthree\nfour") });
  assert.deepEqual(
    lines.map(({ of, text }) => `${of} ${text}`),
    ["both one", "mine two", "theirs 2", "both three", "theirs four"],
  );
});
