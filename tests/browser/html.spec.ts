// What a stranger's HTML and SVG outputs do when they are shown: nothing. No script runs, no host hears of it, nothing leaves its frame.

import assert from "node:assert/strict";
import { test } from "node:test";
import { picture, sites, visit } from "./harness.ts";
import { HOSTILE_HTML } from "./hostile-html.ts";
import { NotebookPage } from "./notebook.ts";

const output = (data: object) => ({ output_type: "display_data", data, metadata: {} });
const svgOf = (html: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${html}</svg>`;

const FILE = {
  cells: [
    {
      cell_type: "code",
      execution_count: 1,
      id: "html",
      metadata: {},
      outputs: HOSTILE_HTML.map((html) => output({ "text/html": html, "text/plain": "hostile" })),
      source: "1",
    },
    {
      cell_type: "code",
      execution_count: 2,
      id: "svg",
      metadata: {},
      outputs: HOSTILE_HTML.map((html) => output({ "image/svg+xml": svgOf(html), "text/plain": "hostile" })),
      source: "2",
    },
    // As Markdown shows it, which has no frame of its own.
    ...HOSTILE_HTML.map((html, i) => ({ cell_type: "markdown", id: `m${i}`, metadata: {}, source: html })),
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

test("hostile HTML, SVG and Markdown are shown and do nothing", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const [hits, heard]: string[][] = [[], []];
    await page.exposeFunction("hit", (what: string) => hits?.push(what));
    await page.route("https://evil.invalid/**", (route) => {
      heard?.push(route.request().url());
      return route.abort();
    });
    page.on("dialog", (dialog) => hits?.push(dialog.message()));
    page.on("popup", () => hits?.push("a popup"));
    await NotebookPage.open(page, FILE);
    const before = page.url();
    await page
      .locator(".html-frame")
      .nth(HOSTILE_HTML.length - 1)
      .waitFor();
    await page
      .locator(".picture-output")
      .nth(HOSTILE_HTML.length - 1)
      .waitFor({ state: "attached" });
    // Whoever waits for a click gets all of them.
    for (const frame of page.frames().slice(1)) {
      const found = await frame.evaluate(() => {
        for (const element of document.body.querySelectorAll<HTMLElement>("*:not(a)"))
          element.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        const acting = document.querySelectorAll(
          "body script, iframe, object, embed, form, input, button, base, link, [ping]",
        );
        const handlers = [...document.body.querySelectorAll("*")].flatMap((element) =>
          [...element.attributes].filter(({ name }) => name.startsWith("on")),
        );
        const links = [...document.querySelectorAll("a[href]")].map(
          (link) => link.getAttribute("href") ?? "",
        );
        return [acting.length, handlers.length, links.filter((href) => /script:|data:/i.test(href)).length];
      });
      assert.deepEqual(found, [0, 0, 0]);
    }
    await page.waitForTimeout(500);
    assert.deepEqual(hits, []);
    assert.deepEqual(heard, []);
    assert.equal(page.url(), before);
    assert.equal(await page.locator(".bar-button.is-primary").count(), 1);
    // What stands over everything in its frame stands over nothing else.
    await page.getByRole("button", { name: "Light or dark" }).click();
    await picture(page, "hostile");
    // Pictures of our own site that are not there are asked for, and others refused.
    const isHarmless =
      /violates the following Content Security Policy|^asked https:\/\/evil\.invalid|^Failed to load resource.*404.*\/gradbook\//;
    const refused = errors.splice(0).filter((error) => !isHarmless.test(error));
    assert.deepEqual(refused, []);
  });
});

test("a drawing in a text cell stays within it", async () => {
  const draw = (attributes: string, inside: string) => ({
    ...FILE,
    cells: [
      { cell_type: "markdown", id: "t", metadata: {}, source: "# A drawing\n\nand text" },
      {
        cell_type: "markdown",
        id: "d",
        metadata: {},
        source: `<svg width="9" height="9" ${attributes}>${inside}</svg>\n\n![no name](attachment:%)`,
      },
    ],
  });
  const flood =
    '<filter id="f" x="-9999%" y="-9999%" width="99999%" height="99999%"><feFlood flood-color="red"/></filter>';
  const rest = '<rect x="-9000" y="-9000" width="18000" height="18000" fill="red"/>';
  await visit(sites.plain, async ({ page }) => {
    const seen: Buffer[] = [];
    for (const [attributes, inside] of [
      ["", ""],
      ['overflow="visible"', rest],
      ['filter="url(#f)"', flood],
      ['filter="url(#user-content-f)"', flood],
      ['overflow="visible"', `<svg overflow="visible" width="9" height="9">${rest}</svg>`],
      ['transform="scale(999)"', rest],
    ] as const) {
      await NotebookPage.open(page, draw(attributes, inside));
      await page.locator(".prose svg").first().waitFor({ state: "attached" });
      const text = await page.locator(".prose").first().boundingBox();
      assert.ok(text);
      seen.push(
        await page.screenshot({
          clip: { x: 0, y: 0, width: text.x + text.width, height: text.y + text.height },
        }),
      );
    }
    const [plain, ...others] = seen;
    assert.deepEqual(
      others.map((other) => plain && other.equals(plain)),
      others.map(() => true),
    );
  });
});
