// The built package, as a program imports it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const entry = pathToFileURL(`${process.cwd()}/dist/npm/index.js`).href;

test("the package finds its modules and data sets", async () => {
  const { createGradbook } = (await import(entry)) as typeof import("./index.ts");
  const { data, device } = await createGradbook({ device: "cpu" });
  assert.equal(device?.device, "cpu");
  const { test: held } = await data.mnist();
  assert.deepEqual(held.x.shape, [2000, 1, 28, 28]);
  assert.equal((await held.labels.data()).length, 2000);
});

test("the engine's build can be chosen, and must run here", async () => {
  const { createGradbook } = (await import(entry)) as typeof import("./index.ts");
  const { device, tensor } = await createGradbook({ device: "cpu", build: "base" });
  assert.match(device?.detail ?? "", /^simd128\b/);
  assert.deepEqual(await tensor([1, 2]).mul(2).array(), [2, 4]);
  const faster = createGradbook({ device: "cpu", build: "faster" as never });
  await assert.rejects(faster, /no engine build faster runs here; there is (fast and )?base$/);
});
