// The notebook of the training toolbox from top to bottom on both devices; its pictures for a person to look at.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MINUTES = 60_000;

for (const device of ["CPU", "WebGPU"]) {
  test(`the notebook of training runs from top to bottom on ${device}`, async () => {
    await visit(`${sites.isolated}?notebook=training`, async ({ page }) => {
      await NotebookPage.of(page);
      await page.getByLabel("Device").selectOption(device);
      await page.getByRole("button", { name: "Run all" }).click();
      await page.locator(".bar-button.is-stop:not(:disabled)").waitFor();
      await page.locator(".bar-button.is-stop:disabled").waitFor({ timeout: 10 * MINUTES });
      await picture(page, `training-${device}`);
      assert.deepEqual(await page.locator(".error-output").allInnerTexts(), []);
      assert.match(await outputOf(page, "summary"), /receptive field.*conv2d.*5 × 5.*dense.*28 × 28/s);
      // By hand: 32·9·64 + 64 and 32·9 + 32·64 + 64.
      assert.match(await outputOf(page, "separable"), /full 18496 separable 2400/);
      assert.equal(await cellOf(page, "preview").locator(".images-output canvas").count(), 32);
      const shares = /alone (\d+\.\d) %, four views (\d+\.\d) %/.exec(await outputOf(page, "views"));
      assert.ok(Number(shares?.[1]) > 80 && Number(shares?.[2]) > 80, `${shares}`);
      assert.match(await outputOf(page, "sweep"), /lr.*momentum.*loss.*accuracy.*0\.003/s);
      assert.match(
        await outputOf(page, "fault"),
        /training stopped in epoch 1.*layer 2 \(function\).*log: .* NaN/s,
      );
    });
  });
}

function cellOf(page: Page, id: string) {
  return page.locator(`gradbook-cell-view[data-cell="${id}"]`);
}

async function outputOf(page: Page, id: string): Promise<string> {
  return cellOf(page, id).locator(".cell-outputs").innerText();
}
