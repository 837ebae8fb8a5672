// Writing: cells are added, typed, moved and deleted; the copy in this browser survives a reload, and a failure is told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./axe.ts";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage, PLAIN } from "./notebook.ts";

test("edits, new cells, their order and outputs survive a reload", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun("'kept ' + 1");
    await cell.hover();
    await cell.getByRole("button", { name: "Move cell up" }).click();
    const first = notebook.cell(0);
    await first.locator(".prose").dblclick();
    await first.locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText("# Mine\n\n$x^2$");
    const texts = await allTexts(notebook);
    await page.locator(".status-saved", { hasText: "Saved in this browser" }).waitFor();
    await page.reload();
    const again = await NotebookPage.of(page);
    await again.page.locator(".prose h1", { hasText: "Mine" }).waitFor();
    assert.equal(await page.locator(".bar-title").innerText(), "Mine");
    assert.deepEqual(await allTexts(again), texts);
    assert.match(await page.locator(".cell-outputs", { hasText: "kept 1" }).innerText(), /^'kept 1'$/);
    await again.cell(0).locator(".katex").first().waitFor();
  });
});

test("the last key typed is there after the page was closed at once", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add("");
    await cell.locator(".cm-content").pressSequentially("const typed = 12345", { delay: 5 });
    const next = await page.context().newPage();
    // No pause is needed, but that the write which the last key began has its turn: it is over when the page says so.
    await page.waitForFunction(() =>
      document.querySelector(".status-saved")?.textContent?.includes("Saved in this browser"),
    );
    await page.close();
    await next.goto(sites.isolated);
    await next.getByText("const typed = 12345").waitFor();
  });
});

test("keys: run and stay, run and go on, run and insert, leave", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add("6 * 7");
    const count = await page.locator("gradbook-cell-view").count();
    await page.keyboard.press("Control+Enter");
    await cell.getByText("42").waitFor();
    await page.keyboard.press("Alt+Enter");
    await page.locator("gradbook-cell-view").nth(count).locator(".cm-focused").waitFor();
    await page.keyboard.insertText("'next'");
    await page.keyboard.press("Shift+Enter");
    await page.getByText("'next'").nth(1).waitFor();
    await page
      .locator("gradbook-cell-view")
      .nth(count + 1)
      .locator(".cm-focused")
      .waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".cm-focused").count(), 0);
  });
});

test("the command keys of Jupyter: go, insert, change type, delete, undo, edit, run", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const texts = await allTexts(notebook);
    await notebook.cell(1).focus();
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    await notebook.cell(1).locator(".cm-focused").waitFor();
    await page.keyboard.insertText("'new'");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    await notebook.cell(1).locator(".text-output").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("d");
    await page.keyboard.press("d");
    assert.deepEqual(await allTexts(notebook), [texts[0], "'new'", ...texts.slice(2)]);
    await page.keyboard.press("z");
    assert.deepEqual(await allTexts(notebook), [texts[0], "'new'", ...texts.slice(1)]);
    await page.keyboard.press("k");
    await page.keyboard.press("m");
    await notebook.cell(1).locator(".prose", { hasText: "'new'" }).waitFor();
  });
});

test("completion knows the API, options and the reader's own values; the pointer finds documentation", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun("const pixels = zeros([3, 28, 28])\nconst mine = { depth: 4 }");
    const cell = await notebook.add("");
    const offered = page.locator(".cm-tooltip-autocomplete li");
    const type = async (text: string) => {
      await notebook.write(cell, "");
      await cell.locator(".cm-content").pressSequentially(text);
    };
    await type("nn.conv2");
    await offered.filter({ hasText: /^conv2d$/ }).waitFor();
    await page.locator(".cm-completionInfo", { hasText: "Cross-correlation of [N, C, H, W]" }).waitFor();
    await offered.filter({ hasText: /^conv2d$/ }).click();
    await page.keyboard.type("(");
    await page.locator(".assist-doc strong", { hasText: "options: Conv2dOptions" }).waitFor();
    await page.keyboard.type("{ paddingM");
    await offered.filter({ hasText: "paddingMode" }).waitFor();
    await type("mine.");
    await offered.filter({ hasText: "depth" }).waitFor();
    await type("pix");
    await offered.filter({ hasText: "Tensor f32 [3, 28, 28]" }).click();
    await page.keyboard.type(".matmu");
    await offered.filter({ hasText: "matmul" }).click();
    await cell.locator(".cm-line span", { hasText: "matmul" }).hover();
    await page.locator(".cm-tooltip-hover", { hasText: "The matrix product" }).waitFor();
    await page.mouse.move(0, 0);
    await notebook.write(cell, "zeros");
    await page.keyboard.press("ControlOrMeta+Shift+Space");
    await page.locator(".assist-text", { hasText: /zeros/i }).waitFor();
  });
});

