import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control, SliderControl } from "../display/control.ts";
import type { InputDisplay } from "../display/schema.ts";
import { Cell } from "./cell.ts";

const slider: SliderControl = { type: "slider", label: "rate", min: 0, max: 1, scale: "linear", value: 0.5 };
const check: Control = { type: "checkbox", label: "on", value: false };
const input = (id: string, control: Control = slider): InputDisplay => ({ kind: "input", id, control });
const cellOf = (metadata = {}) => new Cell("c", { cell_type: "code", source: "", metadata }, []);
const setOf = (cell: Cell, index = 0) => (cell.outputs[index]?.display as InputDisplay | undefined)?.value;

function shown(cell: Cell, ...inputs: InputDisplay[]): void {
  cell.begin(false);
  for (const [i, display] of inputs.entries()) cell.show(i, display, false);
  cell.end(true);
}

test("an input of the same description keeps what the reader set, another one does not", () => {
  const cell = cellOf();
  shown(cell, input("a"));
  assert.equal(setOf(cell), undefined);
  cell.setInput(cell.outputs[0] as never, 0.7);
  shown(cell, input("b", check), input("c"));
  assert.deepEqual([setOf(cell, 0), setOf(cell, 1)], [undefined, 0.7]);
  shown(cell, input("d", { ...slider, max: 2 }));
  assert.equal(setOf(cell), undefined);
});

test("two of one description are told apart by their order", () => {
  const cell = cellOf();
  shown(cell, input("a"), input("b"));
  cell.setInput(cell.outputs[0] as never, 0.1);
  cell.setInput(cell.outputs[1] as never, 0.2);
  shown(cell, input("c"), input("d"));
  assert.deepEqual([setOf(cell, 0), setOf(cell, 1)], [0.1, 0.2]);
});

test("a worker cannot say what the reader set", () => {
  const cell = cellOf();
  shown(cell, { ...input("a"), value: 0.9 });
  assert.equal(setOf(cell), undefined);
});

test("what was set outlives a run that failed before its inputs", () => {
  const cell = cellOf();
  shown(cell, input("a"));
  cell.setInput(cell.outputs[0] as never, 0.7);
  cell.begin(false);
  cell.end(false);
  assert.deepEqual(cell.inputs, [{ control: slider, value: 0.7 }]);
  shown(cell, input("b"));
  assert.equal(setOf(cell), 0.7);
  shown(cell);
  assert.deepEqual(cell.inputs, []);
});

test("where a cell runs again, old outputs stay until new ones come, and an input stays itself", () => {
  const cell = cellOf();
  shown(cell, input("a"));
  cell.show(1, { kind: "text", text: "old" }, true);
  const [control, old] = cell.outputs;
  cell.begin(true);
  assert.deepEqual(cell.shown, [control, old]);
  cell.setInput(control as never, 0.3);
  cell.show(0, input("b"), false);
  assert.equal(cell.outputs[0], control);
  assert.deepEqual(control?.display, { ...input("b"), value: 0.3 });
  assert.deepEqual(cell.shown, [control, old]);
  cell.show(1, { kind: "text", text: "new" }, true);
  assert.deepEqual(cell.shown, cell.outputs);
  cell.end(true);
  assert.equal(cell.shown.length, 2);
});

test("a display that replaces an input by one like it leaves what was set", () => {
  const cell = cellOf();
  shown(cell, input("a"));
  cell.setInput(cell.outputs[0] as never, 0.7);
  cell.update(0, { type: "replace", display: input("b") });
  assert.deepEqual(cell.outputs[0]?.display, { ...input("b"), value: 0.7 });
  cell.update(0, { type: "replace", display: input("c", check) });
  assert.equal(setOf(cell), undefined);
});

test("without its worker an input has no name, and what was set stays", () => {
  const cell = cellOf();
  shown(cell, input("a"));
  cell.reads = [["a", 0]];
  cell.setInput(cell.outputs[0] as never, 0.7);
  cell.detachInputs();
  assert.deepEqual(cell.outputs[0]?.display, { kind: "input", control: slider, value: 0.7 });
  assert.deepEqual(cell.reads, []);
});

test("a flood of inputs ends", () => {
  const cell = cellOf();
  cell.begin(false);
  for (let i = 0; i < 500; i++) cell.show(i, input(`a${i}`), false);
  assert.equal(cell.shown.length, 50);
});

test("live is kept in the metadata, beside what else is there", () => {
  const cell = cellOf({ tags: ["x"], gradbook: { rows: ["1.6"] } });
  cell.isLive = true;
  assert.deepEqual(cell.file.metadata, { tags: ["x"], gradbook: { rows: ["1.6"], live: true } });
  cell.isLive = false;
  assert.deepEqual(cell.file.metadata, { tags: ["x"], gradbook: { rows: ["1.6"] } });
  const other = cellOf();
  other.isLive = true;
  assert.ok(other.isLive);
  other.isLive = false;
  assert.deepEqual(other.file.metadata, {});
});
