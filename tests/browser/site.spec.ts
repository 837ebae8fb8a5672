// The built site as a static host serves it: addresses, types, headers, and that it needs nobody else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";

for (const [name, url] of Object.entries(sites)) {
  test(`the page opens on the ${name} site`, async () => {
    await visit(url, async ({ page }) => {
      await page.waitForLoadState("networkidle");
      assert.equal(await page.evaluate(() => crossOriginIsolated), name === "isolated");
      assert.notEqual((await page.title()).trim(), "");
    });
  });

  test(`the ${name} site has the right types`, async () => {
    const types: Record<string, string> = {
      "": "text/html",
      "main.js": "text/javascript",
      "compute-worker.js": "text/javascript",
      "frame.html": "text/html",
      "assets/mnist/manifest.json": "application/json",
      "assets/mnist/train-images.idx.gz": "application/gzip",
    };
    for (const [path, type] of Object.entries(types)) {
      const response = await ask(url + path);
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get("content-type"), type, path);
      assert.equal(response.headers.has("content-encoding"), false, path);
      assert.equal(response.headers.has("cross-origin-embedder-policy"), name === "isolated", path);
    }
  });
}

test("what is not in the site is not served", async () => {
  for (const path of ["nothing.js", "..%2fCargo.toml", "%2e%2e/Cargo.toml", "wasm"]) {
    assert.equal((await ask(sites.isolated + path)).status, 404, path);
  }
  assert.equal((await ask(new URL("/main.js", sites.plain))).status, 404);
});

/** The answer without its body: one that is left unread would keep its connection, and so this process, open. */
async function ask(url: string | URL): Promise<Response> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response;
}
