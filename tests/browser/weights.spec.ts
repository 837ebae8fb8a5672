// Files of weights in the page: saved by a cell, kept through a reload, downloaded and added under Files; a run that goes on after
// a reload; and what the trained networks say of a cat, on the CPU and on WebGPU.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const NETWORK = `const net = nn.sequential([nn.dense({ out: 6 }), nn.relu(), nn.dropout({ p: 0.2 }), nn.dense({ out: 2 })])
const x = randn([80, 3], { seed: 1 })
const sides = data.from(x, x.sum(1).gt(0).cast('i32'))
const options = { epochs: 4, batchSize: 16, seed: 5 }
`;

test("weights are saved, kept, downloaded and added", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await cpu(page);
    const saved = await notebook.addAndRun(
      `${NETWORK}await net.fit(sides, options)\nglobalThis.before = await net.forward(x).sum().item()\nawait net.save('net.safetensors')`,
    );
    assert.equal(await notebook.outputs(saved), "net.safetensors: 4 tensors, 1 kB");
    const sum = await notebook.outputs(await notebook.addAndRun("before"));

    await notebook.page.reload();
    const again = await NotebookPage.of(page);
    await cpu(page);
    const loaded = await again.addAndRun(
      "const back = await nn.load('net.safetensors')\nawait back.forward(randn([80, 3], { seed: 1 })).sum().item()",
    );
    assert.equal(await again.outputs(loaded), sum);

    await page.getByRole("button", { name: "Files" }).click();
    const dialog = page.getByRole("dialog", { name: "Files" });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("button", { name: "Download net.safetensors" }).click(),
    ]);
    const bytes = await readFile(await download.path());
    assert.equal(download.suggestedFilename(), "net.safetensors");
    assert.match(bytes.subarray(8, 400).toString(), /^\{"__metadata__":\{"gradbook":/);

    await dialog.getByRole("button", { name: "Remove net.safetensors" }).click();
    await dialog.getByText("There are none yet.").waitFor();
    await dialog.getByLabel("Add files").setInputFiles([
      { name: "mine.safetensors", mimeType: "application/octet-stream", buffer: bytes },
      { name: "broken.npz", mimeType: "application/octet-stream", buffer: Buffer.from("PK\u0003\u0004 cut") },
    ]);
    await dialog.getByText("Added mine.safetensors. Added broken.npz.").waitFor();
    assert.deepEqual(await violations(page), []);
    await picture(page, "files");

    // What is dropped on the dialog it takes, and the page no longer offers to make a data set of it.
    const dataTransfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["x"], "dropped.npz"));
      return transfer;
    });
    const offer = page.getByText("Drop to open a notebook, or to make a data set");
    await dialog.dispatchEvent("dragover", { dataTransfer });
    await offer.waitFor({ state: "attached" });
    await dialog.dispatchEvent("drop", { dataTransfer });
    await dialog.getByText("Added dropped.npz.").waitFor();
    await offer.waitFor({ state: "detached" });
    assert.equal(await page.getByRole("dialog").count(), 1);

    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });

    const mine = await again.addAndRun(
      "await (await nn.load('mine.safetensors')).forward(randn([80, 3], { seed: 1 })).sum().item()",
    );
    assert.equal(await again.outputs(mine), sum);
    const broken = await again.addAndRun("await files.load('broken.npz')");
    assert.match(await again.outputs(broken), /LoadError[\s\S]*broken\.npz: this is no NPZ file/);
  });
});

test("a run goes on after a reload, and its curve is the one without the break", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await cpu(page);
    const losses = "history.points.map(({ loss }) => loss).join(' ')";
    const whole = await notebook.addAndRun(
      `${NETWORK}const history = await net.fit(sides, options)\n${losses}`,
    );
    const expected = await notebook.outputs(whole);
    assert.equal(expected.split(" ").length, 20);
    await notebook.addAndRun(
      `${NETWORK}await net.fit(sides, { ...options, checkpoint: 'run.safetensors', onEpoch: ({ epoch }) => epoch < 2 })`,
    );
    await page.reload();
    const again = await NotebookPage.of(page);
    await cpu(page);
    const resumed = await again.addAndRun(
      `${NETWORK}const history = await net.fit(sides, { ...options, checkpoint: 'run.safetensors', resume: true })\n${losses}`,
    );
    assert.equal(await again.outputs(resumed), expected);
    const curve = await again.addAndRun("history");
    await curve.locator(".uplot canvas").first().waitFor();
    await picture(page, "resumed");
  });
});

for (const device of ["CPU", "WebGPU"]) {
  test(`the trained networks know the cat, on ${device}`, async () => {
    await visit(sites.isolated, async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      await page.getByLabel("Device").selectOption(device);
      await page.locator(".status-name", { hasText: new RegExp(`^${device}`) }).waitFor();
      for (const name of ["squeezenet", "efficientnetLite0"]) {
        const cell = await notebook.addAndRun(
          `const { chelsea } = await data.photos()\nawait (await models.${name}()).classify(chelsea)`,
        );
        const rows = cell.locator(".table-output tbody tr");
        assert.equal(await rows.count(), 5, await notebook.outputs(cell));
        assert.match((await rows.first().textContent()) ?? "", /cat/);
      }
      await picture(page, `classified-${device}`);
    });
  });
}

function cpu(page: Page) {
  return page.getByLabel("Device").selectOption("CPU");
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    }),
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
}