test("the first letter completes, the first key that explains explains, and Escape closes what is open before it leaves", async () => {
  await visit(sites.plain, async ({ page }) => {
    const zeros = {
      cell_type: "code",
      id: "zeros",
      metadata: {},
      source: "zeros",
      outputs: [],
      execution_count: null,
    };
    const notebook = await NotebookPage.open(page, { ...PLAIN, cells: [...PLAIN.cells, zeros] });
    // In an editor where nothing was typed.
    const cell = notebook.cell(4);
    const open = async () => {
      await cell.locator(".cell-source").click();
      await cell.locator(".cm-focused").waitFor();
      // What the pointer rests on would be explained as well.
      await page.mouse.move(0, 0);
      await page.keyboard.press("End");
    };
    await open();
    await page.keyboard.press("ControlOrMeta+Shift+Space");
    const explained = page.locator(".cm-tooltip:not(.cm-tooltip-hover) .assist-text");
    await explained.filter({ hasText: /zeros/i }).waitFor();
    await page.keyboard.press("Escape");
    await explained.waitFor({ state: "hidden" });
    assert.equal(await cell.locator(".cm-focused").count(), 1);
    await page.keyboard.press("Escape");
    await cell.locator(".cm-focused").waitFor({ state: "detached" });
    await open();
    await page.keyboard.press("Control+Space");
    const offered = page.locator(".cm-tooltip-autocomplete li");
    await offered.filter({ hasText: /^zeros$/ }).waitFor();
    await page.keyboard.press("Escape");
    await offered.first().waitFor({ state: "hidden" });
    assert.equal(await cell.locator(".cm-focused").count(), 1);
    await notebook.add("");
    await page.keyboard.type("zero");
    await offered.filter({ hasText: /^zeros$/ }).waitFor();
  });
});

test("keys that are no commands stay the browser's, before and after commands have come", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    await page.route("**/chunks/page-commands-*.js", (route) => route.abort());
    await notebook.cell(1).focus();
    const isTaken = (key: object) =>
      notebook.cell(1).evaluate((cell, init) => {
        const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
        return !cell.dispatchEvent(event);
      }, key);
    const own = [
      { key: "r", ctrlKey: true },
      { key: "c", metaKey: true },
      { key: " " },
      { key: "Tab" },
      { key: "ArrowLeft", altKey: true },
    ];
    for (const key of own) assert.equal(await isTaken(key), false, JSON.stringify(key));
    assert.equal(await isTaken({ key: "j" }), true);
    await page.unroute("**/chunks/page-commands-*.js");
    await NotebookPage.open(page);
    // What the page without commands had to say has come by now.
    errors.splice(0);
    await notebook.cell(1).focus();
    await page.keyboard.press("j");
    await page.waitForFunction(
      () => document.activeElement === document.querySelectorAll("gradbook-cell-view")[2],
    );
    for (const key of own) assert.equal(await isTaken(key), false, JSON.stringify(key));
  });
});

test("errors are marked while writing and after a run; a cell may have types", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add("let wrong = ");
    await page.keyboard.type(";");
    await cell.locator(".cm-lintRange-error").waitFor();
    await notebook.write(cell, "interface P { x: number }\nconst p: P = { x: 1 as number }\np.x + 41");
    await notebook.run(cell);
    await cell.getByText("42").waitFor();
    assert.equal(await cell.locator(".cm-lintRange-error").count(), 0);
    await notebook.write(
      cell,
      "type N = number\nconst n: N = 1\nconst f = (a: N): N => a.missing.deeper; f(n)",
    );
    await notebook.run(cell);
    await cell.locator(".cm-line.error-line", { hasText: "const f" }).waitFor();
    assert.equal(await cell.locator(".error-word").innerText(), "deeper");
  });
});

