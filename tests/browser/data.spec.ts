// The notebook of data sets from top to bottom, its contact sheets for a person to look at; that what was loaded is kept in
// the browser; and that a copy that was spoilt there is fetched again.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MINUTES = 60_000;

test("the notebook of data sets runs from top to bottom", async () => {
  await visit(`${sites.isolated}?notebook=data`, async ({ page }) => {
    await NotebookPage.of(page);
    await page.getByLabel("Device").selectOption("CPU");
    await page.getByRole("button", { name: "Run all" }).click();
    await page.locator(".bar-button.is-stop:not(:disabled)").waitFor();
    await page.locator(".bar-button.is-stop:disabled").waitFor({ timeout: 10 * MINUTES });
    await picture(page, "data");
    assert.deepEqual(await page.locator(".error-output").allInnerTexts(), []);
    for (const [cell, images] of [
      ["fashion", 40],
      ["cifar10", 40],
      ["quickdraw", 40],
      ["digits8", 40],
      ["faces25", 40],
      ["emoji", 40],
      ["avatars", 40],
      ["photos", 7],
      // Each with a canvas of boxes and masks over it.
      ["scenes", 24],
      ["canvases", 16],
      ["turned", 10],
    ] as const) {
      assert.equal(await cellOf(page, cell).locator(".images-output canvas").count(), images, cell);
    }
    assert.match(await outputOf(page, "shakespeare"), /To be, or not to be/);
    assert.match(await outputOf(page, "names"), /MARY.*JAMES.*SMITH/s);
    assert.match(await outputOf(page, "spoken"), /spoken: 30 samples \[8000\], 10 classes/);
    assert.match(
      await outputOf(page, "again"),
      /The locked test set digits8 was opened again by evaluate \(use 2\): to see the warning\./,
    );
    assert.doesNotMatch(await outputOf(page, "locked"), /locked test set/);
  });
});

test("the status says how far loading has come, and a file that does not come is named", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.context().route("**/fashion/train-images.idx.gz", async (route) => {
      await held;
      await route.continue();
    });
    const cell = await notebook.add("(await data.fashion()).test.length");
    await notebook.start(cell);
    // The three small files are here.
    await page.locator(".status-loading", { hasText: /Loading fashion\s+0\.4 of 2\.6 MB/ }).waitFor();
    await picture(page, "data-loading");
    answer();
    await notebook.finished(cell);
    assert.equal(await notebook.outputs(cell), "1000");
    await page.locator(".status-loading").waitFor({ state: "hidden" });
    await page.context().route("**/faces25/all-labels.idx.gz", (route) => route.fulfill({ status: 503 }));
    const missing = await notebook.addAndRun("await data.faces25()");
    assert.match(
      await notebook.outputs(missing),
      /LoadError[\s\S]*could not load faces25: http.*all-labels\.idx\.gz could not be loaded: 503/,
    );
    // What failed is not waited for.
    const busy = await notebook.add("for (;;) await new Promise((resolve) => setTimeout(resolve, 10))");
    await notebook.start(busy);
    await page.locator(".status-kernel.is-busy").waitFor();
    assert.equal(await page.locator(".status-loading").count(), 0);
    await notebook.stop();
    await notebook.finished(busy);
    // The browser logs every failed request.
    errors.length = 0;
  });
});

test("what was loaded is kept in the browser, and checked each time", async () => {
  await visit(sites.plain, async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const files = () => asked.filter((path) => path.includes("/digits8/") && path.endsWith(".gz")).length;
    const load = async () => {
      const notebook = await NotebookPage.open(page);
      const cell = await notebook.addAndRun("(await (await data.digits8()).y.data()).slice(0, 10).join()");
      assert.match(await notebook.outputs(cell), /0,1,2,3,4,5,6,7,8,9/);
    };
    await load();
    assert.equal(files(), 2);
    await load();
    assert.equal(files(), 2);
    await page.evaluate(async () => {
      const store = await caches.open("gradbook-data");
      const spoilt = (await store.keys()).find(({ url }) => url.endsWith("all-labels.idx.gz"));
      if (!spoilt) throw new Error("the labels are not there");
      await store.put(spoilt, new Response("spoilt"));
    });
    await load();
    assert.equal(files(), 3);
  });
});

function cellOf(page: Page, id: string) {
  return page.locator(`gradbook-cell-view[data-cell="${id}"]`);
}

function outputOf(page: Page, id: string): Promise<string> {
  return cellOf(page, id).locator(".cell-outputs").innerText();
}
