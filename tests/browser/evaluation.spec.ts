// Evaluation in the page: a confusion matrix by mouse and by keys, a threshold that moves all figures, a report that stays when it is
// saved, and a test set that is opened once.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Locator } from "playwright-core";
import { violations } from "./axe.ts";
import { pictures, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

/** Forty images of two classes, with scores by hand: number n is of class n % 2. */
const SAMPLES = `const labels = Array.from({ length: 40 }, (_, i) => i % 2)
const set = data.from(rand([40, 1, 6, 6], { seed: 1 }), labels, { name: 'by hand', classes: ['even', 'odd'] })
const scores = labels.map((label, i) => (0.35 + 0.3 * label + ((i * 7) % 20) / 40))`;

test("cells of a confusion matrix show their images, by mouse and by keys", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(SAMPLES);
    const cell = await notebook.addAndRun("metrics.confusionMatrix(scores, set)");
    const grid = cell.getByRole("grid");
    await grid.waitFor();
    const counts = (await grid.getByRole("gridcell").allInnerTexts()).map((text) => Number(text || 0));
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      40,
    );
    const shown = cell.locator(".confusion-samples");
    const places = grid.getByRole("gridcell");
    await places.nth(1).click();
    assert.match(await shown.innerText(), new RegExp(`^even taken for odd: ${counts[1]} \\(`));
    assert.equal(await shown.locator("canvas").count(), Math.min(12, counts[1] ?? 0));
    // Down, left, and Enter: the rows' and columns' ends hold.
    for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft", "Enter"])
      await page.keyboard.press(key);
    assert.match(await shown.innerText(), new RegExp(`^odd taken for even: ${counts[2]} \\(`));
    assert.equal(await places.nth(2).getAttribute("aria-selected"), "true");
    assert.equal(await shown.locator("canvas").count(), Math.min(12, counts[2] ?? 0));
    // One stop for the whole grid.
    assert.equal(await grid.locator('[tabindex="0"]').count(), 1);
  });
});

test("the slider and the pointer move the matrix and all figures together", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(SAMPLES);
    const cell = await notebook.addAndRun("metrics.thresholds(scores, set, { positive: 'odd' })");
    await cell.locator(".thresholds-panel svg").nth(1).waitFor();
    const slider = cell.getByRole("slider", { name: "Threshold" });
    const counts = async () =>
      (
        await cell.locator(".thresholds-matrix td.is-right, .thresholds-matrix td.is-wrong").allInnerTexts()
      ).map(Number);
    const figures = () => cell.locator(".thresholds-figures").innerText();
    const point = (panel: number) =>
      cell.locator(".thresholds-panel").nth(panel).locator("circle").getAttribute("cy");

    await slider.press("Home");
    // Nothing is found above all scores: 20 missed, 20 left alone; precision has no value.
    assert.deepEqual(await counts(), [0, 20, 0, 20]);
    assert.match(await figures(), /Recall\s+0\.000[\s\S]*Precision\s+undefined/);
    assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^above all scores: Recall 0\.000/);
    const before = [await point(0), await point(1)];
    for (let i = 0; i < 6; i++) await slider.press("ArrowRight");
    const after = await counts();
    assert.ok((after[0] ?? 0) > 0 && (after[0] ?? 0) + (after[1] ?? 0) === 20, `${after}`);
    assert.ok((await point(0)) !== before[0]);
    await slider.press("End");
    assert.deepEqual(await counts(), [20, 0, 20, 0]);

    const told = await figures();
    const box = await cell.locator(".thresholds-panel svg").first().boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 60, box.y + box.height / 2);
    assert.notEqual(await figures(), told);
    const [tp = 0, fn = 0, fp = 0, tn = 0] = await counts();
    const recall = /Recall\s+(\S+)/.exec(await figures())?.[1];
    assert.equal(recall, (tp / (tp + fn)).toFixed(3));
    assert.match(await figures(), new RegExp(`Specificity\\s+${(tn / (tn + fp)).toFixed(3)}`));
    // The slider went there, too: it goes on from there, and back.
    const at = await slider.getAttribute("aria-valuetext");
    await slider.press("ArrowRight");
    assert.notEqual(await slider.getAttribute("aria-valuetext"), at);
    await slider.press("ArrowLeft");
    assert.equal(await slider.getAttribute("aria-valuetext"), at);
    // Its name is its own, whatever the threshold is.
    assert.equal(await cell.getByRole("slider", { name: "Threshold", exact: true }).count(), 1);
  });
});

test("a report of a locked set: shown, clean for axe, saved with pictures, and opened once", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(`const [train, validation, held] = await (await data.digits8()).take(600).stratifiedSplit(undefined, { seed: 1 })
const exam = held.locked()
const model = nn.mlp({ hidden: [24] })
await model.fit(train, { epochs: 8, optimizer: optim.adam({ lr: 0.01 }), seed: 1 })`);
    const cell = await notebook.addAndRun("await model.report(exam, { train, title: 'Small digits' })");
    await whole(cell);
    const text = await cell.locator(".report-output").innerText();
    assert.match(text, /Measured on digits8, 90 samples \(.*part 3\)/);
    assert.match(text, /It learnt from digits8, 420 samples/);
    assert.match(text, /The test set is locked, and was opened once, by report\./);
    assert.match(text, /Accuracy ↑\s+0\.\d{3}\s+0\.\d{3}\s+0\.\d{3}\s+(Wilson|Clopper–Pearson)\s+90/);
    assert.equal(await cell.getByRole("heading", { name: "Small digits" }).count(), 1);
    assert.equal(await cell.getByRole("grid").count(), 1);
    assert.deepEqual(await violations(page), []);
    await pictures(page, "report", { wide: 4200, narrow: 6200 });
    await page.setViewportSize({ width: 1280, height: 900 });

    const refused = await notebook.addAndRun("await model.evaluate(exam)");
    assert.match(
      await refused.locator(".error-output").innerText(),
      /LockedSetError.*was opened before \(report\)/,
    );

    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download .ipynb" }).click();
    const file = JSON.parse(await readFile(await (await waiting).path(), "utf8"));
    const bundles = file.cells.flatMap((one: { outputs?: { data?: Record<string, unknown> }[] }) =>
      (one.outputs ?? []).flatMap(({ data }) => data ?? []),
    );
    const saved = bundles.at(-1);
    assert.match([saved["text/plain"]].flat().join(""), /^Small digits\n\nWHAT WAS MEASURED/);
    assert.match(String(saved["image/svg+xml"]), /<svg .*<image /s);

    await page.getByText("Saved in this browser").waitFor();
    await page.reload();
    const again = page.locator(".report-output");
    await whole(page.locator("body"));
    assert.equal(await again.innerText(), text);
    // It is alive: the threshold moves, and cells have their images.
    const slider = again.getByRole("slider", { name: "Threshold" });
    const before = await again.locator(".thresholds-figures").innerText();
    await slider.press("Home");
    assert.notEqual(await again.locator(".thresholds-figures").innerText(), before);
    await again.getByRole("gridcell").first().click();
    assert.ok((await again.locator(".confusion-samples canvas").count()) > 0);
  });
});

async function whole(cell: Locator): Promise<void> {
  await cell.locator(".thresholds-panel svg").nth(1).waitFor();
  await cell.locator(".reliability-output svg").waitFor();
}
