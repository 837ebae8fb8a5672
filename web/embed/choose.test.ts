import assert from "node:assert/strict";
import { test } from "node:test";
import { Cell } from "../notebook/cell.ts";
import { chosen } from "./choose.ts";

const cells = ["a1", "b2", "c3", "d4"].map(
  (id) => new Cell(id, { cell_type: "code", source: "", metadata: {} }, []),
);
const ids = (list: string) => chosen(cells, list).map(({ id }) => id);

test("cells are named by number, range or id, and shown in their order, once", () => {
  assert.deepEqual(ids("3, b2 2-3"), ["b2", "c3"]);
  assert.deepEqual(ids(" "), ["a1", "b2", "c3", "d4"]);
});

test("a cell that is not there is named", () => {
  for (const list of ["0", "5", "3-2", "2-9", "zz", "-1"])
    assert.throws(() => ids(list), /there is no cell/, list);
});
