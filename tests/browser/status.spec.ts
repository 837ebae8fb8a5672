// The status bar says what runs, and why not something faster.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

test("automatic prefers the CPU to a software adapter and says so, before and after the first run", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const status = page.locator(".status");
    const why =
      /CPU · (relaxed )?SIMD · 1 thread\s*(All cores\s*)?the adapter is a software one \(SwiftShader\)/;
    await page.locator(".status-why").waitFor();
    assert.match(await status.innerText(), /^Not started/);
    assert.match(await status.innerText(), why);
    await notebook.addAndRun("1");
    assert.match(await status.innerText(), /^Ready/);
    assert.match(await status.innerText(), why);
  });
});

test("the device picker is obeyed", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun("1");
    const picker = page.getByLabel("Device");
    await picker.selectOption("WebGPU");
    await page.locator(".status-name", { hasText: /^WebGPU/ }).waitFor();
    await picker.selectOption("CPU");
    await page.locator(".status-name", { hasText: /^CPU/ }).waitFor();
    assert.equal(await page.locator(".status-why").innerText(), "chosen");
  });
});

test("without WebGPU the picker does not offer it, and one sentence says which browsers have it", async () => {
  await visit(sites.plain, async ({ page }) => {
    await page.addInitScript("delete Navigator.prototype.gpu");
    await page.reload();
    await NotebookPage.of(page);
    assert.match(await page.locator(".status-hint").innerText(), /Chrome 113, Safari 26/);
    assert.equal(await page.locator("option", { hasText: "WebGPU" }).isDisabled(), true);
  });
});

test("without SIMD nothing can compute, and one sentence says which browsers have it", async () => {
  await visit(sites.plain, async ({ page }) => {
    await page.addInitScript("WebAssembly.validate = () => false");
    await page.reload();
    await NotebookPage.of(page);
    assert.match(await page.locator(".status-hint").innerText(), /Chrome 91, Firefox 89, Safari 16\.4/);
    assert.equal(await page.locator(".status-name").innerText(), "Nothing can compute here");
  });
});
