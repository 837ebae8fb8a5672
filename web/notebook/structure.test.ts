import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell, CellType } from "./cell.ts";
import { cellOf } from "./ipynb.ts";
import { neededBy } from "./needs.ts";
import { headingsOf } from "./outline.ts";
import type { Session } from "./session.ts";
import { Structure } from "./structure.ts";

/** The part of a session that holds cells. */
class Bench {
  cells: Cell[] = [];
  isReadOnly = false;
  readonly structure = new Structure(this as unknown as Session);

  constructor(...sources: string[]) {
    this.cells = sources.map((source, i) => cell(source, "code", `c${i}`));
  }

  arrange(cells: Cell[]): void {
    this.cells = cells;
  }

  get texts(): string[] {
    return this.cells.map(({ source }) => source);
  }

  at(i: number): Cell {
    return this.cells[i] ?? assert.fail(`there is no cell ${i}`);
  }
}

function cell(source: string, type: CellType = "code", id = "id"): Cell {
  return cellOf(id, { cell_type: type, source, metadata: {} });
}

test("where another window writes, nothing changes and nothing is undone", () => {
  const bench = new Bench("a", "b");
  const { structure } = bench;
  structure.merge(bench.at(0));
  bench.isReadOnly = true;
  const [only] = bench.cells;
  const contents = () => bench.cells.map(({ type, source, isStale }) => ({ type, source, isStale }));
  const before = contents();
  assert.equal(structure.insert("code", 0), undefined);
  assert.equal(structure.split(bench.at(0), 1), undefined);
  structure.copy(bench.at(0));
  assert.equal(structure.paste(0), undefined);
  structure.setType("markdown", bench.at(0));
  structure.rewrite(new Map([[bench.at(0), "other"]]));
  structure.remove(bench.at(0));
  assert.equal(structure.undo(), undefined);
  assert.deepEqual(contents(), before);
  assert.equal(bench.cells[0], only);
  bench.isReadOnly = false;
  structure.undo();
  assert.deepEqual(bench.texts, ["a", "b"]);
});

test("every change of structure is undone and made again", () => {
  const bench = new Bench("a", "b", "c");
  const { structure } = bench;
  const states = [bench.texts];
  const steps = [
    () => structure.insert("code", 1, "new"),
    () => structure.remove(bench.at(0)),
    () => structure.moveTo(2, bench.at(0)),
    () => structure.merge(bench.at(0)),
    () => structure.split(bench.at(0), 1),
    () => structure.rewrite(new Map([[bench.at(1), "other"]])),
    () => {
      structure.copy(bench.at(0));
      structure.paste(0);
    },
  ];
  for (const step of steps) {
    step();
    states.push(bench.texts);
  }
  for (const state of states.slice(0, -1).reverse()) {
    structure.undo();
    assert.deepEqual(bench.texts, state);
  }
  assert.equal(structure.undo(), undefined);
  for (const state of states.slice(1)) {
    structure.redo();
    assert.deepEqual(bench.texts, state);
  }
});

test("a change of type gives the outputs back; a new change ends what could be made again", () => {
  const bench = new Bench("a");
  const first = bench.at(0);
  first.outputs = [{ display: { kind: "text", text: "1" }, isResult: true, updates: new Set() }];
  bench.structure.setType("markdown", first);
  assert.deepEqual([first.type, first.outputs.length], ["markdown", 0]);
  assert.equal(bench.structure.undo(), first);
  assert.deepEqual([first.type, first.outputs.length], ["code", 1]);
  bench.structure.insert("code", 1);
  assert.equal(bench.structure.redo(), undefined);
});

test("several cells are moved, copied, merged and deleted as one", () => {
  const bench = new Bench("a", "b", "c", "d");
  const { structure } = bench;
  structure.moveTo(2, bench.at(0), bench.at(1));
  assert.deepEqual(bench.texts, ["c", "d", "a", "b"]);
  structure.moveTo(2, bench.at(2), bench.at(3));
  structure.copy(bench.at(2), bench.at(3));
  assert.equal(structure.paste(0)?.source, "b");
  assert.deepEqual(bench.texts, ["a", "b", "c", "d", "a", "b"]);
  structure.merge(bench.at(1), bench.at(2), bench.at(3));
  assert.deepEqual(bench.texts, ["a", "b\nc\nd", "a", "b"]);
  structure.remove(bench.at(0), bench.at(1));
  structure.undo();
  structure.undo();
  assert.deepEqual(bench.texts, ["a", "b", "c", "d", "a", "b"]);
  structure.undo();
  structure.undo();
  assert.deepEqual(bench.texts, ["a", "b", "c", "d"]);
});

test("what was typed after a merge is there again when the merge is made again", () => {
  const bench = new Bench("a", "b");
  bench.structure.merge(bench.at(0));
  bench.at(0).source = "typed";
  bench.structure.undo();
  assert.deepEqual(bench.texts, ["a", "b"]);
  bench.structure.redo();
  assert.deepEqual(bench.texts, ["typed"]);
});

test("a cell needs those that give what it uses, and those that they need", () => {
  const cells = [
    "const a = 1",
    "const unused = 2",
    "const b: number = a + 1",
    "b + later",
    "const later = 3",
  ].map((text, i) => cell(text, "code", `n${i}`));
  const texts = () => neededBy(cells[3] as Cell, cells).map(({ source }) => source);
  assert.deepEqual(texts(), ["const a = 1", "const b: number = a + 1", "const later = 3", "b + later"]);
  for (const done of cells) done.milliseconds = 1;
  assert.deepEqual(texts(), ["b + later"]);
  (cells[0] as Cell).isStale = true;
  assert.deepEqual(texts(), ["const a = 1", "const b: number = a + 1", "b + later"]);
});

test("headings of texts, without those in fenced code", () => {
  const text = "# One *two*\n\n```sh\n# no heading\n```\n## [Link](x) `code`\n####### none";
  const found = headingsOf([cell(text, "markdown"), cell("# not of code")]);
  assert.deepEqual(
    found.map(({ level, text }) => [level, text]),
    [
      [1, "One two"],
      [2, "Link code"],
    ],
  );
});
