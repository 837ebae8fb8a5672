// Cells of a notebook in a page of another origin: the element, its events, its look, and what is seen where it cannot work.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { FrameLocator, Page } from "playwright-core";
import { picture, sites, type Visit, visit } from "./harness.ts";

/** A course page on a host of its own, and the site once more as a host that lets every page have its files. */
let host = "";
let shared = "";
const pages = new Map<string, string>();
const servers = [
  createServer((request, response) => {
    const page = pages.get(request.url ?? "");
    if (page === undefined) response.writeHead(404);
    else
      response.writeHead(200, {
        "content-type": request.url?.endsWith(".ipynb") ? "application/json" : "text/html",
      });
    response.end(page);
  }),
  createServer(async (request, response) => {
    const answer = await fetch(new URL(`.${request.url}`, sites.plain));
    const type = answer.headers.get("content-type") ?? "text/plain";
    response.writeHead(answer.status, { "content-type": type, "access-control-allow-origin": "*" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }),
];

const LESSON = JSON.stringify({
  cells: [
    code("hidden", "const hidden = 20"),
    { cell_type: "markdown", id: "text", metadata: {}, source: "## A *lesson*" },
    code("sum", "hidden + 1"),
    code(
      "curve",
      `const listeners = new Set()
display({ [Symbol.for('gradbook.display')]: () => ({
  kind: 'curve', id: 'live', x: { label: 'step' }, panels: [{ label: 'Loss', series: [{ name: 'train' }] }],
  subscribe(listener) { listeners.add(listener); return () => listeners.delete(listener) }
}) })
for (let i = 0; i < 3; i++) {
  for (const f of listeners) f({ type: 'points', points: [{ panel: 0, series: 0, x: [i], y: [1 / (i + 1)] }] })
  await new Promise((resolve) => setTimeout(resolve, 150))
}`,
    ),
    code("wrong", "throw new RangeError('too far')"),
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
});

function code(id: string, source: string) {
  return { cell_type: "code", id, metadata: {}, source, outputs: [], execution_count: null };
}

before(async () => {
  // Another origin of the same site, which is the harder case: browsers give such a frame the site's own storage.
  const { hostname } = new URL(sites.plain);
  const urls = await Promise.all(
    servers.map(
      (server) =>
        new Promise<string>((resolve) => {
          server.listen(0, "127.0.0.1", () =>
            resolve(`http://${hostname}:${(server.address() as AddressInfo).port}/`),
          );
        }),
    ),
  );
  [host = "", shared = ""] = urls;
  pages.set("/lesson.ipynb", LESSON);
});

after(() => {
  for (const server of servers) server.close();
});

/** Opens a page of the host; what it asks of the site is no error. */
async function course(
  body: string,
  look: (visit: Visit & { heard: () => Promise<Heard[]> }) => Promise<void>,
  site = sites.plain,
) {
  pages.set(
    "/course",
    `<!doctype html><meta charset="utf-8"><title>Course</title><link rel="icon" href="data:,">
<script>var heard = []; for (const type of ["ready", "metric", "error"]) addEventListener(type, (e) => { if (e.detail) heard.push({ type, ...e.detail }) }, true)</script>
<script src="${site}embed.js" defer></script>
<body style="font: 16px/1.5 Georgia; max-width: 720px; margin: 24px auto">${body}`,
  );
  await visit(`${host}course`, async (visited) => {
    const heard = () => visited.page.evaluate(() => (globalThis as unknown as { heard: Heard[] }).heard);
    await look({ ...visited, heard });
    visited.errors.splice(
      0,
      visited.errors.length,
      ...visited.errors.filter((error) => !error.startsWith(`asked ${site}`)),
    );
  });
}

interface Heard {
  type: string;
  [field: string]: unknown;
}

function frameOf(page: Page): FrameLocator {
  return page.frameLocator("gradbook-cell iframe");
}

test("a page of another origin shows cells, runs them after those that they need, and hears of it", async () => {
  await course(
    `<h1>Course</h1><p>Before.</p><gradbook-cell src="lesson.ipynb" cells="2-5"><p>Run it at home.</p></gradbook-cell><p>Behind.</p>`,
    async ({ page, heard }) => {
      const frame = frameOf(page);
      await frame.getByText("A lesson").waitFor();
      assert.equal(await page.getByText("Run it at home.").isVisible(), false);
      assert.equal(await frame.locator("gradbook-cell-view").count(), 4);
      await frame.getByRole("button", { name: "Run code cell 3" }).click();
      await frame.locator('[data-cell="sum"] .output', { hasText: "21" }).waitFor();
      await frame.getByRole("button", { name: "Run all" }).click();
      await frame.locator(".error-output", { hasText: "too far" }).waitFor();
      await page.waitForFunction(() =>
        (globalThis as unknown as { heard: Heard[] }).heard.some(({ type }) => type === "error"),
      );
      const told = await heard();
      assert.equal(told[0]?.type, "ready");
      const metric = told.findLast(({ type }) => type === "metric");
      assert.deepEqual(metric, {
        type: "metric",
        cell: "curve",
        label: "Loss",
        series: "train",
        x: 2,
        y: 1 / 3,
      });
      assert.deepEqual(told.at(-1), { type: "error", cell: "wrong", name: "RangeError", message: "too far" });
      // The frame is as high as what is in it.
      const height = await frame.locator("html").evaluate((root) => root.getBoundingClientRect().height);
      await page.waitForFunction(
        (high) =>
          Math.abs((document.querySelector("gradbook-cell")?.getBoundingClientRect().height ?? 0) - high) <=
          1,
        height,
      );
      await picture(page, "embedded");
    },
  );
});

test("text inside is the code of one cell, and the page's custom properties give its look", async () => {
  await course(
    `<style>gradbook-cell { --gradbook-accent: rgb(1, 2, 3) }</style>
<gradbook-cell theme="dark"><pre>
    const a = 6
    a * 7
</pre></gradbook-cell>`,
    async ({ page }) => {
      const frame = frameOf(page);
      await frame.getByText("const a = 6").waitFor();
      const root = frame.locator("html");
      assert.equal(await root.getAttribute("data-theme"), "dark");
      assert.equal(
        await root.evaluate((html) => getComputedStyle(html).getPropertyValue("--accent")),
        "rgb(1, 2, 3)",
      );
      await page.locator("gradbook-cell").evaluate((element) => element.setAttribute("theme", "light"));
      await frame.locator('html[data-theme="light"]').waitFor();
      await frame.getByRole("button", { name: "Run code cell 1" }).click();
      await frame.locator(".output", { hasText: "42" }).waitFor();
    },
  );
});

test("notebooks of the site are shown, too; nothing of the reader's is read or kept for another page", async () => {
  await course(`<gradbook-cell src="site:reference/2" cells="1-2"></gradbook-cell>`, async ({ page }) => {
    await frameOf(page).locator("gradbook-cell-view").nth(1).waitFor();
    assert.equal(await frameOf(page).locator("gradbook-cell-view").count(), 2);
  });
  await course(
    `<iframe src="${sites.plain}embed.html?notebook=first-light&cells=1-3" width="700" height="500"></iframe>`,
    async ({ page }) => {
      const frame = page.frameLocator("iframe");
      await frame.locator("gradbook-cell-view").nth(2).waitFor();
      const names = await frame
        .locator("html")
        // Browsers that give a frame of another site no storage say so here.
        .evaluate(() =>
          indexedDB.databases().then(
            (all) => all.map(({ name }) => name),
            () => [],
          ),
        );
      assert.deepEqual(names, []);
    },
  );
  // A page of the same site as ours shares the browser's storage with it: files are others', even so.
  await course(`<gradbook-cell><pre>(await files.list()).length</pre></gradbook-cell>`, async ({ page }) => {
    const ours = await page.context().newPage();
    await ours.goto(sites.plain);
    await ours.evaluate(async () => {
      const cache = await caches.open("gradbook-files");
      await cache.put(
        new URL("/own-file/mine.npz", location.href),
        new Response("x", { headers: { "content-length": "1" } }),
      );
    });
    await ours.close();
    const frame = frameOf(page);
    await frame.getByRole("button", { name: "Run code cell 1" }).click();
    await frame.locator(".output", { hasText: /^0\b/ }).waitFor();
  });
});

test("in a sandbox of the page's the cells run where the site's host allows it, and else the page is as it was", async () => {
  const sandboxed = (site: string) =>
    `<iframe sandbox="allow-scripts" width="700" height="500" srcdoc='<script src="${site}embed.js"></script><gradbook-cell><pre>6 * 7</pre></gradbook-cell>'></iframe>`;
  await course(sandboxed(shared), async ({ page, errors }) => {
    const frame = page.frameLocator("iframe").frameLocator("iframe");
    await frame.getByRole("button", { name: "Run code cell 1" }).click();
    await frame.locator(".output", { hasText: "42" }).waitFor();
    errors.splice(0, errors.length, ...errors.filter((error) => !error.startsWith(`asked ${shared}`)));
  });
  await course(sandboxed(sites.plain), async ({ page, errors }) => {
    const inner = page.frameLocator("iframe");
    await inner.getByText("6 * 7").waitFor();
    await page.waitForTimeout(1500);
    assert.equal(await inner.getByText("6 * 7").isVisible(), true);
    // The browser says why, several times.
    errors.length = 0;
  });
});

test("a cell that asks for the reader's own data gets none in another page", async () => {
  await course("<gradbook-cell>await data.pick()</gradbook-cell>", async ({ page }) => {
    const frame = frameOf(page);
    await frame.getByRole("button", { name: "Run all" }).click();
    await frame.locator(".error-output").waitFor();
  });
});

test("a notebook or a cell that is not there leaves what the page says, and says so", async () => {
  for (const [given, said] of [
    ['src="none.ipynb"', /none.ipynb could not be loaded \(404\)/],
    ['src="lesson.ipynb" cells="9"', /there is no cell 9; the notebook has 5/],
    ['src="course"', /not a notebook file/],
  ] as const) {
    await course(
      `<gradbook-cell ${given}><p>Run it at home.</p></gradbook-cell>`,
      async ({ page, heard, errors }) => {
        await page.waitForFunction(() => (globalThis as unknown as { heard: Heard[] }).heard.length > 0);
        const [first] = await heard();
        assert.equal(first?.type, "error");
        assert.match(String(first?.message), said);
        assert.equal(await page.getByText("Run it at home.").isVisible(), true);
        await page.waitForTimeout(300);
        const room = await page.locator("gradbook-cell iframe").evaluate((frame) => frame.clientHeight);
        assert.equal(room, 0);
        errors.length = 0;
      },
    );
  }
});
