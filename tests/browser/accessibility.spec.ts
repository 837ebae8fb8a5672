// WCAG 2.2 AA as far as a program can tell, by axe, in light and dark, wide and narrow; and the keyboard alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./axe.ts";
import { GALLERY } from "./gallery.ts";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { viewport: { width: 390, height: 844 } },
} as const)) {
  test(`axe finds nothing (${name})`, async () => {
    await visit(
      sites.plain,
      async ({ page }) => {
        const notebook = await NotebookPage.open(page);
        for (const source of Object.values(GALLERY)) await notebook.addAndRun(source);
        await page.locator(".uplot canvas").nth(1).waitFor();
        assert.deepEqual(await violations(page), []);
      },
      options,
    );
  });
}

test("the first cell is run by keys alone", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    // When the formula is typeset, nothing moves under the focus any more.
    await page.locator(".katex").first().waitFor();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement?.ariaLabel))?.startsWith("Run code cell")) break;
    }
    await page.keyboard.press("Enter");
    await notebook.cell(1).locator(".cell-outputs .output").waitFor();
  });
});
