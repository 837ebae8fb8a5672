// The device changes in the middle of a run: by choice, and because it was lost. The run goes on, and its curve with it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const NETWORK = `
const x = randn([512, 64], { seed: 1 })
const set = data.from(x, x.sum(1).gt(0).cast("i32"))
const train = async (epochs) => {
  const model = nn.sequential([nn.dense({ out: 64 }), nn.relu(), nn.dense({ out: 2 })])
  const optimizer = optim.sgd({ lr: 0.01 })
  const { points } = await model.fit(set, { epochs, batchSize: 16, optimizer, seed: 3 })
  return points.map(({ loss }) => loss)
}
const apart = (a, b) => Math.max(...a.map((loss, i) => Math.abs(loss - b[i])))`;

/** Cells that train alike: one undisturbed on the CPU, then one in whose middle something happens. */
async function disturb(notebook: NotebookPage, epochs: number, happens: () => Promise<void>): Promise<void> {
  const cell = await notebook.add(
    `const disturbed = await train(${epochs})\n` +
      "const from = calm.slice(0, disturbed.length)\n" +
      "disturbed.length + ' ' + from.length + ' ' + apart(disturbed, calm)",
  );
  await notebook.start(cell);
  const isUnderWay = async () => {
    const counters = await notebook.counters();
    return counters?.running === true && counters.steps > 50;
  };
  while (!(await isUnderWay())) await notebook.page.waitForTimeout(20);
  await happens();
  await notebook.finished(cell);
  const output = await notebook.outputs(cell);
  const [steps, compared, apart] = output.slice(1, -1).split(" ").map(Number);
  assert.deepEqual([steps, compared], [epochs * 32, epochs * 32], output);
  assert.ok((apart as number) < 1e-3, `${apart} apart`);
}

test("a run whose GPU is lost goes on where it was, on a new device and then on the CPU", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(NETWORK);
    await notebook.addAndRun("const calm = await train(80)\ncalm.length");
    assert.equal(await page.getByRole("button", { name: "Lose the GPU" }).count(), 0);
    await page.getByLabel("Device").selectOption("WebGPU");
    await page.locator(".status-name", { hasText: /^WebGPU/ }).waitFor();
    const news = page.locator(".status-news");
    const lose = () => page.getByRole("button", { name: "Lose the GPU" }).click();
    await disturb(notebook, 40, lose);
    assert.match(
      await news.innerText(),
      /^The GPU was lost \(.+\); continued from step \d+ on a new device\.$/,
    );
    assert.match(await page.locator(".status-name").innerText(), /^WebGPU/);
    await disturb(notebook, 80, lose);
    assert.match(
      await news.innerText(),
      /^The GPU was lost \(.+\); continued from step [\d,]+ on the CPU\.$/,
    );
    assert.match(await page.locator(".status-name").innerText(), /^CPU/);
    assert.equal(await page.locator(".status-why").innerText(), "the GPU was lost");
  });
});

test("a run moves to another device in its middle without a jump", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(NETWORK);
    await notebook.addAndRun("const calm = await train(80)\ncalm.length");
    const choose = (device: string) => page.getByLabel("Device").selectOption(device);
    await choose("WebGPU");
    await page.locator(".status-name", { hasText: /^WebGPU/ }).waitFor();
    await disturb(notebook, 80, async () => {
      await choose("CPU");
      await page.locator(".status-name", { hasText: /^CPU/ }).waitFor();
      await choose("WebGPU");
    });
    await page.locator(".status-name", { hasText: /^WebGPU/ }).waitFor();
    assert.equal(await page.locator(".status-news").count(), 0);
  });
});
