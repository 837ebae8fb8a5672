import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveInputs } from "./live.ts";

test("a run is behind when what it read was set afterwards", () => {
  const live = new LiveInputs();
  assert.equal(live.isBehind([["a", 0]]), false);
  assert.equal(live.set("a"), 1);
  assert.equal(live.isBehind([["a", 0]]), true);
  assert.equal(live.isBehind([["a", 1]]), false);
  assert.equal(live.isBehind([["b", 0]]), false);
  assert.equal(live.set("a"), 2);
  assert.equal(
    live.isBehind([
      ["b", 0],
      ["a", 1],
    ]),
    true,
  );
  assert.equal(live.isBehind([]), false);
});
