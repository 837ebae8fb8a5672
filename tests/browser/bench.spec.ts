// The benchmark's page: a workload gives figures, and a link carries them. How large they are is not looked at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { picture, sites, visit } from "./harness.ts";

const url = new URL("bench.html", sites.plain).href;

test("the benchmark measures, and a link restores what it found", async () => {
  await visit(url, async ({ page }) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const figure = page.locator("tbody tr td").first();
    await figure.waitFor();
    assert.ok(Number((await figure.textContent())?.replaceAll(",", "")) > 0, `${await figure.textContent()}`);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Copy link" }).waitFor();
    const table = await page.locator(".bench-results table").textContent();
    const link = await page.getByRole("link", { name: "Link to this result" }).getAttribute("href");
    assert.match(link ?? "", /^#result=/);

    await page.goto("about:blank");
    await page.goto(url + link);
    await page.getByText("These figures came with the link.").waitFor();
    assert.equal(await page.locator(".bench-results table").textContent(), table);
    await picture(page, "bench");
  });
});

test("a link that carries no result opens the page as it is", async () => {
  await visit(`${url}#result=nothing`, async ({ page }) => {
    await page.getByRole("button", { name: "Run", exact: true }).waitFor();
    assert.equal(await page.locator("table").count(), 0);
  });
});
