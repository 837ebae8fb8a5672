// The built package, as a program imports it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

test("the package finds its modules and data sets", async () => {
  const entry = pathToFileURL(`${process.cwd()}/dist/npm/index.js`).href;
  const { createGradbook } = (await import(entry)) as typeof import("./index.ts");
  const { data, device } = await createGradbook({ device: "cpu" });
  assert.equal(device?.device, "cpu");
  const { test: held } = await data.mnist();
  assert.deepEqual(held.x.shape, [2000, 1, 28, 28]);
  assert.equal((await held.labels.data()).length, 2000);
});
