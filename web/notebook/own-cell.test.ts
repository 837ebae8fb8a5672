import assert from "node:assert/strict";
import { test } from "node:test";
import { freeName, NAME_PATTERN } from "./own-cell.ts";

test("a name that is free is one that the field takes", () => {
  const pattern = new RegExp(`^(?:${NAME_PATTERN})$`, "v");
  const long = `${"x".repeat(49)}😀y`;
  for (const name of ["pets", 'a\\b:c?"d"', "a\nb", "\\", "", long]) {
    const free = freeName(name, [{ name: "pets" }]);
    assert.ok(pattern.test(free) && free === free.trim() && encodeURIComponent(free) !== "", free);
  }
  assert.equal(freeName("pets", [{ name: "pets" }]), "pets 2");
  assert.equal(freeName("\\", []), "data");
});
