// The first notebook from top to bottom through the page's own buttons, on the CPU and, shortened, on WebGPU; Stop in the
// middle of training; and mistakes that a reader makes, answered at the line that made them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MINUTES = 60_000;

interface File {
  cells: { id: string; source: string[] }[];
}

test("the first notebook runs from top to bottom on the CPU", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.of(page);
    await page.getByLabel("Device").selectOption("CPU");
    await runAll(page, 10 * MINUTES);
    await assertResults(notebook);
    const accuracy = Number(/(\d+\.\d) % of 2000/.exec(await outputOf(page, "score"))?.[1]);
    assert.ok(accuracy >= 97, `${accuracy} % of the held-back digits`);
    await picture(page, "first-light-cpu");
  });
});

test("the first notebook, shortened, runs on WebGPU without the headers that isolate a page", async () => {
  const file = await shortened();
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page, file);
    await page.getByLabel("Device").selectOption("WebGPU");
    await runAll(page, 10 * MINUTES);
    assert.match(await page.locator(".status-name").innerText(), /^WebGPU/);
    await assertResults(notebook);
    await picture(page, "first-light-webgpu");
  });
});

for (const [site, url] of Object.entries(sites)) {
  test(`Stop ends training and keeps the weights (${site})`, async () => {
    await visit(url, async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      await page.getByLabel("Device").selectOption("CPU");
      await notebook.addAndRun(SMALL_MODEL);
      const training = await notebook.add(
        "await model.fit(few, { epochs: 10000, batchSize: 32, plot: curve, seed: 1 })",
      );
      await notebook.start(training);
      await page.locator(".status-rate").waitFor();
      await page.getByRole("button", { name: "Stop", exact: true }).first().click();
      await notebook.finished(training);
      assert.match(await training.locator(".error-output").innerText(), /^Stopped/);
      await page.locator(".status-rate").waitFor({ state: "hidden" });
      const after = await notebook.addAndRun("(await model.evaluate(few)).accuracy > 0.5");
      assert.equal(await notebook.outputs(after), "true");
      // And it goes on from there.
      const again = await notebook.addAndRun(
        "(await model.fit(few, { epochs: 1, batchSize: 32 })).epochs.length",
      );
      assert.equal(await notebook.outputs(again), "1");
    });
  });
}

test("a mistake is answered at its line, by name, with what was given and what was expected", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(SMALL_MODEL);
    for (const [source, line, words] of [
      ["1\nnn.conv2d({ out: 8, kernal: 3 })", 2, ["kernal", "kernel"]],
      ["tensor([1, 2, 3]).add(tensor([1, 2]))", 1, ["add", "[3]", "[2]"]],
      ["const x = tensor([[1, 2]])\n\nx.matmul(x)", 3, ["matmul", "[1, 2]"]],
      ["await model.predict(tensor([[1, 2, 3]]))", 1, ["[1, 3]"]],
      ["await model.fit(few, { epochs: 1, batchsize: 32 })", 1, ["batchsize", "batchSize"]],
      ["await model.fit(few.take([]), { epochs: 1 })", 1, ["empty"]],
    ] as const) {
      const cell = await notebook.addAndRun(source);
      const error = await cell.locator(".error-output").innerText();
      for (const word of words) assert.ok(error.includes(word), `${source}\n${error}\nlacks ${word}`);
      assert.match(
        await cell.locator(".error-place").first().innerText(),
        new RegExp(`line ${line}$`),
        source,
      );
    }
    const alive = await notebook.addAndRun("(await tensor([1, 2]).add(1).data()).join()");
    assert.equal(await notebook.outputs(alive), "'2,3'");
  });
});

const SMALL_MODEL = `const { train } = await data.mnist()
const few = train.take(512)
const model = nn.sequential([nn.flatten(), nn.dense({ out: 32 }), nn.relu(), nn.dense({ out: 10 })])
const curve = plot.curve()
await model.fit(few, { epochs: 3, batchSize: 32, seed: 1 })
display(curve)`;

async function runAll(page: Page, timeout: number): Promise<void> {
  await page.getByRole("button", { name: "Run all" }).click();
  await page.locator(".bar-button.is-stop:not(:disabled)").waitFor();
  await page.locator(".bar-button.is-stop:disabled").waitFor({ timeout });
}

async function assertResults({ page }: NotebookPage): Promise<void> {
  assert.deepEqual(await page.locator(".error-output").allInnerTexts(), []);
  assert.equal(await cellOf(page, "load").locator(".images-output canvas").count(), 40);
  assert.match(
    (await cellOf(page, "fit").locator(".curve-output").first().getAttribute("aria-label")) ?? "",
    /Loss[\s\S]*\d[\s\S]*Accuracy/i,
  );
  assert.equal(await cellOf(page, "worst").locator(".images-output canvas").count(), 16);
  for (const id of ["sure", "mistaken"])
    assert.equal(await cellOf(page, id).locator(".overlay-stack").count(), 2);
}

function cellOf(page: Page, id: string) {
  return page.locator(`gradbook-cell-view[data-cell="${id}"]`);
}

function outputOf(page: Page, id: string): Promise<string> {
  return cellOf(page, id).locator(".cell-outputs").innerText();
}

/** The notebook with less to learn, for a GPU that a CPU pretends to be. */
async function shortened(): Promise<File> {
  const response = await fetch(`${sites.plain}notebooks/first-light.ipynb`);
  const file = (await response.json()) as File;
  shorten(file, "load", [
    [
      "{ train, test } = await data.mnist()",
      "{ train, test: all } = await data.mnist(), test = all.take(200)",
    ],
  ]);
  shorten(file, "fit", [
    ["fit(learning,", "fit(learning.take(320),"],
    [/epochs: \d+/, "epochs: 1"],
    ["validation,", "validation: validation.take(64),"],
  ]);
  return file;
}

function shorten(file: File, id: string, changes: [RegExp | string, string][]): void {
  const cell = file.cells.find((c) => c.id === id);
  assert.ok(cell, `the notebook has no cell "${id}"`);
  for (const [from, to] of changes) {
    const source = cell.source.join("");
    cell.source = [source.replace(from, to)];
    assert.notEqual(cell.source[0], source, `cell "${id}" has no ${from}`);
  }
}
