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

test("where the host does not isolate the page the reader does, and undoes it", async () => {
  await visit(sites.plain, async ({ page }) => {
    await NotebookPage.of(page);
    const button = page.getByRole("button", { name: "All cores" });
    await button.click();
    await page.waitForFunction(() => crossOriginIsolated);
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun("(await tensor([20, 22]).sum().data())[0]");
    assert.match(await notebook.outputs(cell), /42/);
    const cores = await page.evaluate(() => Math.min(navigator.hardwareConcurrency, 8));
    assert.match(await page.locator(".status-name").innerText(), new RegExp(`${cores} threads`));
    // Stop reaches loops there, too.
    await notebook.start(await notebook.add("while (true) {}"));
    await notebook.stop();
    await page.locator(".error-output", { hasText: "Stopped" }).waitFor();
    assert.equal(await button.getAttribute("aria-pressed"), "true");
    await button.click();
    await page.waitForFunction(() => !crossOriginIsolated);
    await page.locator(".status-name", { hasText: "1 thread" }).waitFor();
  });
});
