// Notebooks that mean harm (tests/hostile): opened, then run cell by cell. Nothing gets out, nothing that the browser keeps is touched, no script of
// theirs runs in the page, and the page goes on.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const FOLDER = "tests/hostile";
/** How long a cell may run before it is stopped. */
const RUN_MS = 1000;

/** A host that hears whatever gets out. */
let attacker = "";
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.writeHead(200, { "access-control-allow-origin": "*" });
  response.end("out");
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
});
server.on("upgrade", ({ url }, socket) => {
  asked.push(`upgrade ${url}`);
  socket.destroy();
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  attacker = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => server.close());

for (const file of readdirSync(FOLDER).sort()) {
  test(`${file} does no harm`, { timeout: 300_000 }, async () => {
    const text = readFileSync(`${FOLDER}/${file}`, "utf8").replaceAll("ATTACKER", attacker);
    await visit(sites.plain, async ({ page, errors }) => {
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      const popups: string[] = [];
      page.on("popup", (popup) => popups.push(popup.url()));
      await page.evaluate(() => localStorage.setItem("victim", "whole"));
      const { origin } = new URL(page.url());
      const unharmed = async (when: string) => {
        assert.deepEqual(asked, [], `${when}: it got out`);
        assert.deepEqual([...dialogs, ...popups], [], when);
        assert.deepEqual(
          await stateOf(page),
          { pwned: false, victim: "whole", databases: OURS, fake: 0 },
          when,
        );
        assert.equal(new URL(page.url()).origin, origin, when);
      };
      const notebook = await NotebookPage.open(page, JSON.parse(text));
      await page.waitForTimeout(500);
      await unharmed("opened");

      const cells = await page.locator("gradbook-cell-view").count();
      for (let i = 0; i < cells; i++) {
        const cell = notebook.cell(i);
        if ((await cell.getByRole("button", { name: /^Run code cell/ }).count()) === 0) continue;
        await runOrStop(notebook, cell);
        const outputs = (await cell.locator(".cell-outputs").innerText()).slice(0, 1e5);
        assert.deepEqual(outputs.match(/GOT OUT.*/g) ?? [], [], `${file}, cell ${i + 1}`);
      }
      await unharmed("run");

      const restart = page.getByRole("button", { name: "Restart" });
      if (await restart.isEnabled()) await restart.click();
      assert.equal(await notebook.outputs(await notebook.addAndRun("6 * 7")), "42");
      await unharmed("restarted");
      // The browser says what it refused (its server heard nothing), and what the cells' worker threw (without a trace, where that was tampered with); nothing else may
      // have gone wrong in the page.
      const wrong = errors.filter(
        (error) =>
          error !== "" &&
          !error.startsWith(`asked ${attacker}`) &&
          !error.endsWith("/x)") &&
          !/Content.Security.Policy|violates the following|ERR_BLOCKED_BY_CSP/i.test(error),
      );
      assert.deepEqual(wrong, []);
      errors.length = 0;
    });
  });
}

/** Names of what our own page keeps. */
const OURS = ["gradbook", "gradbook-own-data"];

async function stateOf(page: Page) {
  return page.evaluate(async () => {
    const databases = (await indexedDB.databases()).map(({ name }) => name ?? "").sort();
    const fakes = document.querySelectorAll(
      ".prose :is(form, input, button, dialog, script, iframe, object, embed, gradbook-cell-view, .bar)",
    );
    return {
      pwned: "pwned" in window || "polluted" in {},
      victim: localStorage.getItem("victim"),
      databases,
      fake: fakes.length,
    };
  });
}

async function runOrStop(notebook: NotebookPage, cell: Locator): Promise<void> {
  await notebook.start(cell);
  const isDone = await cell
    .locator(".cell.is-idle")
    .waitFor({ timeout: RUN_MS })
    .then(
      () => true,
      () => false,
    );
  if (isDone) return;
  // It may end by itself in this moment.
  const stop = notebook.page.getByRole("button", { name: "Stop", exact: true }).first();
  await stop.click({ timeout: 5000 }).catch(() => {});
  await notebook.finished(cell);
}
