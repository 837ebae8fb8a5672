// Which kind of set files become.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "./entries.ts";
import { usualKind } from "./read.ts";

function kindOf(...formats: Entry["format"][]): string | undefined {
  return usualKind(formats.map((format) => ({ format })))?.kind;
}

test("the kind that most files have is the kind of the set", () => {
  assert.equal(kindOf("image", "wav", "wav"), "recordings");
  assert.equal(kindOf("image", "text", "text"), "tables");
  assert.equal(kindOf("text", "image", "image", "wav"), "images");
  assert.equal(kindOf("image", "wav"), "images");
  assert.equal(kindOf(), undefined);
});

test("texts beside arrays describe them", () => {
  assert.equal(kindOf("npy", "text", "text", "text"), "arrays");
  assert.equal(kindOf("cifar", "cifar", "text", "image"), "arrays");
  assert.equal(kindOf("npy", "image", "image", "text", "text", "text"), "images");
});
