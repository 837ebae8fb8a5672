// Threads: on a page that is isolated the CPU device has as many as the machine; results are those of one thread.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const TRAINING = `
const { train } = await data.mnist()
const model = nn.sequential([
  nn.conv2d({ out: 8, kernel: 3, padding: 'same' }), nn.relu(), nn.maxPool2d({ kernel: 2 }),
  nn.flatten(), nn.dense({ out: 10 }),
])
await model.fit(train.take(640), { seed: 3, epochs: 2, batchSize: 64, optimizer: optim.adam({ lr: 0.002 }) });
[...(await (await model.predict(train.take(32).x)).data())].join(' ')`;

test("an isolated page computes on all threads, to the bits of a page with one", {
  timeout: 300_000,
}, async () => {
  const results: string[] = [];
  for (const site of [sites.isolated, sites.plain]) {
    await visit(site, async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      results.push(await notebook.outputs(await notebook.addAndRun(TRAINING)));
      const cores = await page.evaluate(() => Math.min(navigator.hardwareConcurrency, 8));
      const threads = site === sites.isolated && cores > 1 ? `${cores} threads` : "1 thread";
      assert.match(await page.locator(".status").innerText(), new RegExp(`CPU · relaxed SIMD · ${threads}`));
    });
  }
  assert.ok(results[0]?.includes("0."), results[0]);
  assert.equal(results[0], results[1]);
});
