// Every kind of output is drawn, has words for those who do not see it, and comes back from a saved file. The pictures are
// for a person to look at.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { violations } from "./axe.ts";
import { GALLERY } from "./gallery.ts";
import { picture, pictures, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

async function showAll(page: Page): Promise<NotebookPage> {
  const notebook = await NotebookPage.open(page);
  for (const source of Object.values(GALLERY)) await notebook.addAndRun(source);
  await page.locator(".uplot canvas").nth(3).waitFor();
  return notebook;
}

test("every kind is drawn, with a text alternative", async () => {
  await visit(sites.plain, async ({ page }) => {
    await showAll(page);
    assert.equal(await page.locator(".output-note", { hasText: "could not" }).count(), 0);
    assert.equal(await page.locator(".images-output canvas").count(), 21);
    assert.match(await page.locator(".text-output").nth(0).innerText(), /loading 8000 digits/);
    assert.match(
      (await page.locator(".curve-output").first().getAttribute("aria-label")) ?? "",
      /Loss, train: 0\.\d+/,
    );
    assert.match(
      (await page.locator(".overlay-stack").first().getAttribute("aria-label")) ?? "",
      /Saliency of class 0 over an image, 28 × 28/,
    );
    await page.locator(".graph-output svg").waitFor();
    assert.match(
      (await page.locator(".graph-output [role=img]").getAttribute("aria-label")) ?? "",
      /A network with <skips>[\s\S]*\n\+, \[1, 16, 32, 32\], from conv2d 2\.body\.0 and conv2d 2\.shortcut\n/,
    );
    assert.equal(await page.locator(".graph-output rect").count(), 10);
    assert.equal(await page.locator(".overlay-frame").count(), 1);
    await page.locator(".roofline-plot svg").waitFor();
    assert.equal(await page.locator(".roofline-plot circle title").count(), 8);
    assert.match(
      (await page.locator(".roofline-worst li").first().innerText()) ?? "",
      /conv_weight_grad.*4\.9 ms, 37 % of the time, 39 % of the arithmetic/s,
    );
    for (const canvas of await page.locator(".images-output canvas").all()) {
      assert.match((await canvas.getAttribute("aria-label")) ?? "", /^Image \d+/);
    }
    assert.equal(await page.locator(".scatter-output svg path[fill-opacity]").count(), 4);
    assert.equal(await page.locator(".matrix-output svg").count(), 2);
    assert.equal(await page.locator(".matrix-output svg image").count(), 1);
    const html = page.frameLocator(".html-frame");
    await html.getByText("A frame").waitFor();
    assert.equal(await html.locator("script").count(), 0);
    assert.equal(await html.locator("a").getAttribute("target"), "_blank");
    await pictures(page, "outputs", { wide: 7000, narrow: 9000 });
  });
});

test("an output is saved as picture and numbers, copied, enlarged, and read under the pointer, by mouse and by keys", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  await visit(
    sites.isolated,
    async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      const cell = await notebook.addAndRun(GALLERY.matrix ?? "");
      const output = cell.locator(".output").first();
      await output.hover();
      const saved = async (name: string) => {
        const waiting = page.waitForEvent("download");
        await output.getByRole("button", { name }).click();
        const file = await waiting;
        return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
      };
      const csv = await saved("Save the numbers as CSV");
      assert.equal(csv.name, "Covariance.csv");
      assert.equal(
        csv.bytes.toString(),
        ",width,height,weight\r\nwidth,1,-0.5,0.25\r\nheight,-0.5,1,0\r\nweight,0.25,0,1.25\r\n",
      );
      assert.match((await saved("Save as SVG")).bytes.toString(), /^<svg[^>]*>.*Covariance.*1\.25/s);
      assert.equal((await saved("Save as PNG")).bytes.subarray(1, 4).toString(), "PNG");
      await output.getByRole("button", { name: "Copy text" }).click();
      await output.getByText("Text copied").waitFor();
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^Covariance\n +width/);
      await output.getByRole("button", { name: "Copy picture" }).click();
      await output.getByText("Picture copied").waitFor();
      const types = () => navigator.clipboard.read().then((items) => items.flatMap(({ types }) => types));
      assert.deepEqual(await page.evaluate(types), ["image/png"]);

      await output.locator("[data-values]").hover({ position: { x: 5, y: 5 } });
      assert.equal(await output.locator(".output-readout").innerText(), "[0, 0] · width · width: 1");

      // By keys: the first tool, then along the bar and back, then into the window and out.
      await output.getByRole("button", { name: "Enlarge" }).focus();
      await page.keyboard.press("ArrowLeft");
      const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
      assert.equal(await focused(), "Save the numbers as CSV");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      const large = page.getByRole("dialog", { name: "Covariance" });
      await large.locator(".matrix-output svg").waitFor();
      await page.keyboard.press("+");
      await large.getByText("150 %").waitFor();
      await large.locator("[data-values]").hover({ position: { x: 5, y: 5 } });
      assert.equal(await large.locator(".output-readout").innerText(), "[0, 0] · width · width: 1");
      await large.locator("[data-grid]").focus();
      for (const key of ["ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"])
        await page.keyboard.press(key);
      assert.equal(await large.getByRole("status").last().innerText(), "[1, 2] · height · weight: 0");
      await picture(page, "outputs-large");
      const screen = large.getByRole("button", { name: "Full screen" });
      const isFull = (wanted: boolean) =>
        page.waitForFunction((wanted) => (document.fullscreenElement !== null) === wanted, wanted);
      await screen.click();
      await isFull(true);
      await large.locator("[data-values]").hover({ position: { x: 5, y: 5 } });
      assert.ok(await large.locator(".output-readout").isVisible());
      await screen.click();
      await isFull(false);
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press("Escape");
      await large.waitFor({ state: "detached" });
    },
    { permissions },
  );
});