test("merging, splitting and moving can be undone; folded parts stay folded", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const texts = await allTexts(notebook);
    await notebook.cell(0).focus();
    await page.keyboard.press("Shift+M");
    await page.keyboard.press("Control+Shift+ArrowDown");
    await page.keyboard.press("c");
    await page.keyboard.press("v");
    const merged = `${texts[0]}\n\n${texts[1]}`;
    await untilTexts(notebook, [texts[2] ?? "", merged, merged, texts[3] ?? ""]);
    for (let i = 0; i < 3; i++) await page.keyboard.press("z");
    await untilTexts(notebook, texts);
    await notebook.cell(1).focus();
    await page.keyboard.press("Shift+J");
    await page.keyboard.press("Shift+ArrowDown");
    assert.equal(await page.locator(".is-chosen").count(), 3);
    await page.keyboard.press("x");
    await untilTexts(notebook, texts.slice(0, 1));
    await page.keyboard.press("v");
    await untilTexts(notebook, texts);
    const code = notebook.cell(1);
    await code.locator(".source-line").nth(0).click();
    await code.locator(".cm-focused").waitFor();
    await page.keyboard.press("End");
    await page.keyboard.press("Control+Shift+-");
    await notebook.cell(2).locator(".cm-focused").waitFor();
    assert.deepEqual((await allTexts(notebook)).slice(1, 3), texts[1]?.split("\n"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+O");
    await notebook.cell(2).getByText("1 lines of code are folded").waitFor();
    await page.locator(".status-saved", { hasText: "Saved in this browser" }).waitFor();
    await page.reload();
    await NotebookPage.of(page);
    await notebook
      .cell(2)
      .getByRole("button", { name: /folded: show/ })
      .click();
    await notebook.cell(2).locator(".source-line").waitFor();
  });
});

test("the palette runs what a cell needs; the outline leads to a heading; a cell is dragged", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.cell(3).focus();
    await page.keyboard.press("Control+Shift+P");
    await page.getByRole("combobox", { name: "Find a command" }).fill("what it needs");
    await page.keyboard.press("Enter");
    await notebook.cell(3).getByText("28.5").waitFor();
    assert.match(await notebook.cell(1).locator(".cell-count").innerText(), /^\[1\]$/);
    await page.keyboard.press("h");
    await page.getByRole("dialog", { name: "Keys" }).getByText("Merge selected cells").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Outline" }).click();
    await page.getByRole("navigation", { name: "Outline" }).getByText("Plain cells").click();
    assert.ok(await notebook.cell(0).evaluate((cell) => cell === document.activeElement));
    const texts = await allTexts(notebook);
    await notebook.cell(3).hover();
    const from = await notebook.cell(3).getByRole("button", { name: "Drag to move" }).boundingBox();
    const to = await notebook.cell(0).boundingBox();
    assert.ok(from && to);
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(from.x, to.y + 10, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => !document.querySelector(".drop-line"));
    await untilTexts(notebook, [texts[3] ?? "", ...texts.slice(0, 3)]);
  });
});

