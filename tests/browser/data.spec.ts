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
      ["photos", 7],
    ] as const) {
      assert.equal(await cellOf(page, cell).locator(".images-output canvas").count(), images, cell);
    }
    assert.match(await outputOf(page, "shakespeare"), /To be, or not to be/);
    assert.match(await outputOf(page, "names"), /MARY.*JAMES.*SMITH/s);
    assert.match(await outputOf(page, "spoken"), /spoken: 30 samples \[8000\], 10 classes/);
    assert.match(await outputOf(page, "again"), /The locked test set digits8 is scored for use 2\./);
    assert.doesNotMatch(await outputOf(page, "locked"), /locked test set/);
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