test("a curve says where the pointer is, and shows the part that is dragged over until a double click", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun(GALLERY.curve ?? "");
    const plot = cell.locator(".u-over").first();
    await plot.waitFor();
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    assert.ok(box);
    const stepAt = async (part: number) => {
      await page.mouse.move(box.x + part * box.width, box.y + 40);
      const text = await cell.locator(".curve-at", { hasText: "step" }).first().innerText();
      return Number(text.replace("step ", ""));
    };
    const middle = await stepAt(0.5);
    assert.ok(middle > 400 && middle < 800, String(middle));
    await stepAt(0.1);
    await page.mouse.down();
    await stepAt(0.3);
    await page.mouse.up();
    const within = await stepAt(0.5);
    assert.ok(within > 100 && within < 400, String(within));
    await page.mouse.dblclick(box.x + 0.5 * box.width, box.y + 40);
    await stepAt(0.4);
    assert.equal(await stepAt(0.5), middle);
  });
});

test("outputs are in the downloaded file, with a picture and text beside each live view", async () => {
  await visit(sites.plain, async ({ page }) => {
    await showAll(page);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download .ipynb" }).click();
    const file = JSON.parse(await readFile(await (await waiting).path(), "utf8"));
    assert.equal(file.nbformat, 4);
    const outputs = file.cells.flatMap((cell: { outputs?: unknown[] }) => cell.outputs ?? []);
    const mimes = outputs.map((o: { output_type: string; data?: object }) =>
      o.data ? Object.keys(o.data).filter((mime) => mime.startsWith("image/")) : o.output_type,
    );
    assert.deepEqual(mimes.flat(), [
      "stream",
      "stream",
      "image/png",
      "image/png",
      "image/svg+xml",
      "image/png",
      "image/png",
      "image/svg+xml",
      "image/svg+xml",
      "image/svg+xml",
      "image/svg+xml",
      "image/svg+xml",
      "image/svg+xml",
      "image/svg+xml",
      "error",
    ]);
    for (const output of outputs) if (output.data) assert.ok(output.data["text/plain"]);
  });
});

test("outputs are there again after a reload, without running anything", async () => {
  await visit(sites.plain, async ({ page }) => {
    await showAll(page);
    await page.getByText("Saved in this browser").waitFor();
    await page.reload();
    await page.locator(".uplot canvas").nth(1).waitFor();
    await page.locator(".overlay-stack").nth(1).waitFor();
    await page.locator(".graph-output rect").nth(9).waitFor();
    assert.equal(await page.locator(".images-output canvas").count(), 21);
    assert.equal(await page.locator(".overlay-stack").count(), 2);
    assert.equal(await page.locator(".graph-output rect").count(), 10);
    assert.match(await page.locator(".error-output").innerText(), /expected 3 input channels[\s\S]*line 3/);
    await page.getByText("Not started").waitFor();
  });
});

test("a curve shown before training grows while it trains, in the page and in the file", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const plot = await notebook.addAndRun(`const listeners = new Set()
const push = (x, y) => { for (const f of listeners) f({ type: 'points', points: [{ panel: 0, series: 0, x: [x], y: [y] }] }) }
display({ [Symbol.for('gradbook.display')]: () => ({
  kind: 'curve', id: 'live', x: { label: 'step' }, panels: [{ label: 'Loss', series: [{ name: 'train' }] }],
  subscribe(listener) { listeners.add(listener); return () => listeners.delete(listener) }
}) })`);
    await notebook.addAndRun(
      "for (let i = 0; i < 1000; i++) { push(i, 1 / (i + 1)); if (i % 100 === 0) await new Promise((r) => setTimeout(r, 5)) }",
    );
    await plot.locator(".curve-value", { hasText: "0.001" }).waitFor();
    // Updates come a frame after they were made.
    const points = () =>
      plot.evaluate(
        (view) =>
          (view as unknown as { cell: { outputs: { display: { points: { x: number[] }[] } }[] } }).cell
            .outputs[0]?.display.points[0]?.x.length ?? 0,
      );
    while ((await points()) < 1000) await page.waitForTimeout(20);
    assert.equal(await points(), 1000);
  });
});
