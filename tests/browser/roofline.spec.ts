// What a compiled step costs, asked for in a cell: the plan as a table and the roofline as a picture, on both devices.

import assert from "node:assert/strict";
import { test } from "node:test";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MODEL = `const conv = (out) => nn.conv2d({ out, kernel: 3, padding: 'same' })
const model = nn.sequential([conv(8), nn.relu(), nn.maxPool2d({ kernel: 2 }), nn.flatten(), nn.dense({ out: 10 })])
const x = await randn([16, 1, 28, 28], { seed: 1 }).evaluate(), y = arange(16).rem(10)
const adam = optim.adam()
const step = compile((x, y) => {
  const loss = losses.crossEntropy(model.forward(x, { training: true }), y)
  adam.minimize(loss, model.weights)
  return loss
})
await step(x, y)
await step.explain()`;

for (const device of ["CPU", "WebGPU"]) {
  test(`a step's plan and roofline are shown on ${device}`, async () => {
    await visit(sites.isolated, async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      await page.getByLabel("Device").selectOption(device);
      const plan = await notebook.addAndRun(MODEL);
      assert.equal(await plan.locator(".error-output").count(), 0, await plan.innerText());
      const table = await plan.locator(".table-output").innerText();
      assert.match(table, /dispatches\s+kB read\s+kB written\s+kB moved\s+MFLOP/);
      assert.match(table, /conv_weight_grad[\s\S]*arguments and results[\s\S]*total/);

      const cell = await notebook.addAndRun("await step.roofline(x, y)");
      assert.equal(await cell.locator(".error-output").count(), 0, await cell.innerText());
      await cell.locator(".roofline-plot svg").waitFor();
      const words = (await cell.locator(".roofline-plot").getAttribute("aria-label")) ?? "";
      assert.match(
        words,
        new RegExp(`^Kernels on ${device.toLowerCase()}, which does [\\d.]+ GFLOP/s and moves`),
      );
      assert.match(words, /ms, [\d.]+ % of the time, [\d.]+ % of the (arithmetic|bandwidth): conv/);
      assert.ok((await cell.locator(".roofline-plot circle title").count()) > 5);
      assert.ok((await cell.locator(".roofline-worst li").count()) > 0);
      await page.setViewportSize({ width: 1280, height: 1800 });
      await page.waitForTimeout(300);
      await picture(page, `roofline-${device.toLowerCase()}`);
      await page.getByRole("button", { name: "Light or dark" }).click();
      await page.setViewportSize({ width: 390, height: 2400 });
      await page.waitForTimeout(300);
      await picture(page, `roofline-${device.toLowerCase()}-dark-narrow`);
    });
  });
}
