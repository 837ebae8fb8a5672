// The reference notebooks: every row of the course's list of features has a cell, and what they say can be shown. That the cells
// run is a test in the browser.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import katex from "katex";
import type { CellFile } from "./ipynb.ts";
import { parseNotebook } from "./ipynb.ts";

const FOLDER = "web/notebooks";
const rows = JSON.parse(readFileSync("tests/course-rows.json", "utf8")) as string[];
const chapters = readdirSync(`${FOLDER}/reference`).map(
  (file) => `reference/${file.replace(/\.ipynb$/, "")}`,
);
const notebooks = ["reference", ...chapters].map((name) => ({
  name,
  cells: parseNotebook(readFileSync(`${FOLDER}/${name}.ipynb`, "utf8")).cells,
}));
const all = notebooks.flatMap(({ name, cells }) => cells.map((cell, at) => ({ name, cell, at, cells })));

test("each row of the course has a cell, with text before the first, in the notebook of its chapter", () => {
  for (const row of rows) {
    const found = all.filter(({ cell }) => rowsOf(cell).includes(row));
    const [first] = found;
    assert.ok(first, `no cell shows row ${row}`);
    assert.equal(
      first.cells[first.at - 1]?.cell_type,
      "markdown",
      `row ${row}: no text before its first cell`,
    );
    for (const { name } of found) assert.equal(name, `reference/${Number.parseInt(row, 10)}`, row);
  }
  const named = all.flatMap(({ cell }) => rowsOf(cell));
  assert.deepEqual([...new Set(named)].sort(), [...rows].sort());
});

test("cells have names of their own and come without outputs", () => {
  for (const { name, cells } of notebooks) {
    const ids = cells.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, name);
    for (const cell of cells) assert.deepEqual(cell.outputs ?? [], [], `${name}: ${cell.id}`);
  }
});

test("KaTeX knows every formula", () => {
  let count = 0;
  for (const { name, cell } of all) {
    if (cell.cell_type !== "markdown") continue;
    const text = textOf(cell).replaceAll(/`[^`]*`/g, "");
    for (const [, block, inline] of text.matchAll(/\$\$([\s\S]+?)\$\$|\$((?:\\.|[^\\$\n])+?)\$/g)) {
      const render = () =>
        katex.renderToString(block ?? inline ?? "", { throwOnError: true, strict: "error" });
      assert.doesNotThrow(render, `${name}: ${cell.id}: ${block ?? inline}`);
      count += 1;
    }
  }
  assert.ok(count > 50, `${count} formulas`);
});

test("links lead to notebooks that are there, and every chapter is listed", () => {
  const linked = (cells: CellFile[]) =>
    cells.flatMap((cell) => [...textOf(cell).matchAll(/\]\(\?notebook=([\w/-]+)\)/g)].map(([, to]) => to));
  for (const { name, cells } of notebooks)
    for (const to of linked(cells)) assert.ok(existsSync(`${FOLDER}/${to}.ipynb`), `${name} links ${to}`);
  const [contents] = notebooks;
  for (const chapter of chapters) assert.ok(linked(contents?.cells ?? []).includes(chapter), chapter);
});

function rowsOf({ metadata }: CellFile): string[] {
  return (metadata.gradbook as { rows?: string[] } | undefined)?.rows ?? [];
}

function textOf({ source }: CellFile): string {
  return typeof source === "string" ? source : source.join("");
}
