// One notebook in two windows: one of them writes.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { sites, visit } from "./harness.ts";
import { NotebookPage, PLAIN } from "./notebook.ts";

test("a second window reads and runs, takes over with what was written last, and the first one writes no more", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    // For all windows, unlike what a single one is given.
    await page.context().route("**/notebooks/first-light.ipynb", (route) => route.fulfill({ json: PLAIN }));
    await page.reload();
    const first = await NotebookPage.of(page);
    assert.equal(await elsewhere(page).count(), 0);
    const written = await first.add("'from the first'");

    const other = await page.context().newPage();
    other.on("pageerror", (error) => errors.push(String(error)));
    await other.goto(sites.plain);
    const second = await NotebookPage.of(other);
    await elsewhere(other).waitFor();
    await changeAll(second);
    assert.equal(await other.locator(".cm-content").count(), 0);
    await second.run(second.cell(1));
    assert.match(await second.outputs(second.cell(1)), /^\[0, 1, 4/);

    await written.locator(".cm-content").click();
    await page.keyboard.press("End");
    await page.keyboard.type(" + ' and last'");
    await elsewhere(other).getByRole("button", { name: "Write here instead" }).click();
    await elsewhere(page).waitFor();
    await other.getByText("'from the first' + ' and last'").waitFor();
    assert.equal(await elsewhere(other).count(), 0);

    // The first one's editor has closed, and nothing opens another.
    assert.equal(await page.locator(".cm-content").count(), 0);
    const texts = await first.page.locator(".cell-source").allInnerTexts();
    await changeAll(first);
    assert.deepEqual(await first.page.locator(".cell-source").allInnerTexts(), texts);

    await second.add("'from the second'");
    await other.locator(".status-saved", { hasText: "Saved in this browser" }).waitFor();
    await other.close();
    await page.reload();
    await page.getByText("'from the second'").waitFor();
    await page.getByText("'from the first' + ' and last'").waitFor();
    assert.equal(await elsewhere(page).count(), 0);
  });
});

test("a window that is loaded anew still writes", async () => {
  await visit(sites.plain, async ({ page }) => {
    for (let i = 0; i < 5; i++) {
      await NotebookPage.open(page);
      assert.equal(await elsewhere(page).count(), 0);
    }
  });
});

function elsewhere(page: Page) {
  return page.locator(".notice", { hasText: "open in another window" });
}

/** Tries what would change cells: their text, their kinds, how many there are, and undoing that. */
async function changeAll({ page }: NotebookPage): Promise<void> {
  const at = (index: number) => page.locator("gradbook-cell-view").nth(index);
  const before = await page.locator("gradbook-cell-view").count();
  await at(1).locator(".cell-source").click();
  await at(1).focus();
  for (const key of ["Shift+M", "m", "b", "x", "z", "Shift+Z"]) await page.keyboard.press(key);
  await page.locator(".inserter.is-last button", { hasText: "Code" }).click();
  // Drawn anew, a cell shows what it holds.
  await page.getByRole("button", { name: "Run all" }).click();
  await at(1).locator(".cell.is-idle .text-output").waitFor();
  assert.equal(await page.locator("gradbook-cell-view").count(), before);
  assert.match(await at(1).locator(".cell-source").innerText(), /squares$/);
}
