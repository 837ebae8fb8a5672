import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignLanguage } from "../library/language.ts";
import { cellsOf, fileOf, notebookText, parseNotebook } from "./ipynb.ts";

const foreign = {
  cells: [
    { cell_type: "markdown", id: "a1", metadata: { tags: ["x"] }, source: ["# Title\n", "text"] },
    {
      cell_type: "code",
      execution_count: 3,
      id: "b2",
      metadata: { collapsed: true },
      outputs: [
        { name: "stdout", output_type: "stream", text: ["one\n", "two\n"] },
        {
          data: { "text/html": ["<b>", "x</b>"], "text/plain": ["x"] },
          execution_count: 3,
          metadata: { foo: 1 },
          output_type: "execute_result",
        },
        { ename: "ValueError", evalue: "bad", output_type: "error", traceback: ["\u001b[31mline"] },
      ],
      source: ["1 + 1"],
    },
    { cell_type: "raw", id: "c3", metadata: {}, source: ["raw"] },
  ],
  metadata: { kernelspec: { name: "python3", display_name: "Python 3" }, custom: true },
  nbformat: 4,
  nbformat_minor: 5,
};

test("a notebook of another program comes back unharmed", async () => {
  const file = parseNotebook(JSON.stringify(foreign));
  const written = JSON.parse(notebookText(await fileOf(cellsOf(file), file.metadata)));
  assert.deepEqual(written.cells, foreign.cells);
  assert.deepEqual(written.metadata.kernelspec, foreign.metadata.kernelspec);
  assert.equal(written.metadata.custom, true);
});

test("what a run shows is written as Jupyter has it, and read back with its place", async () => {
  const [cell] = cellsOf(parseNotebook(JSON.stringify({ ...foreign, cells: [foreign.cells[1]] })));
  assert.ok(cell);
  cell.outputs = [];
  cell.count = 7;
  const frame = { cell: "b2", count: 7, line: 2, column: 3, text: "  boom()" };
  cell.show(0, { kind: "text", text: "a\nb\n", stream: "stderr" }, false);
  cell.show(1, { kind: "text", text: "42" }, true);
  cell.show(2, { kind: "error", name: "E", message: "m", frames: [frame], causes: ["C: c"] }, false);
  const file = await fileOf([cell], {});
  assert.deepEqual(file.cells[0]?.outputs, [
    { output_type: "stream", name: "stderr", text: ["a\n", "b\n"] },
    { output_type: "execute_result", execution_count: 7, data: { "text/plain": ["42"] }, metadata: {} },
    {
      output_type: "error",
      ename: "E",
      evalue: "m",
      traceback: ["E: m", "  at cell b2 [7], line 2, column 3:   boom()", "Caused by: C: c"],
    },
  ]);
  const [again] = cellsOf(parseNotebook(notebookText(file)));
  assert.deepEqual(again?.outputs[2]?.display, cell.outputs[2]?.display);
});

test("another language is named, ours is not; colours of a terminal are not shown, and stay in the file", async () => {
  assert.equal(foreignLanguage({ language_info: { name: "python" } }), "python");
  assert.equal(foreignLanguage({ kernelspec: { language: "R" } }), "R");
  assert.equal(foreignLanguage((await fileOf([], {})).metadata), undefined);
  assert.equal(foreignLanguage({}), undefined);
  const stream = { output_type: "stream", name: "stdout", text: "\u001b[1;31mred\u001b[0m" };
  const [cell] = cellsOf(
    parseNotebook(JSON.stringify({ ...foreign, cells: [{ ...foreign.cells[1], outputs: [stream] }] })),
  );
  assert.deepEqual(cell?.outputs[0]?.display, { kind: "text", text: "red", stream: "stdout" });
  assert.ok(cell && notebookText(await fileOf([cell], {})).includes("\\u001b[1;31mred"));
});

test("a file has its keys in order, at every depth, and text by the line", async () => {
  const [cell] = cellsOf(parseNotebook(JSON.stringify({ ...foreign, cells: [foreign.cells[1]] })));
  assert.ok(cell);
  cell.outputs = [];
  cell.show(0, { kind: "html", html: "<p>\n</p>", text: "t" }, false);
  cell.show(1, { kind: "picture", mime: "image/png", base64: "AAAA\nAAAA", text: "p" }, false);
  const written = notebookText(await fileOf([cell], { b: { d: 1, c: 2 }, a: [] }));
  const keys = (value: unknown): string[][] =>
    typeof value !== "object" || value === null
      ? []
      : [...(Array.isArray(value) ? [] : [Object.keys(value)]), ...Object.values(value).flatMap(keys)];
  for (const list of keys(JSON.parse(written))) assert.deepEqual(list, [...list].sort());
  const [html, png] = JSON.parse(written).cells[0].outputs;
  assert.deepEqual(html.data, { "text/html": ["<p>\n", "</p>"], "text/plain": ["t"] });
  assert.equal(png.data["image/png"], "AAAA\nAAAA");
});

for (const [text, message] of [
  ["{", /not a notebook file/],
  ["[]", /damaged/],
  [JSON.stringify({ ...foreign, nbformat: 3 }), /format 3/],
  [JSON.stringify({ ...foreign, cells: {} }), /no list of cells/],
  [JSON.stringify({ ...foreign, cells: [{ cell_type: "heading", source: "" }] }), /cell 1 is "heading"/],
  [JSON.stringify({ ...foreign, cells: [{ cell_type: "code", source: 7 }] }), /without text: cell 1/],
] as const) {
  test(`refuses ${text.slice(0, 40)} in words`, () => assert.throws(() => parseNotebook(text), message));
}

test("missing and doubled ids are made anew, damaged outputs left out", () => {
  const { id: _, ...withoutId } = foreign.cells[0] as { id?: string };
  const code = {
    ...foreign.cells[1],
    outputs: [null, { output_type: "stream" }, { output_type: "stream", text: "x" }],
  };
  const cells = cellsOf(parseNotebook(JSON.stringify({ ...foreign, cells: [withoutId, code, code] })));
  assert.equal(new Set(cells.map((cell) => cell.id)).size, 3);
  assert.equal(cells[1]?.outputs.length, 1);
});
