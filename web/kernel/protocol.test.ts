import assert from "node:assert/strict";
import { test } from "node:test";
import { PROTOCOL_VERSION, readFromFrame, readFromUser } from "./protocol.ts";

const display = { kind: "text", text: "x" };
const done = {
  type: "done",
  run: 1,
  end: "ok",
  milliseconds: 2,
  defines: ["a"],
  uses: [],
  reads: [["a-1", 0]],
};
const slider = { type: "slider", label: "x", min: 0, max: 1, scale: "linear", value: 0 };
const input = { kind: "input", id: "a-1", control: slider };
const output = { type: "output", run: 1, index: 0, isResult: false };

for (const good of [
  { type: "ready", version: PROTOCOL_VERSION },
  { type: "output", run: 1, index: 0, display, isResult: false },
  { type: "update", run: 1, index: 0, update: { type: "replace", display } },
  { ...output, display: input },
  { type: "progress", run: 1, done: 3, total: 3 },
  { type: "types", run: 1 },
  { type: "looked", id: 1 },
  { type: "looked", id: 1, value: { type: "Object", text: "{}", members: [] } },
  done,
]) {
  test(`accepts ${good.type}`, () => assert.equal(readFromUser(good), good));
}

for (const bad of [
  null,
  "done",
  { type: "ready", version: PROTOCOL_VERSION + 1 },
  { type: "run", run: 1 },
  { type: "output", run: -1, index: 0, display, isResult: false },
  { type: "output", run: 1, index: 1e300, display, isResult: false },
  { type: "output", run: 1, index: 0, display: { kind: "html", html: "<script>" }, isResult: false },
  { type: "output", run: 1, index: 0, display },
  { type: "update", run: 1, index: 0, update: { type: "points", points: [{}] } },
  { type: "progress", run: 1, done: 4, total: 3 },
  { type: "types", run: "1" },
  { type: "looked", id: 1, value: { type: "Object", text: "{}", members: [{}] } },
  { ...done, end: "lost" },
  { ...done, uses: [1] },
  { ...done, reads: undefined },
  { ...done, reads: [["a"]] },
  { ...done, reads: [["a", -1]] },
  { ...output, index: 1000, display },
  // What an input is set to is the reader's to say.
  { ...output, display: { ...input, value: 0.5 } },
  { type: "update", run: 1, index: 0, update: { type: "replace", display: { ...input, value: 0.5 } } },
  { ...done, defines: "abc" },
]) {
  test(`refuses ${JSON.stringify(bad).slice(0, 80)}`, () => assert.equal(readFromUser(bad), undefined));
}

test("a frame says two things only", () => {
  assert.deepEqual(readFromFrame({ type: "failed", message: "m", more: 1 }), {
    type: "failed",
    message: "m",
  });
  assert.equal(readFromFrame({ type: "start" }), undefined);
  assert.equal(readFromFrame(undefined), undefined);
});
