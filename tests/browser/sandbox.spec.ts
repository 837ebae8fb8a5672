// What code in a cell can reach: nothing of the page, of the browser's storage, or of the network.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

/** Each must be refused or absent. `SITE` is the page's own address. */
const ATTEMPTS = [
  "fetch(SITE + 'main.js')",
  "fetch('https://example.org/')",
  "new Promise((ok, no) => { const x = new XMLHttpRequest(); x.onload = ok; x.onerror = no; x.open('GET', SITE); x.send() })",
  "new Promise((ok, no) => { const s = new WebSocket(SITE.replace('http', 'ws')); s.onopen = ok; s.onerror = no })",
  "new Promise((ok, no) => { const s = new EventSource(SITE); s.onopen = ok; s.onerror = no })",
  "(0, eval)('import(\"' + SITE + 'main.js\")')",
  "importScripts(SITE + 'cells.json')",
  "new Promise((ok, no) => { const w = new Worker(SITE + 'compute-worker.js'); w.onmessage = ok; w.onerror = no; setTimeout(no, 500) })",
  "new Promise((ok, no) => { const r = indexedDB.open('gradbook'); r.onsuccess = ok; r.onerror = no })",
  "caches.open('x')",
  "navigator.storage.getDirectory()",
  "localStorage.x",
  "document.cookie",
  "parent.document",
  "opener.document",
];

for (const [site, url] of Object.entries(sites)) {
  test(`a cell reaches nothing (${site})`, async () => {
    await visit(url, async ({ page, errors }) => {
      const notebook = await NotebookPage.open(page);
      await notebook.addAndRun(`const SITE = ${JSON.stringify(url)}`);
      for (const attempt of ATTEMPTS) {
        const cell = await notebook.addAndRun(`await ${attempt}`);
        assert.equal(await cell.locator(".error-output").count(), 1, attempt);
      }
      assert.equal(await notebook.outputs(await notebook.addAndRun("self.origin")), "'null'");
      // Refusals are logged by the browser; none may be a request that went out.
      assert.deepEqual(
        errors.filter((error) => error.startsWith("asked")),
        [],
      );
      errors.splice(0);
    });
  });
}

test("messages that the page does not know change nothing", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun(`
      postMessage({ type: 'loaded' }); postMessage({ type: 'failed', message: 'forged' })
      const send = MessagePort.prototype.postMessage
      let pagePort
      MessagePort.prototype.postMessage = function (...args) { pagePort ??= this; return send.apply(this, args) }
      display('captured')
      await new Promise((resolve) => setTimeout(resolve, 100))
      for (const message of [null, 'x', { type: 'output' }, { type: 'output', run: 1, index: 0, isResult: false, display: { kind: 'html', html: '<b>' } },
        { type: 'done', run: 99, end: 'ok', milliseconds: 0, defines: [], uses: [] }]) send.call(pagePort, message)
      'still here'`);
    assert.equal(await notebook.outputs(cell), "captured\n'still here'");
    assert.equal(await page.locator(".page-error").count(), 0);
    assert.deepEqual(errors, []);
  });
});
