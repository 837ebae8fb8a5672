import assert from "node:assert/strict";
import { test } from "node:test";
import { PROTOCOL_VERSION, readFromFrame, readFromUser } from "./protocol.ts";

const display = { kind: "text", text: "x" };
const done = { type: "done", run: 1, end: "ok", milliseconds: 2, defines: ["a"], uses: [] };

for (const good of [
  { type: "ready", version: PROTOCOL_VERSION },
  { type: "output", run: 1, index: 0, display, isResult: false },
  { type: "update", run: 1, index: 0, update: { type: "replace", display } },
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
  { ...done, end: "lost" },
  { ...done, uses: [1] },
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