test("find and replace over all cells, taken back as one step", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const texts = await allTexts(notebook);
    await notebook.cell(1).locator(".cell-source").click();
    await page.keyboard.press("ControlOrMeta+F");
    await page.getByLabel("Find in all cells").fill("mean");
    const told = page.locator(".find-bar [role=status]");
    await told.getByText("3 in 2 cells").waitFor();
    await page.keyboard.press("Enter");
    await told.getByText("1 of 3 in 2 cells").waitFor();
    await notebook.cell(2).locator(".cm-content").waitFor();
    await page.getByLabel("Replace by").fill("average");
    await page.keyboard.press("Enter");
    await told.getByText("1 of 2 in 1 cell").waitFor();
    await page.getByRole("button", { name: /^Replace all/ }).click();
    await untilTexts(
      notebook,
      texts.map((text) => text.replaceAll("mean", "average")),
    );
    await page.keyboard.press("Escape");
    await page.keyboard.press("z");
    await page.keyboard.press("z");
    await untilTexts(notebook, texts);
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the palette, the list of keys, find, the outline and completion (${colorScheme})`, async () => {
    await visit(
      sites.plain,
      async ({ page }) => {
        const notebook = await NotebookPage.open(page);
        await notebook.cell(1).focus();
        await page.keyboard.press("p");
        await page.getByRole("listbox", { name: "Commands" }).waitFor();
        assert.deepEqual(await violations(page), []);
        await page.keyboard.press("Escape");
        await page.keyboard.press("h");
        await page.getByRole("dialog", { name: "Keys" }).waitFor();
        assert.deepEqual(await violations(page), []);
        await page.keyboard.press("Escape");
        await page.keyboard.press("Shift+O");
        await page.keyboard.press("t");
        await page.getByRole("navigation", { name: "Outline" }).waitFor();
        await notebook.cell(3).focus();
        await page.keyboard.press("f");
        await page.getByLabel("Find in all cells").fill("squares");
        await notebook.add("const a = ");
        await page.keyboard.type("zer");
        await page.locator(".cm-tooltip-autocomplete li", { hasText: "zeros" }).waitFor();
        assert.deepEqual(await violations(page), []);
      },
      { colorScheme },
    );
  });
}

test("a page that cannot save says so", async () => {
  await visit(sites.plain, async ({ page }) => {
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException("storage is off", "SecurityError");
      };
    });
    await page.reload();
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun("1");
    assert.match(await page.locator(".status-saved").innerText(), /^Not saved: .*storage is off/);
  });
});

test("a changed original is told of, and taken only when asked for", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.add("'mine'");
    await page.getByText("Saved in this browser").waitFor();
    await page.reload();
    await NotebookPage.of(page);
    assert.equal(await page.locator(".notice").count(), 0);
    const [first, ...others] = PLAIN.cells;
    const changed = { ...PLAIN, cells: [{ ...first, source: "# Second edition" }, ...others] };
    await NotebookPage.open(page, changed);
    await page.locator(".notice").waitFor();
    assert.equal(await page.getByText("'mine'").count(), 1);
    await page.getByRole("button", { name: "See what differs" }).click();
    const dialog = page.getByRole("dialog", { name: "What differs" });
    assert.deepEqual(await violations(page), []);
    await picture(page, "difference");
    assert.match(await dialog.locator(".is-theirs").innerText(), /Second edition/);
    assert.match(await dialog.locator("section").last().innerText(), /only in yours[\s\S]*'mine'/);
    await dialog.getByRole("button", { name: "Take all of it" }).click();
    await page.locator("h1", { hasText: "Second edition" }).waitFor();
    // What only the reader has written stays.
    assert.equal(await page.locator(".cell-source", { hasText: "'mine'" }).count(), 1);
    assert.equal(await page.locator(".notice").count(), 0);
    await page.getByText("Saved in this browser").waitFor();
    await page.reload();
    await page.locator("h1", { hasText: "Second edition" }).waitFor();
    assert.equal(await page.locator(".notice").count(), 0);
  });
});

test("a file that is no notebook is refused in words", async () => {
  await visit(sites.plain, async ({ page }) => {
    await page.route("**/notebooks/first-light.ipynb", (route) => route.fulfill({ body: "<html>" }));
    await page.reload();
    assert.match(await page.locator(".page-error").innerText(), /^This is not a notebook file/);
  });
});

test("HTML in Markdown can neither run nor pass for the page", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    const cell = notebook.cell(0);
    await cell.locator(".prose").dblclick();
    await cell.locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText(
      "# Bold\n<b>b</b><script>top.hit = 1</script><img src=data:, onerror='top.hit = 2'>" +
        "<a href='javascript:top.hit = 3'>a</a><form><input></form><style>body{display:none}</style>" +
        "<p class='bar' style='position:fixed' id='status'>p</p><iframe srcdoc='x'></iframe>",
    );
    await page.keyboard.press("Escape");
    await cell.locator(".prose b").waitFor();
    await cell.locator(".prose a").click();
    const names = await cell
      .locator(".prose *")
      .evaluateAll((nodes) => nodes.flatMap((n) => [n.tagName, ...n.getAttributeNames()]));
    for (const bad of ["SCRIPT", "FORM", "INPUT", "STYLE", "IFRAME", "onerror", "style", "class"]) {
      assert.ok(!names.includes(bad), bad);
    }
    assert.equal(await page.evaluate(() => "hit" in globalThis), false);
    // The browser's own report of a handler that did not run.
    errors.splice(0);
  });
});

test("a click in the text puts the cursor there, and nothing moves", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = notebook.cell(1);
    // The text above comes a little later than the code.
    await page.locator(".prose :first-child").first().waitFor();
    const before = await cell.boundingBox();
    await cell.locator(".source-line").nth(1).click();
    await cell.locator(".cm-focused").waitFor();
    await page.keyboard.press("End");
    await page.keyboard.insertText(".length");
    assert.equal(await cell.locator(".cm-line").nth(1).innerText(), "squares.length");
    const after = await cell.boundingBox();
    assert.deepEqual(
      [after?.y, after?.height].map((v) => Math.round(v ?? 0)),
      [before?.y, before?.height].map((v) => Math.round(v ?? 0)),
    );
  });
});

/** Waits until the cells have these texts. */
async function untilTexts(notebook: NotebookPage, texts: string[]): Promise<void> {
  for (let i = 0; i < 50 && JSON.stringify(await allTexts(notebook)) !== JSON.stringify(texts); i++) {
    await notebook.page.waitForTimeout(100);
  }
  assert.deepEqual(await allTexts(notebook), texts);
}

async function allTexts(notebook: NotebookPage): Promise<string[]> {
  return notebook.page.evaluate(() =>
    [...document.querySelectorAll("gradbook-cell-view")].map(
      (view) => (view as unknown as { cell: { source: string } }).cell.source,
    ),
  );
}
